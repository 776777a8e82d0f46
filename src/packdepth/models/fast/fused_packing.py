"""The linear part of PackNet's packing block as one convolution: the same numbers up to rounding, faster.

The block's Conv3d and Conv2d have nothing between them, so the two are one linear map. With p (B, K, H, W) the packed
image, w3 (d, 1, 3, 3, 3) and w2 (C, d * K, k, k), r = k // 2,

    W[j, c', s, t] = sum over e, dc, dy, dx of w2[j, e, c' - dc, s - dy, t - dx] * w3[e, dc, dy, dx]

is the kernel of an ordinary convolution with (k + 2) x (k + 2) taps, and the d * K channels between need not exist. p
need not exist either: that convolution of the packed image is one of the image itself, with stride 2 and twice as many
taps (unless it goes by Fourier transforms, see `fft_conv`).

W costs per step, not per pixel, and gradients reach w2 and w3, which stay the parameters. It is itself a convolution,
of w2 along its channels K: one of d * k * k "channels" (a feature and a tap of w2) to one for each tap of W.

**At the border** Conv2d pads the Conv3d's output with zeros, whereas W also counts what the Conv3d would give on the
one-pixel ring outside the image. The ring's share is again a convolution, of the image's outermost row or column. Its
kernel is the part of W that comes from w3's last (or first) row or column, and is computed with W. The ring's corners
belong to a row and a column, and are added back once. The Conv3d's bias, which ends at the border, is convolved
separately.

**Where it pays** is counted by `fusing_pays` and `fusing_pays_on_gpus`. They compare what the convolution saves, for
every pixel, with what W costs, once. A constant in each was measured, on two cores of an AMD EPYC and on an H200
(docs/speed.md).
"""

from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

from packdepth.config.variants import Implementation
from packdepth.models.fast.fft_conv import fft_conv2d
from packdepth.models.fast.padded_conv2d import runs_by_fft

COMPOSING = 2.5  # multiply-adds of a convolution take the time of one of composing (measured on CPUs)
COMPOSING_ON_GPUS = 0.026  # values of the Conv3d take the time of one of composing (measured on an H200)
ANY, FIRST, LAST = None, 0, 2  # rows, or columns, of w3
EDGES = ((LAST, ANY), (FIRST, ANY), (ANY, LAST), (ANY, FIRST))  # seen from above, below, left and right of the image
CORNERS = tuple((row, column) for row in (LAST, FIRST) for column in (LAST, FIRST))


def fusing_pays(pixels: int, kernel_size: int, features_3d: int, composing: bool = True) -> bool:
    """Whether one convolution is faster for so many packed pixels, by counting multiply-adds per C and K.

    The Conv2d has d k^2 of them a pixel, the fused one (k + 2)^2. `composing` costs 3 d k^2 once for each tap of W and
    of what is computed with it. Gradients add twice as much to both.
    """
    taps, fused_taps = features_3d * kernel_size**2, (kernel_size + 2) ** 2
    return pixels * (taps - fused_taps) > composing * COMPOSING * 3 * taps * sum(_lengths(kernel_size))


def fusing_pays_on_gpus(pixels: int, kernel_size: int, channels: int, composing: bool = True) -> bool:
    """The same on a GPU in bf16, for C = `channels`, by counting values per feature and channel K.

    There the fused convolution takes about the time of the Conv2d: matrix units do more with more channels. It saves
    the Conv3d, one value a pixel; it costs `composing`, of C k^2 values for each tap of W.
    """
    return pixels > composing * COMPOSING_ON_GPUS * channels * kernel_size**2 * sum(_lengths(kernel_size))


class Composed(NamedTuple):
    """What is computed once from the weights of a packing block."""

    kernel: Tensor  # W, (C, K, k + 2, k + 2)
    edges: list[Tensor]  # of the image's outermost row or column, to the r nearest it: 4 of (C * r, K, k + 2)
    corners: list[Tensor]  # 4 of (C, r, r, K)
    through: Tensor  # the Conv3d's bias through each tap of the Conv2d, (C, k, k)


def compose(w3: Tensor, b3: Tensor, w2: Tensor, paths: Tensor) -> Composed:
    """Compute it from a Conv3d's w3 (d, 1, 3, 3, 3) and b3 (d,) and a Conv2d's w2 (C, d * K, k, k); `paths` for k."""
    size = w2.shape[-1]
    reach, span = size // 2, size + 2
    along_channels = w2.unflatten(1, (len(w3), -1)).movedim(2, -1).flatten(1, 3)
    places = torch.cat([w3[:, 0].flatten(2), F.pad(b3[:, None, None], (0, 0, 1, 1))], dim=2)  # the bias is one, too
    with torch.autocast(w2.device.type, enabled=False):  # few products, on which much depends
        kernels = torch.einsum("tpn,ecp->netc", paths, places.flip(1)).flatten(1, 2)
        made = F.conv1d(along_channels, kernels, padding=1)
    kernel, *borders, through = made.split(_lengths(size), dim=1)
    return Composed(
        kernel.transpose(1, 2).unflatten(2, (span, span)).contiguous(),
        [edge.unflatten(1, (reach, span)).transpose(2, 3).flatten(0, 1).contiguous() for edge in borders[:4]],
        [corner.unflatten(1, (reach, reach)) for corner in borders[4:]],
        through.sum(2).unflatten(1, (size, size)),
    )


