"""GroupNorm and ELU in one pass over memory, forward and backward, by Triton's kernels: torch's numbers up to rounding.

**Forward.** For x of one channel c, with mean m and biased variance v of its image's group (Wu and He, ECCV 2018,
arXiv 1803.08494, section 3.1) and r = 1 / sqrt(v + eps),

    n = r (x - m)        z = w_c n + b_c        y = z if z > 0, else exp(z) - 1

The last is the ELU (Clevert et al., ICLR 2016, arXiv 1511.07289, section 3, alpha 1).

**Backward.** From the gradient dy of y, ELU's derivative gives that of z, whose sums are those of the parameters:

    dz = dy if z > 0, else dy exp(z)        db_c = sum of dz        dw_c = sum of dz n

m and v depend on every x of the group. With means over the group, and g = w dz,

    dx = r (g - mean(g) - n mean(g n))

since dn/dx subtracts from r g its share along the two directions that normalising removes, a constant and n itself.

**Precision.** Sums, statistics and everything between are in float32. y has x's dtype: under autocast bf16, where torch
would give float32 for the next convolution to round. So the sum of a residual block is of rounded summands.

**Memory.** Only x and a group's two statistics are kept; z is made again from them. Torch keeps y for its ELU, too, and
under autocast both in float32.

**Kernels.** Each way takes three. The first sums up tiles, of some channels and some pixels of an image, whether the
pixels of a channel or the channels of a pixel lie side by side. The second adds up each group's tiles, always in the
same order. The third reads x again, and writes. None waits for the processor or tries out variants of itself, so a CUDA
graph can hold them.

Importing this needs Triton, which comes with torch's builds for GPUs.
"""

from typing import Any, NamedTuple

import torch
import triton
import triton.language as tl
from torch import Tensor
from torch.autograd.function import once_differentiable

TILE = 4096  # values
MOST_CHANNELS = 64  # of a tile, where a pixel's channels lie side by side
AT_ONCE = tl.constexpr(1024)  # sums of tiles that are added up side by side


def group_norm_elu(x: Tensor, weight: Tensor, bias: Tensor, groups: int, eps: float) -> Tensor:
    """F.elu(F.group_norm(x, groups, weight, bias, eps)) for x (B, C, H, W) -> the same shape, dtype and layout.

    weight, bias (C,). x has less than 2^31 values, of float32 or bf16, on a GPU.
    """
    return _GroupNormELU.apply(x, weight, bias, groups, eps)


class _GroupNormELU(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, groups: int, eps: float) -> Tensor:
        x = x.contiguous(memory_format=_layout(x))
        tiles = _tiles(x, groups)
        means, squares = _per_tile(x, tiles)
        mean, scale = x.new_empty(2, len(x), groups, dtype=torch.float32)
        y = torch.empty_like(x)
        with torch.cuda.device_of(x):
            _moments[tiles.grid](x, means, squares, *tiles.numbers)
            _statistics[groups, len(x)](means, squares, mean, scale, eps, *tiles.numbers)
            _activate[tiles.grid](x, weight, bias, mean, scale, y, *tiles.numbers)
        ctx.save_for_backward(x, weight, bias, mean, scale)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, bias, mean, scale = ctx.saved_tensors
        gradient = gradient.contiguous(memory_format=_layout(x))
        groups = mean.shape[1]
        tiles = _tiles(x, groups)
        of_bias, of_weight = _per_tile(x, tiles)
        of_g, of_gn = torch.empty_like(mean), torch.empty_like(mean)  # their means
        of_x = torch.empty_like(x)
        with torch.cuda.device_of(x):
            _sums[tiles.grid](x, weight, bias, mean, scale, gradient, of_bias, of_weight, *tiles.numbers)
            _means[groups, len(x)](weight, of_bias, of_weight, of_g, of_gn, *tiles.numbers)
            _differentiate[tiles.grid](x, weight, bias, mean, scale, gradient, of_g, of_gn, of_x, *tiles.numbers)
        of_weight, of_bias = (sums.sum((0, 1)).to(weight.dtype) for sums in (of_weight, of_bias))
        return of_x, of_weight, of_bias, None, None


