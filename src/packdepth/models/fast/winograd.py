"""3x3 convolutions by Winograd's minimal filtering along columns: the same numbers up to rounding, half the products.

F(4, 3) (Winograd, Arithmetic Complexity of Computations, SIAM 1980; Lavin and Gray, CVPR 2016, arXiv 1509.09308) makes
four outputs of a filter of three taps with six products instead of twelve. They are coefficients of a polynomial,
which its values at six points determine. Here rows are filtered like that, a tile of four at a time, and a "product"
is a convolution of 1x3 taps of all channels. With rows x1 to x4 of a tile, x0 above and x5 below it, a column's taps w0
to w2, and the points 0, p and -p for two p whose product is 1, and infinity,

    point       the image there                          the kernel there                       in row j = 0 to 3
    0           x0 - S x2 + x4                           w0                                     1 if j = 0
    +p, -p      (x4 - x2 / p^2) +- p (x3 - x1 / p^2)     (w0 +- p w1 + p^2 w2) / 2 (p^4 - 1)    (+-p)^j
    infinity    x1 - S x3 + x5                           w2                                     1 if j = 3

where S is the sum of the two p^2. The gradient of the image is such a convolution, too; that of the kernel uses the
transposes.

`winograd_pays` counts where it pays, with three constants measured on two cores of an AMD EPYC (docs/speed.md).
"""

import math
from collections.abc import Iterator, Sequence
from functools import reduce
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.grad import conv2d_weight

ROWS = 4  # of a tile
POINTS = p, q = math.sqrt(0.5), math.sqrt(2.0)  # of the pairs tried, the one that rounds least
SUM = p**2 + q**2  # S
SIZE = 2 * len(POINTS) + 2  # of the points
AT_ONCE = 2**21  # numbers at the points held at a time
SAVED, COMBINING, KERNELS = 4.5, 150, 3400  # multiply-adds: saved by the products; the time of what makes up for it


def winograd_pays(pixels: int, in_channels: int, out_channels: int) -> bool:
    """Whether this is faster than the direct convolution, by counting multiply-adds of the latter.

    Measured on CPUs: each cost is a number of multiply-adds. It is per pixel and channel for combining rows, and per
    pair of channels for computing the kernels and their gradients.
    """
    pairs = in_channels * out_channels
    return pixels * pairs * SAVED > pixels * (in_channels + out_channels) * COMBINING + pairs * KERNELS


def winograd_conv2d(x: Tensor, weight: Tensor) -> Tensor:
    """F.conv2d, zero-padded: x (B, C, H, W), weight (D, C, 3, 3) -> (B, D, H, W)."""
    return _WinogradConvolution.apply(x, weight)