def _lengths(size: int) -> list[int]:
    """The numbers of taps of W, of each edge, of each corner and of the bias."""
    reach, span = size // 2, size + 2
    return [span**2, *[reach * span] * len(EDGES), *[reach**2] * len(CORNERS), size**2]


def paths(size: int) -> Tensor:
    """1 where a place in w3 takes a tap of w2 (k = `size`) to a tap of W, else 0.

    (k * k, 9 + 1, N): w3's rows and columns, and the Conv3d's bias; N is the sum of `_lengths`. On the CPU, even where
    networks are built without memory ("meta"): no checkpoint holds it.
    """
    taps = torch.eye(size**2, device="cpu").view(-1, 1, size, size)
    parts = [_by_way_of(row, column, taps).flatten(2) for row, column in ((ANY, ANY), *EDGES, *CORNERS)]
    of_bias = taps.flatten(2)
    of_kernel = torch.cat(parts, dim=2)
    return torch.cat([F.pad(of_kernel, (0, size**2)), F.pad(of_bias, (of_kernel.shape[2], 0))], dim=1)


def _by_way_of(row: int | None, column: int | None, taps: Tensor) -> Tensor:
    """The part of W, of each tap of w2, that comes from one row or column of w3, or both, or anywhere.

    (k * k, 9, rows, columns): the rows (columns) of W in the order of the image's r, outermost first for LAST,
    innermost first for FIRST; of an edge's columns the nearest first.
    """
    places = torch.eye(9, device="cpu").view(1, 9, 3, 3)
    chosen = torch.zeros(3, 3, device="cpu")
    chosen[slice(row, None if row is ANY else row + 1), slice(column, None if column is ANY else column + 1)] = 1
    part = F.conv_transpose2d(taps, places * chosen)
    reach = taps.shape[-1] // 2
    for dim, place in ((2, row), (3, column)):
        if place is not ANY:
            part = part.narrow(dim, 2 if place == LAST else reach + 1, reach).flip(dim)
    return part.mT if row is ANY and column is not ANY else part


def fused_packing(image: Tensor, bias: Tensor, composed: Composed, implementation: Implementation = "auto") -> Tensor:
    """Conv2d(Conv3d(space to depth of `image`)), both zero-padded, by one convolution.

    `image` (B, C, 2H, 2W), H and W at least k // 2; `bias` of the Conv2d, (C,). Gives (B, C, H, W).
    """
    reach = composed.kernel.shape[-1] // 2 - 1
    image, *outermost = _EdgesOf.apply(image)
    fused = _interior(image, composed.kernel, implementation)
    inside = image.new_ones(1, 1, *fused.shape[2:])
    fused.add_(F.conv2d(inside, composed.through[:, None], bias, padding=reach))
    packed = [F.pixel_unshuffle(edge, 2) for edge in outermost]
    lines = [*(edge[:, :, 0] for edge in packed[:2]), *(edge[..., 0] for edge in packed[2:])]
    above, below, left, right = (
        F.conv1d(line, kernel, padding=reach + 1).unflatten(1, (-1, reach))
        for line, kernel in zip(lines, composed.edges, strict=True)
    )
    above = _without_corners(above, lines[0], *composed.corners[:2])
    below = _without_corners(below, lines[1], *composed.corners[2:])
    return _SubtractedAtEdges.apply(fused, reach, above, below, left.mT, right.mT)


def _interior(image: Tensor, kernel: Tensor, implementation: Implementation) -> Tensor:
    """The convolution of the packed image with W: by spectra or, directly, as one of the image with stride 2."""
    if runs_by_fft(image[..., ::2, ::2], kernel, implementation):
        return fft_conv2d(image, kernel, patch=2)
    return F.conv2d(image, F.pixel_shuffle(kernel, 2), stride=2, padding=kernel.shape[-1] // 2 * 2)


def _without_corners(row: Tensor, line: Tensor, left: Tensor, right: Tensor) -> Tensor:
    """`row` (B, C, r, W) less the share of the corners of `line` (B, K, W), which a column has added, too."""
    others = row.shape[-1] - left.shape[1]
    at_left, at_right = (torch.einsum("bk,cyxk->bcyx", line[..., x], corner) for x, corner in ((0, left), (-1, right)))
    return row - F.pad(at_left, (0, others)) - F.pad(at_right, (others, 0))


def _edges(x: Tensor, width: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return x[:, :, :width], x[:, :, -width:], x[..., :width], x[..., -width:]


class _EdgesOf(torch.autograd.Function):
    """An image and its outermost two rows and columns. Slices' own gradients would each be as large as the image."""

    @staticmethod
    def forward(ctx: Any, image: Tensor) -> tuple[Tensor, ...]:
        return image.view_as(image), *(edge.clone() for edge in _edges(image, 2))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor, *of_edges: Tensor) -> Tensor:
        for place, of_edge in zip(_edges(gradient, 2), of_edges, strict=True):  # in place: the convolution just made it
            place.add_(of_edge)
        return gradient


class _SubtractedAtEdges(torch.autograd.Function):
    """`x` less something at each of its edges, in place: four slices would copy x's gradient four times."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, width: int, *of_edges: Tensor) -> Tensor:
        ctx.width = width
        ctx.mark_dirty(x)
        for place, of_edge in zip(_edges(x, width), of_edges, strict=True):
            place.sub_(of_edge)
        return x

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor | None, ...]:
        return gradient, None, *(-edge for edge in _edges(gradient, ctx.width))
