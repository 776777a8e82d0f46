"""Convolutions of large kernels by Fourier transforms of overlapping tiles: the same numbers but for rounding.

A correlation is a product of spectra. Directly, k x k taps cost C * D * k^2 multiply-adds a pixel. In tiles of T x T,
of which T - k + 1 a side come out whole ("overlap-save": Oppenheim and Schafer, Discrete-Time Signal Processing,
section 8.7), they cost as many as four taps or so, whatever k is, and what the transforms cost, which grows with C + D.

At each of a real tile's T * (T / 2 + 1) frequencies the channels meet in one matrix product, real above imaginary:

    [ Re Y ]   [ Re W   Im W ] [ Re X ]
    [ Im Y ] = [-Im W   Re W ] [ Im X ]        Y = conj(W) X

Rows of tiles are taken few at a time, so that what lies between stays near the processor.
"""

import math
from collections.abc import Iterator
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable

TILE = 32  # T, px
FREQUENCIES = TILE * (TILE // 2 + 1)
AT_ONCE = 2**22  # numbers of the spectra held at a time
PRODUCTS, TRANSFORMS, KERNELS = 13, 230, 1.1e6  # what they cost, in multiply-adds


def spectral_pays(pixels: int, in_channels: int, out_channels: int, kernel_size: int) -> bool:
    """Whether this is the faster form of a convolution, by counting multiply-adds of the direct one.

    Measured on CPUs: the products at the frequencies take the time of so many per pixel and pair of channels, the
    transforms of so many per pixel and channel, those of the kernels of so many per pair of channels.
    """
    pairs = in_channels * out_channels
    saved = pixels * pairs * (kernel_size**2 - PRODUCTS)
    return saved > pixels * (in_channels + out_channels) * TRANSFORMS + pairs * KERNELS


def spectral_conv2d(x: Tensor, weight: Tensor) -> Tensor:
    """F.conv2d, zero-padded: x (B, C, H, W), weight (D, C, k, k) with k odd and at most 31 -> (B, D, H, W)."""
    return _SpectralConvolution.apply(x, weight)


class _SpectralConvolution(torch.autograd.Function):
    """Keeps the image alone for the backward pass: spectra are larger, and quickly made again."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        whole = x.new_empty(len(x), len(weight), *x.shape[2:])
        of_weight = _matrices(weight)
        for rows, tiles in _tiles(x, weight, halo=True):
            _put(whole, rows, of_weight @ _spectra(tiles), tiles, weight)
        return whole

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        to_x, backwards = torch.empty_like(x), _matrices(weight.flip(2, 3).transpose(0, 1))
        products = x.new_zeros(FREQUENCIES, 2 * len(weight), 2 * x.shape[1])
        of_both = zip(_tiles(gradient, weight, halo=True), _tiles(x, weight, halo=False), strict=True)
        for (rows, tiles), (_, of_x) in of_both:
            spectra = _spectra(tiles)
            _put(to_x, rows, backwards @ spectra, tiles, weight)
            products.baddbmm_(spectra, _spectra(of_x).mT)
        return to_x, _kernels(products, weight).flip(2, 3)


def _tiles(x: Tensor, weight: Tensor, *, halo: bool) -> Iterator[tuple[slice, Tensor]]:
    """Some rows of the image at a time, and their tiles (B, C, h, w, S, S), zeros beyond the image's borders.

    They overlap by a `halo` of k // 2 px on each side, or not at all.
    """
    step, reach = TILE - weight.shape[-1] + 1, weight.shape[-1] // 2 if halo else 0
    height, width = x.shape[2:]
    down, across = math.ceil(height / step), math.ceil(width / step)
    at_once = max(1, AT_ONCE // (2 * FREQUENCIES * len(x) * across * sum(weight.shape[:2])))
    for first in range(0, down, at_once):
        top, bottom = first * step, min(first + at_once, down) * step
        beyond = (reach, across * step - width + reach, max(reach - top, 0), max(bottom + reach - height, 0))
        part = F.pad(x[:, :, max(top - reach, 0) : bottom + reach], beyond)
        tiles = part.unfold(2, step + 2 * reach, step).unfold(3, step + 2 * reach, step)
        yield slice(top, min(bottom, height)), tiles


def _spectra(tiles: Tensor) -> Tensor:
    """(B, C, h, w, S, S), filled up to T with zeros -> (frequencies, 2 C, B * h * w)."""
    spectra = torch.view_as_real(torch.fft.rfft2(tiles, (TILE, TILE)))
    return spectra.permute(4, 5, 6, 1, 0, 2, 3).reshape(FREQUENCIES, 2 * tiles.shape[1], -1)


def _matrices(weight: Tensor) -> Tensor:
    """Of kernels (D, C, k, k) what spectra are multiplied by: (frequencies, 2 D, 2 C)."""
    cosine, sine = _waves(weight)
    taps = weight.flatten(2).permute(2, 0, 1).flatten(1)
    real, imaginary = ((wave @ taps).unflatten(1, weight.shape[:2]) for wave in (cosine, -sine))
    return torch.cat([torch.cat([real, imaginary], dim=2), torch.cat([-imaginary, real], dim=2)], dim=1)


def _kernels(products: Tensor, weight: Tensor) -> Tensor:
    """The kernels (D, C, k, k) that have the spectra G conj(X), of products (frequencies, 2 D, 2 C) of their parts."""
    real, imaginary = (part.split(weight.shape[1], dim=2) for part in products.split(len(weight), dim=1))
    cosine, sine = _waves(weight)
    twice = torch.full((TILE // 2 + 1,), 2.0 / TILE**2, dtype=weight.dtype, device=weight.device)
    twice[[0, -1]] /= 2  # of all others the conjugates are left out
    twice = twice.repeat(TILE)
    taps = (twice * cosine.T) @ (real[0] + imaginary[1]).flatten(1)
    taps -= (twice * sine.T) @ (imaginary[0] - real[1]).flatten(1)
    return taps.T.reshape(weight.shape)


def _waves(weight: Tensor) -> tuple[Tensor, Tensor]:
    """Cosine and sine of each frequency at each of the kernel's taps, (frequencies, k * k)."""
    steps = torch.arange(TILE, device=weight.device)
    along_y, along_x, taps = steps, steps[: TILE // 2 + 1], steps[: weight.shape[-1]]
    turns = (along_y[:, None, None, None] * taps[:, None] + along_x[:, None, None] * taps) % TILE  # of TILE, exactly
    angles = turns.to(torch.float64).view(FREQUENCIES, -1) * (2 * math.pi / TILE)
    return angles.cos().to(weight.dtype), angles.sin().to(weight.dtype)


def _put(whole: Tensor, rows: slice, spectra: Tensor, tiles: Tensor, weight: Tensor) -> None:
    """Write tiles, given their spectra (frequencies, 2 D, B * h * w), into these rows of an image (B, D, H, W)."""
    step = TILE - weight.shape[-1] + 1
    batch, _, down, across = tiles.shape[:4]
    made = spectra.view(TILE, -1, 2, whole.shape[1], batch, down, across).permute(4, 3, 5, 6, 0, 1, 2).contiguous()
    made = torch.fft.irfft2(torch.view_as_complex(made), (TILE, TILE))[..., :step, :step]
    image = made.permute(0, 1, 2, 4, 3, 5).reshape(batch, whole.shape[1], down * step, across * step)
    whole[:, :, rows] = image[:, :, : rows.stop - rows.start, : whole.shape[3]]
