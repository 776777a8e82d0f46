"""Convolutions of large kernels by Fourier transforms of overlapping tiles: the same numbers up to rounding.

A correlation is a product of spectra. Directly, k x k taps cost C * D * k^2 multiply-adds a pixel. In tiles of T x T,
of which T - k + 1 a side come out whole ("overlap-save": Oppenheim and Schafer, Discrete-Time Signal Processing,
section 8.7), they cost C * D * 2 T (T + 2) / (T - k + 1)^2, as much as 4.5 taps where k is 7. The transforms
come on top; their cost grows with C + D.

At each of a real tile's T * (T / 2 + 1) frequencies the channels meet in one matrix product, real above imaginary:

    [ Re Y ]   [ Re W   Im W ] [ Re X ]
    [ Im Y ] = [-Im W   Re W ] [ Im X ]        Y = conj(W) X

The transforms are matrix products, too: for T rows and columns they cost little more than fast ones. Their results
have the layout that those products need, frequencies outermost; a fast transform's would have to be reordered.

Only a few rows of tiles are taken at a time, so that intermediate results stay in the processor's cache.

`fft_pays` counts where it pays, with three constants measured on two cores of an AMD EPYC (docs/speed.md).
"""

import math
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

TILE = 20  # T, px; even, so that the last frequency along x is its own conjugate
HALF = TILE // 2 + 1  # frequencies along x
FREQUENCIES = TILE * HALF
AT_ONCE = 2**23  # numbers of the spectra held at a time
PRODUCTS, TRANSFORMS, KERNELS = 8, 330, 4e5  # what they cost at k = 7, in multiply-adds


def fft_pays(pixels: int, in_channels: int, out_channels: int, kernel_size: int) -> bool:
    """Whether this is faster than the direct convolution, by counting multiply-adds of the latter.

    Measured on CPUs for 7x7 taps: each cost is a number of multiply-adds. It is per pixel and pair of channels for the
    products, per pixel and channel for the transforms, and per pair of channels for the kernels' transforms.
    """
    pairs = in_channels * out_channels
    saved = pixels * pairs * (kernel_size**2 - PRODUCTS)
    paid = pixels * (in_channels + out_channels) * TRANSFORMS + pairs * KERNELS
    return kernel_size < TILE and saved > paid


def fft_conv2d(x: Tensor, weight: Tensor, patch: int = 1) -> Tensor:
    """F.conv2d, zero-padded, of x's space to depth: weight (D, C, k, k) with k odd and below T -> (B, D, H, W).

    x (B, C / patch^2, patch H, patch W): each patch's pixels are channels, in the order of F.pixel_unshuffle.
    """
    return _FftConvolution.apply(x, weight, patch)


