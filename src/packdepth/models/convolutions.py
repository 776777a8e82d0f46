"""Convolutions, computed as CPUs do them well. The numbers are those of torch's own but for rounding.

- One of large kernels runs by Fourier transforms where that pays (`spectral`), a 3x3 one by Winograd's filtering where
  that does (`winograd`).
- PackNet's Conv3d of one channel runs as an ordinary convolution of overlapping groups of channels.
- A convolution to one channel, a depth head's, is a matrix product to nine values a pixel, which are then added where
  they belong.
- A convolution of features and one map more runs as two, so that no copy has to put them side by side, and the first
  has a number of channels that vectors divide. The second is a matrix product of the map's patches.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from packdepth.models.forms import Form, taken
from packdepth.models.spectral import TILE, spectral_conv2d, spectral_pays
from packdepth.models.winograd import winograd_conv2d, winograd_pays

BAND = 4  # channels that a convolution of a group gives at once, of each feature; those of one patch of depth to space


def conv2d(x: Tensor, weight: Tensor, bias: Tensor, form: Form) -> Tensor:
    """A zero-padded convolution: x (B, C, H, W), weight (D, C, k, k) with k odd, bias (D,) -> (B, D, H, W)."""
    if by_spectra(x, weight, form):
        return spectral_conv2d(x, weight).add_(bias[:, None, None])
    if by_winograd(x, weight, form):
        return winograd_conv2d(x, weight).add_(bias[:, None, None])
    return F.conv2d(x, weight, bias, padding=weight.shape[-1] // 2)


def by_spectra(x: Tensor, weight: Tensor, form: Form) -> bool:
    """Whether a convolution of x (B, C, H, W) and weight (D, C, k, k) goes by Fourier transforms."""
    size = weight.shape[-1]
    if not _counts(x, form):
        return False
    return 7 <= size < TILE if form == "cpu" else spectral_pays(*_size(x, weight), size)


def by_winograd(x: Tensor, weight: Tensor, form: Form) -> bool:
    """Whether it goes by Winograd's filtering."""
    if weight.shape[-1] != 3 or not _counts(x, form):
        return False
    return form == "cpu" or winograd_pays(*_size(x, weight))


def _counts(x: Tensor, form: Form) -> bool:
    """Whether fewer multiplications are sooner: on a CPU, not in bf16."""
    return taken(form, x) == "cpu" and not torch.is_autocast_enabled(x.device.type)


def _size(x: Tensor, weight: Tensor) -> tuple[int, int, int]:
    """Pixels, and channels in and out."""
    return len(x) * x[0, 0].numel(), weight.shape[1], len(weight)


def weights(conv: nn.Conv2d | nn.Conv3d) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution that has both."""
    assert conv.bias is not None
    return conv.weight, conv.bias


def conv3d(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """F.conv3d of x as one channel, zero-padded, its features side by side: x (B, C, H, W) -> (B, d * C, H, W).

    weight (d, 1, 3, 3, 3); bias (d,).
    """
    return F.conv3d(x[:, None], weight, bias, padding=1).flatten(1, 2)


def banded_conv3d(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The same by groups of channels. Raises ValueError unless C is a multiple of 4."""
    return _banded(x, weight, bias).transpose(1, 2).reshape(len(x), -1, *x.shape[2:])


def banded_conv3d_to_space(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """The same, then depth to space, in one copy: (B, C, H, W) -> (B, d * C / 4, 2H, 2W)."""
    patches = _banded(x, weight, bias).unflatten(3, (2, 2))  # (B, C / 4, d, 2, 2, H, W)
    return patches.permute(0, 2, 1, 5, 3, 6, 4).reshape(len(x), -1, 2 * x.shape[2], 2 * x.shape[3])


def _banded(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C / 4, d, 4, H, W)."""
    if x.shape[1] % BAND:
        raise ValueError(f"{x.shape[1]} channels are no multiple of {BAND}")
    groups = F.pad(x, (0, 0, 0, 0, 1, 1)).unfold(1, BAND + 2, BAND).movedim(-1, 2)
    # Channel i of a group sees the channels i, i + 1 and i + 2 of those that were cut out.
    kernel = torch.stack([F.pad(weight[:, 0], (0, 0, 0, 0, i, BAND - 1 - i)) for i in range(BAND)], dim=1)
    features = F.conv2d(groups.flatten(0, 1), kernel.flatten(0, 1), bias.repeat_interleave(BAND), padding=1)
    return features.unflatten(0, groups.shape[:2]).unflatten(2, (len(weight), BAND))


def conv_to_one(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A zero-padded 3x3 convolution to one channel: (B, C, H, W) -> (B, 1, H, W); weight (1, C, 3, 3), bias (1,)."""
    to_each = weight[0].flatten(1).flip(1).T  # what a pixel gives to each of its neighbours: (9, C)
    given = to_each.expand(len(x), -1, -1).bmm(x.flatten(2))
    whole = F.fold(given.to(torch.promote_types(x.dtype, torch.float32)), x.shape[2:], kernel_size=3, padding=1)
    return whole + bias


def conv_beside(x: Tensor, beside: Tensor, weight: Tensor, bias: Tensor, form: Form = "auto") -> Tensor:
    """A zero-padded convolution of x (B, C, H, W) and `beside` (B, D, H, W), side by side as C + D channels."""
    of_x, of_beside = weight.split((x.shape[1], beside.shape[1]), dim=1)
    features = conv2d(x, of_x, bias, form)
    patches = F.unfold(beside, weight.shape[-1], padding=weight.shape[-1] // 2)  # (B, k^2 D, H * W)
    return features.flatten(2).baddbmm(of_beside.flatten(1).expand(len(x), -1, -1), patches).view_as(features)
