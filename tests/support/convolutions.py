"""A convolution against torch's own: outputs and gradients."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

Function = Callable[..., Tensor]


def plain(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """Torch's own, zero-padded."""
    return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)


def plain_conv3d(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Torch's own of x (B, C, H, W) as one channel, zero-padded, its features side by side: (B, d * C, H, W)."""
    return F.conv3d(x[:, None], weight, bias, padding=1).flatten(1, 2)


def drawn(*shapes: tuple[int, ...]) -> list[Tensor]:
    """Normal values in double precision."""
    torch.manual_seed(0)
    return [torch.randn(shape, dtype=torch.float64) for shape in shapes]


def results(function: Function, *values: Tensor) -> list[Tensor]:
    """The output, and the gradients of a fixed random sum of it to every input."""
    inputs = [value.clone().requires_grad_() for value in values]
    y = function(*inputs)
    random = torch.randn(y.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return [y.detach(), *torch.autograd.grad(y, inputs, random.to(y.dtype))]


def errors(fast: list[Tensor], exact: list[Tensor]) -> list[float]:
    """Of each the largest, as a share of the largest value."""
    return [float((a - b).abs().max() / b.abs().max()) for a, b in zip(fast, exact, strict=True)]


def assert_same(fast: Function, exact: Function, values: list[Tensor]) -> None:
    """Outputs and gradients agree in double precision, to 1e-12 of the largest value."""
    assert max(errors(results(fast, *values), results(exact, *values))) < 1e-12