class _FftConvolution(torch.autograd.Function):
    """Keeps only the image for the backward pass: spectra are larger, and quickly recomputed."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, patch: int) -> Tensor:
        ctx.save_for_backward(x, weight)
        ctx.patch = patch
        whole = x.new_empty(len(x), len(weight), x.shape[2] // patch, x.shape[3] // patch)
        of_weight, to_spectra, to_tiles = _matrices(weight), _to_spectra(TILE, x), _to_tiles(_step(weight), x)
        for rows, tiles in _tiles(x, weight, patch, halo=True):
            _put(whole, rows, of_weight @ _spectra(tiles, to_spectra), to_tiles)
        return whole

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor, None]:
        x, weight = ctx.saved_tensors
        to_image, backwards = torch.empty_like(x), _matrices(weight.flip(2, 3).transpose(0, 1))
        products = x.new_zeros(FREQUENCIES, 2 * len(weight), 2 * weight.shape[1])
        step = _step(weight)
        of_halo, of_step, to_tiles = _to_spectra(TILE, x), _to_spectra(step, x), _to_tiles(step, x)
        pairs = zip(_tiles(gradient, weight, 1, halo=True), _tiles(x, weight, ctx.patch, halo=False), strict=True)
        for (rows, tiles), (_, image_tiles) in pairs:
            spectra = _spectra(tiles, of_halo)
            _put(to_image, rows, backwards @ spectra, to_tiles, ctx.patch)
            products.baddbmm_(spectra, _spectra(image_tiles, of_step).mT)
        return to_image, _kernels(products, weight).flip(2, 3), None


def _step(weight: Tensor) -> int:
    """S, how many rows and columns of a tile come out whole."""
    return TILE - weight.shape[-1] + 1


def _tiles(x: Tensor, weight: Tensor, patch: int, *, halo: bool) -> Iterator[tuple[slice, Tensor]]:
    """Some rows of H at a time, and their h x w tiles, zeros beyond the image's borders.

    They are (C / patch^2, patch, patch, B, h, w, S, S); T, T where they overlap by a `halo` of k // 2 pixels a side.
    """
    step, reach = _step(weight), weight.shape[-1] // 2 if halo else 0
    height, width = x.shape[2] // patch, x.shape[3] // patch
    down, across = math.ceil(height / step), math.ceil(width / step)
    at_once = max(1, AT_ONCE // (2 * FREQUENCIES * len(x) * across * sum(weight.shape[:2])))
    for first in range(0, down, at_once):
        top, bottom = first * step, min(first + at_once, down) * step
        beyond = (reach, across * step - width + reach, max(reach - top, 0), max(bottom + reach - height, 0))
        part = F.pad(x[:, :, patch * max(top - reach, 0) : patch * (bottom + reach)], [patch * px for px in beyond])
        pixels = part.unflatten(3, (-1, patch)).unflatten(2, (-1, patch)).permute(1, 3, 5, 0, 2, 4)
        tiles = pixels.unfold(4, step + 2 * reach, step).unfold(5, step + 2 * reach, step)
        yield slice(top, min(bottom, height)), tiles


def _spectra(tiles: Tensor, to_spectra: tuple[Tensor, Tensor]) -> Tensor:
    """Tiles (C / patch^2, patch, patch, B, h, w, S, S), as if filled to T with zeros -> (frequencies, 2 C, B * h * w).

    S may be T. Frequencies along x are outermost, then those along y.
    """
    to_x, to_y = to_spectra
    size, channels = tiles.shape[-1], math.prod(tiles.shape[:3])
    lines = tiles.movedim(-2, 0).reshape(-1, size)  # (S * channels * B * h * w, S)
    along_x = (to_x @ lines.T).view(HALF, 2 * size, -1)
    return (to_y.expand(HALF, -1, -1) @ along_x).view(FREQUENCIES, 2 * channels, -1)


def _put(whole: Tensor, rows: slice, spectra: Tensor, to_tiles: tuple[Tensor, Tensor], patch: int = 1) -> None:
    """Write the tiles of these rows of H, given their spectra (frequencies, 2 D, B * h * w), into an image.

    It is (B, D / patch^2, patch H, patch W): channels are a patch's pixels again (depth to space).
    """
    from_y, from_x = to_tiles
    batch, channels, _, columns = whole.shape
    step = from_x.shape[1]
    along_x = from_y.expand(HALF, -1, -1) @ spectra.view(HALF, 2 * TILE, -1)
    lines = along_x.view(2 * HALF, -1).T @ from_x  # (S * D * B * h * w, S)
    across = math.ceil(columns / (patch * step))
    tiles = lines.view(step, channels, patch, patch, batch, -1, across, step)
    image = tiles.permute(4, 1, 5, 0, 2, 6, 7, 3).reshape(batch, channels, -1, patch * across * step)
    place = whole[:, :, patch * rows.start : patch * rows.stop]
    place.copy_(image[:, :, : place.shape[2], :columns])


def _matrices(weight: Tensor) -> Tensor:
    """What spectra are multiplied by, from kernels (D, C, k, k): (frequencies, 2 D, 2 C)."""
    cosine, sine = _waves_of_both(weight)
    taps = weight.flatten(2).permute(2, 0, 1).flatten(1)
    real, imaginary = ((wave @ taps).unflatten(1, weight.shape[:2]) for wave in (cosine, -sine))
    return torch.cat([torch.cat([real, imaginary], dim=2), torch.cat([-imaginary, real], dim=2)], dim=1)


def _kernels(products: Tensor, weight: Tensor) -> Tensor:
    """The kernels (D, C, k, k) that have the spectra G conj(X), of products (frequencies, 2 D, 2 C) of their parts."""
    real, imaginary = (part.split(weight.shape[1], dim=2) for part in products.split(len(weight), dim=1))
    cosine, sine = _waves_of_both(weight)
    shares = _shares(weight).repeat_interleave(TILE)
    taps = (shares * cosine.T) @ (real[0] + imaginary[1]).flatten(1)
    taps -= (shares * sine.T) @ (imaginary[0] - real[1]).flatten(1)
    return taps.T.reshape(weight.shape)


def _to_spectra(size: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Matrices of S = `size` pixels of a line, (2 (T / 2 + 1), S), and of S lines, real above imaginary, (2 T, 2 S).

    Their results are each frequency's real and then its imaginary part.
    """
    cosine, sine = _waves(size, like)
    to_x = torch.stack([cosine[:HALF], -sine[:HALF]], dim=1)
    to_y = torch.stack([torch.cat([cosine, sine], dim=1), torch.cat([-sine, cosine], dim=1)], dim=1)
    return to_x.flatten(0, 1), to_y.flatten(0, 1)


def _to_tiles(size: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """The inverse: to S lines, real above imaginary, (2 S, 2 T), and to S pixels of each, (2 (T / 2 + 1), S)."""
    cosine, sine = _waves(size, like)
    from_y = torch.cat([torch.stack([cosine, -sine]), torch.stack([sine, cosine])], dim=2).transpose(0, 1)
    from_x = torch.stack([cosine[:HALF], -sine[:HALF]], dim=1) * _shares(like)[:, None, None]
    return from_y.flatten(0, 1).T.contiguous(), from_x.flatten(0, 1)


def _waves(size: int, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine of each frequency along one axis at each of so many pixels, (T, size)."""
    steps = torch.arange(TILE, device=like.device)
    return _of_turns(steps[:, None] * steps[:size], like)


def _waves_of_both(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine of each frequency, along x outermost, at each of the kernel's taps: (frequencies, k * k)."""
    steps = torch.arange(TILE, device=weight.device)
    taps = steps[: weight.shape[-1]]
    turns = steps[:HALF, None, None, None] * taps + steps[:, None, None] * taps[:, None]
    return _of_turns(turns.view(FREQUENCIES, -1), weight)


def _of_turns(turns: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine of so many T-ths of a turn; whole turns are left out first, exactly."""
    angles = (turns % TILE).to(torch.float64) * (2 * math.pi / TILE)
    return angles.cos().to(like.dtype), angles.sin().to(like.dtype)


def _shares(like: Tensor) -> Tensor:
    """The weight of a frequency along x in the inverse transform, (T / 2 + 1,): 2 where its conjugate is left out."""
    shares = torch.full((HALF,), 2 / TILE**2, dtype=like.dtype, device=like.device)
    shares[[0, -1]] /= 2
    return shares
