"""A convolution beside torch's own: outputs and gradients."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor


def plain(x: Tensor, weight: Tensor) -> Tensor:
    """Torch's own, zero-padded."""
    return F.conv2d(x, weight, padding=weight.shape[-1] // 2)


def results(convolve: Callable[[Tensor, Tensor], Tensor], x: Tensor, weight: Tensor) -> list[Tensor]:
    """The convolution, and the gradients of a fixed random sum of it."""
    x, weight = x.clone().requires_grad_(), weight.clone().requires_grad_()
    y = convolve(x, weight)
    random = torch.randn(y.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return [y.detach(), *torch.autograd.grad(y, [x, weight], random.to(y.dtype))]


def errors(fast: list[Tensor], exact: list[Tensor]) -> list[float]:
    """Of each the largest, as a share of the largest value."""
    return [float((a - b).abs().max() / b.abs().max()) for a, b in zip(fast, exact, strict=True)]
