"""Zero-padded 2-D convolutions with stride 1, computed in ways that suit CPUs: torch's numbers up to rounding.

- One of large kernels runs by Fourier transforms (`fft_conv`), a 3x3 one by Winograd's filtering (`winograd`). Where
  either pays is counted there (`fft_pays`, `winograd_pays`), with constants measured on two cores of an AMD EPYC. Under
  autocast neither is used: they are for float32, and the processor has instructions for bf16.
- A convolution to one channel, a depth head's, is a matrix product to nine values a pixel, which are then added at
  their positions.
- A convolution of features and one more map runs as two. No copy has to join them, and the channels of the first are
  a multiple of the vector length. The second is a matrix product of the map's patches.

The last two are always taken. docs/speed.md has the times, `benchmarks/stages.py` measures them.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from packdepth.config.variants import Implementation
from packdepth.models.fast.choice import chosen
from packdepth.models.fast.fft_conv import TILE, fft_conv2d, fft_pays
from packdepth.models.fast.winograd import winograd_conv2d, winograd_pays


def padded_conv2d(x: Tensor, weight: Tensor, bias: Tensor, implementation: Implementation = "auto") -> Tensor:
    """A zero-padded convolution: x (B, C, H, W), weight (D, C, k, k) with k odd, bias (D,) -> (B, D, H, W)."""
    if runs_by_fft(x, weight, implementation):
        return fft_conv2d(x, weight).add_(bias[:, None, None])
    if runs_by_winograd(x, weight, implementation):
        return winograd_conv2d(x, weight).add_(bias[:, None, None])
    return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)


def runs_by_fft(x: Tensor, weight: Tensor, implementation: Implementation) -> bool:
    """Whether a convolution of x (B, C, H, W) and weight (D, C, k, k) runs by Fourier transforms."""
    size = weight.shape[-1]
    if not _counts(x, implementation):
        return False
    return 7 <= size < TILE if implementation == "cpu" else fft_pays(*_size(x, weight), size)


def runs_by_winograd(x: Tensor, weight: Tensor, implementation: Implementation) -> bool:
    """Whether it runs by Winograd's filtering."""
    if weight.shape[-1] != 3 or not _counts(x, implementation):
        return False
    return implementation == "cpu" or winograd_pays(*_size(x, weight))


def _counts(x: Tensor, implementation: Implementation) -> bool:
    """Whether fewer multiplications are faster: on a CPU, not in bf16."""
    return chosen(implementation, x) == "cpu" and not torch.is_autocast_enabled(x.device.type)


def _size(x: Tensor, weight: Tensor) -> tuple[int, int, int]:
    """Pixels, and channels in and out."""
    return len(x) * x[0, 0].numel(), weight.shape[1], len(weight)


def one_channel_conv2d(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A zero-padded 3x3 convolution to one channel: (B, C, H, W) -> (B, 1, H, W); weight (1, C, 3, 3), bias (1,).

    Under autocast the nine values are added in float32, and so the result is float32.
    """
    to_each = weight[0].flatten(1).flip(1).T  # what a pixel gives to each of its neighbours: (9, C)
    given = to_each.expand(len(x), -1, -1).bmm(x.flatten(2))
    whole = F.fold(given.to(torch.promote_types(x.dtype, torch.float32)), x.shape[2:], kernel_size=3, padding=1)
    return whole + bias


def joined_conv2d(
    x: Tensor, more: Tensor, weight: Tensor, bias: Tensor, implementation: Implementation = "auto"
) -> Tensor:
    """A zero-padded convolution of x (B, C, H, W) and `more` (B, D, H, W), side by side as C + D channels."""
    of_x, of_more = weight.split((x.shape[1], more.shape[1]), dim=1)
    features = padded_conv2d(x, of_x, bias, implementation)
    patches = F.unfold(more, weight.shape[-1], padding=weight.shape[-1] // 2)  # (B, k^2 D, H * W)
    return features.flatten(2).baddbmm(of_more.flatten(1).expand(len(x), -1, -1), patches).view_as(features)