class _WinogradConvolution(torch.autograd.Function):
    """Keeps only the image for the backward pass: what is computed from it is larger, and quickly recomputed."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor) -> Tensor:
        ctx.save_for_backward(x, weight)
        return _filtered(x, _of_kernel(weight))

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, Tensor]:
        x, weight = ctx.saved_tensors
        of_image = _filtered(gradient, _of_kernel(weight.flip(2, 3).transpose(0, 1)))
        shape = (SIZE * len(weight), weight.shape[1], 1, 3)
        of_bands = (
            conv2d_weight(_of_image(x, rows), shape, _of_output(gradient, rows), padding=(0, 1), groups=SIZE)
            for rows in _bands(x, shape)
        )
        return of_image, _to_kernel(reduce(Tensor.add_, of_bands))


def _filtered(x: Tensor, kernel: Tensor) -> Tensor:
    """The convolution of x (B, C, H, W), given the kernel at the points, (6 D, C, 1, 3) -> (B, D, H, W)."""
    made = x.new_empty(len(x), len(kernel) // SIZE, *x.shape[2:])
    for rows in _bands(x, kernel.shape):
        products = F.conv2d(_of_image(x, rows), kernel, padding=(0, 1), groups=SIZE)
        for row, values in enumerate(_to_output(products)):
            place = made[:, :, rows][:, :, row::ROWS]
            place.copy_(values[:, :, : place.shape[2]])
    return made


def _bands(x: Tensor, kernel: Sequence[int]) -> Iterator[slice]:
    """Some rows of tiles at a time, as rows of the image: their intermediate results stay small and in the cache."""
    batch, _, height, width = x.shape
    tiles = max(1, AT_ONCE // (max(kernel[0], SIZE * kernel[1]) * batch * width))
    for top in range(0, height, ROWS * tiles):
        yield slice(top, min(top + ROWS * tiles, height))


def _of_image(x: Tensor, rows: slice) -> Tensor:
    """The image at the points, of these rows: (B, C, H, W) -> (B, 6 C, tiles, W)."""
    beyond = (0, 0, rows.start == 0, (rows.start - rows.stop) % ROWS + (rows.stop == x.shape[2]))
    part = F.pad(x[:, :, max(rows.start - 1, 0) : rows.stop + 1], beyond)
    x0, x1, x2, x3, x4, x5 = (part[:, :, row : part.shape[2] - ROWS - 1 + row : ROWS] for row in range(ROWS + 2))
    pairs = [_pair(torch.sub(x4, x2, alpha=point**-2), torch.sub(x3, x1, alpha=point**-2), point) for point in POINTS]
    at_zero, at_infinity = (x0 + x4).sub_(x2, alpha=SUM), (x1 + x5).sub_(x3, alpha=SUM)
    return torch.cat([at_zero, *pairs[0], *pairs[1], at_infinity], dim=1)


def _to_output(products: Tensor) -> Sequence[Tensor]:
    """First to last row of all tiles (B, D, tiles, W), of the products (B, 6 D, tiles, W), which it overwrites."""
    at_zero, at_p, at_minus_p, at_q, at_minus_q, at_infinity = products.chunk(SIZE, dim=1)
    even, odd = at_p + at_minus_p, at_p.sub_(at_minus_p)
    even_q, odd_q = at_q + at_minus_q, at_q.sub_(at_minus_q)
    y1 = at_zero.add_(even).add_(even_q)
    y4 = at_infinity.add_(odd, alpha=p**3).add_(odd_q, alpha=q**3)
    y3 = even.mul_(p**2).add_(even_q, alpha=q**2)
    y2 = odd.mul_(p).add_(odd_q, alpha=q)
    return [y1, y2, y3, y4]


def _of_output(gradient: Tensor, rows: slice) -> Tensor:
    """The transpose of `_to_output`: of these rows (B, D, H, W) -> (B, 6 D, tiles, W)."""
    part = F.pad(gradient[:, :, rows], (0, 0, 0, (rows.start - rows.stop) % ROWS))
    y1, y2, y3, y4 = (part[:, :, row::ROWS] for row in range(ROWS))
    pairs = [_pair(torch.add(y1, y3, alpha=point**2), torch.add(y2, y4, alpha=point**2), point) for point in POINTS]
    return torch.cat([y1, *pairs[0], *pairs[1], y4], dim=1)


def _of_kernel(weight: Tensor) -> Tensor:
    """The kernel at the points, (6 D, C, 1, 3)."""
    return torch.einsum("pt,dctx->pdcx", _powers(weight), weight).flatten(0, 1)[:, :, None]


def _to_kernel(at_points: Tensor) -> Tensor:
    """The transpose of `_of_kernel`."""
    return torch.einsum("pt,pdcx->dctx", _powers(at_points), at_points[:, :, 0].unflatten(0, (SIZE, -1)))


def _powers(like: Tensor) -> Tensor:
    """What a column's taps are multiplied by at the points, (6, 3)."""
    finite = [sign * point for point in POINTS for sign in (1, -1)]
    pairs = [[point**tap / (2 * (point**4 - 1)) for tap in range(3)] for point in finite]
    return torch.tensor([[1, 0, 0], *pairs, [0, 0, 1]], dtype=like.dtype, device=like.device)


def _pair(even: Tensor, odd: Tensor, point: float) -> tuple[Tensor, Tensor]:
    """Values at a point and at its negative; overwrites `even`."""
    return torch.add(even, odd, alpha=point), even.sub_(odd, alpha=point)
