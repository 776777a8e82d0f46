"""PackNet's Conv3d of one channel as an ordinary convolution of overlapping groups of channels, for CPUs.

A Conv3d of 3x3x3 taps makes channel c of a feature from the channels c - 1, c and c + 1 of its input. So four channels
of every feature come from six of the input. That is an ordinary 2-D convolution of six channels to 4 d. Its kernel
holds the 3-D one four times, each one channel further, and zeros. Sums are torch's in another order.

It is used for every unpacking block on a CPU, and for packing blocks that are not fused (`fused_packing`). Groups of 8
or 16 channels were slower; docs/speed.md has the measurements.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

BAND = 4  # channels of each feature that a group computes at once: one patch of depth to space


def banded_conv3d(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """F.conv3d of x as one channel, zero-padded, its features side by side: x (B, C, H, W) -> (B, d * C, H, W).

    weight (d, 1, 3, 3, 3); bias (d,). Raises ValueError unless C is a multiple of 4.
    """
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