class _Tiles(NamedTuple):
    """How a tensor is cut."""

    grid: tuple[int, int, int]  # tiles along the pixels, along the channels, and images
    numbers: tuple[int, ...]  # what kernels are told: the seven last arguments of each


def _layout(x: Tensor) -> torch.memory_format:
    """Channels last if that is how x is, else contiguous."""
    last = not x.is_contiguous() and x.is_contiguous(memory_format=torch.channels_last)
    return torch.channels_last if last else torch.contiguous_format


def _tiles(x: Tensor, groups: int) -> _Tiles:
    """Tiles that are long where values lie side by side."""
    images, channels, height, width = x.shape
    pixels = height * width
    if x.is_contiguous():
        steps = (pixels, 1)
        of_pixels = min(triton.next_power_of_2(pixels), TILE)
        of_channels = min(triton.next_power_of_2(channels), TILE // of_pixels)
    else:
        steps = (1, channels)
        of_channels = min(triton.next_power_of_2(channels), MOST_CHANNELS)
        of_pixels = min(triton.next_power_of_2(pixels), TILE // of_channels)
    grid = triton.cdiv(pixels, of_pixels), triton.cdiv(channels, of_channels), images
    return _Tiles(grid, (channels, pixels, channels // groups, *steps, of_channels, of_pixels))


def _per_tile(x: Tensor, tiles: _Tiles) -> Tensor:
    """Room for two numbers for each channel of a tile: (2, B, tiles along the pixels, C)."""
    return x.new_empty(2, len(x), tiles.grid[0], x.shape[1], dtype=torch.float32)


# Below, names in capitals are known when a kernel is compiled. All others are tensors of Triton's, pointers too.


@triton.jit
def _place(
    channels: tl.tensor,
    pixels: tl.tensor,
    channel_step: tl.tensor,
    pixel_step: tl.tensor,
    CHANNELS: tl.constexpr,
    PIXELS: tl.constexpr,
) -> tuple[tl.tensor, tl.tensor, tl.tensor]:
    """The channels of a tile, (CHANNELS, 1); where its values are, (CHANNELS, PIXELS); and which of those exist."""
    channel = tl.program_id(1) * CHANNELS + tl.arange(0, CHANNELS)[:, None]
    pixel = tl.program_id(0) * PIXELS + tl.arange(0, PIXELS)[None, :]
    place = tl.program_id(2) * channels * pixels + channel * channel_step + pixel * pixel_step
    return channel, place, (channel < channels) & (pixel < pixels)


@triton.jit
def _keep(sums: tl.tensor, per_tile: tl.tensor, channel: tl.tensor, channels: tl.tensor) -> None:
    """Write what a tile has of each of its channels, (CHANNELS, 1)."""
    tile = tl.program_id(2) * tl.num_programs(0) + tl.program_id(0)
    tl.store(per_tile + tile * channels + channel, sums, mask=channel < channels)


@triton.jit
def _kept(
    start: tl.tensor, tiles: tl.tensor, channels: tl.tensor, per_group: tl.tensor
) -> tuple[tl.tensor, tl.tensor, tl.tensor]:
    """AT_ONCE numbers that tiles have kept of a group, from `start` on: where they are, which exist, and the tile."""
    index = start + tl.arange(0, AT_ONCE)
    tile = index // per_group
    channel = tl.program_id(0) * per_group + index % per_group
    return (tl.program_id(1) * tiles + tile) * channels + channel, index < tiles * per_group, tile


@triton.jit
def _normalised(
    x: tl.tensor,
    weight: tl.tensor,
    bias: tl.tensor,
    mean: tl.tensor,
    scale: tl.tensor,
    channel: tl.tensor,
    place: tl.tensor,
    exists: tl.tensor,
    group: tl.tensor,
    known: tl.tensor,
) -> tuple[tl.tensor, tl.tensor]:
    """n and z of a tile."""
    values = tl.load(x + place, mask=exists, other=0.0).to(tl.float32)
    n = (values - tl.load(mean + group, mask=known, other=0.0)) * tl.load(scale + group, mask=known, other=0.0)
    w = tl.load(weight + channel, mask=known, other=0.0).to(tl.float32)
    return n, w * n + tl.load(bias + channel, mask=known, other=0.0).to(tl.float32)


@triton.jit
def _of_z(dy: tl.tensor, z: tl.tensor, place: tl.tensor, exists: tl.tensor) -> tl.tensor:
    """dz of a tile."""
    return tl.load(dy + place, mask=exists, other=0.0).to(tl.float32) * tl.where(z > 0, 1.0, tl.exp(z))


@triton.jit
def _moments(
    x: tl.tensor,
    means: tl.tensor,
    squares: tl.tensor,
    channels: tl.tensor,
    pixels: tl.tensor,
    per_group: tl.tensor,
    channel_step: tl.tensor,
    pixel_step: tl.tensor,
    CHANNELS: tl.constexpr,
    PIXELS: tl.constexpr,
) -> None:
    """Of each channel of a tile, its mean, and the sum of the squares of what differs from it."""
    channel, place, exists = _place(channels, pixels, channel_step, pixel_step, CHANNELS, PIXELS)
    values = tl.load(x + place, mask=exists, other=0.0).to(tl.float32)
    count = tl.minimum(PIXELS, pixels - tl.program_id(0) * PIXELS)
    mean = tl.sum(values, 1, keep_dims=True) / count
    away = tl.where(exists, values - mean, 0.0)
    _keep(mean, means, channel, channels)
    _keep(tl.sum(away * away, 1, keep_dims=True), squares, channel, channels)


@triton.jit
def _statistics(
    means: tl.tensor,
    squares: tl.tensor,
    mean: tl.tensor,
    scale: tl.tensor,
    eps: tl.tensor,
    channels: tl.tensor,
    pixels: tl.tensor,
    per_group: tl.tensor,
    channel_step: tl.tensor,
    pixel_step: tl.tensor,
    CHANNELS: tl.constexpr,
    PIXELS: tl.constexpr,
) -> None:
    """m and r of each group, from what its tiles have.

    Their squares are brought to the group's mean, so that no large sums cancel (Chan, Golub and LeVeque, The American
    Statistician 37(3), 1983).
    """
    tiles = tl.cdiv(pixels, PIXELS)
    total = tl.zeros([AT_ONCE], tl.float32)
    for start in range(0, tiles * per_group, AT_ONCE):
        at, exists, tile = _kept(start, tiles, channels, per_group)
        count = tl.minimum(PIXELS, pixels - tile * PIXELS)
        total += count * tl.load(means + at, mask=exists, other=0.0)
    of_group = tl.sum(total) / (per_group * pixels)
    total = tl.zeros([AT_ONCE], tl.float32)
    for start in range(0, tiles * per_group, AT_ONCE):
        at, exists, tile = _kept(start, tiles, channels, per_group)
        count = tl.minimum(PIXELS, pixels - tile * PIXELS)
        away = tl.load(means + at, mask=exists, other=0.0) - of_group
        total += tl.where(exists, tl.load(squares + at, mask=exists, other=0.0) + count * away * away, 0.0)
    group = tl.program_id(1) * tl.num_programs(0) + tl.program_id(0)
    tl.store(mean + group, of_group)
    tl.store(scale + group, tl.rsqrt(tl.sum(total) / (per_group * pixels) + eps))


@triton.jit
def _activate(
    x: tl.tensor,
    weight: tl.tensor,
    bias: tl.tensor,
    mean: tl.tensor,
    scale: tl.tensor,
    y: tl.tensor,
    channels: tl.tensor,
    pixels: tl.tensor,
    per_group: tl.tensor,
    channel_step: tl.tensor,
    pixel_step: tl.tensor,
    CHANNELS: tl.constexpr,
    PIXELS: tl.constexpr,
) -> None:
    """y."""
    channel, place, exists = _place(channels, pixels, channel_step, pixel_step, CHANNELS, PIXELS)
    group, known = tl.program_id(2) * (channels // per_group) + channel // per_group, channel < channels
    _, z = _normalised(x, weight, bias, mean, scale, channel, place, exists, group, known)
    activated = tl.where(z > 0, z, tl.exp(z) - 1.0)  # errs by some 1e-7, as z does
    tl.store(y + place, activated, mask=exists)


@triton.jit
def _sums(
    x: tl.tensor,
    weight: tl.tensor,
    bias: tl.tensor,
    mean: tl.tensor,
    scale: tl.tensor,
    dy: tl.tensor,
    of_bias: tl.tensor,
    of_weight: tl.tensor,
    channels: tl.tensor,
    pixels: tl.tensor,
    per_group: tl.tensor,
    channel_step: tl.tensor,
    pixel_step: tl.tensor,
    CHANNELS: tl.constexpr,
    PIXELS: tl.constexpr,
) -> None:
    """Of each channel of a tile, the sums of dz and of dz n."""
    channel, place, exists = _place(channels, pixels, channel_step, pixel_step, CHANNELS, PIXELS)
    group, known = tl.program_id(2) * (channels // per_group) + channel // per_group, channel < channels
    n, z = _normalised(x, weight, bias, mean, scale, channel, place, exists, group, known)
    dz = _of_z(dy, z, place, exists)
    _keep(tl.sum(dz, 1, keep_dims=True), of_bias, channel, channels)
    _keep(tl.sum(dz * n, 1, keep_dims=True), of_weight, channel, channels)


@triton.jit
def _means(
    weight: tl.tensor,
    of_bias: tl.tensor,
    of_weight: tl.tensor,
    of_g: tl.tensor,
    of_gn: tl.tensor,
    channels: tl.tensor,
    pixels: tl.tensor,
    per_group: tl.tensor,
    channel_step: tl.tensor,
    pixel_step: tl.tensor,
    CHANNELS: tl.constexpr,
    PIXELS: tl.constexpr,
) -> None:
    """The means of g and of g n over each group, from what its tiles have."""
    tiles = tl.cdiv(pixels, PIXELS)
    g = tl.zeros([AT_ONCE], tl.float32)
    gn = tl.zeros([AT_ONCE], tl.float32)
    for start in range(0, tiles * per_group, AT_ONCE):
        at, exists, _ = _kept(start, tiles, channels, per_group)
        w = tl.load(weight + at % channels, mask=exists, other=0.0).to(tl.float32)
        g += w * tl.load(of_bias + at, mask=exists, other=0.0)
        gn += w * tl.load(of_weight + at, mask=exists, other=0.0)
    group = tl.program_id(1) * tl.num_programs(0) + tl.program_id(0)
    tl.store(of_g + group, tl.sum(g) / (per_group * pixels))
    tl.store(of_gn + group, tl.sum(gn) / (per_group * pixels))


@triton.jit
def _differentiate(
    x: tl.tensor,
    weight: tl.tensor,
    bias: tl.tensor,
    mean: tl.tensor,
    scale: tl.tensor,
    dy: tl.tensor,
    of_g: tl.tensor,
    of_gn: tl.tensor,
    dx: tl.tensor,
    channels: tl.tensor,
    pixels: tl.tensor,
    per_group: tl.tensor,
    channel_step: tl.tensor,
    pixel_step: tl.tensor,
    CHANNELS: tl.constexpr,
    PIXELS: tl.constexpr,
) -> None:
    """dx."""
    channel, place, exists = _place(channels, pixels, channel_step, pixel_step, CHANNELS, PIXELS)
    group, known = tl.program_id(2) * (channels // per_group) + channel // per_group, channel < channels
    n, z = _normalised(x, weight, bias, mean, scale, channel, place, exists, group, known)
    g = tl.load(weight + channel, mask=known, other=0.0).to(tl.float32) * _of_z(dy, z, place, exists)
    mean_g = tl.load(of_g + group, mask=known, other=0.0)
    mean_gn = tl.load(of_gn + group, mask=known, other=0.0)
    r = tl.load(scale + group, mask=known, other=0.0)
    tl.store(dx + place, r * (g - mean_g - n * mean_gn), mask=exists)
