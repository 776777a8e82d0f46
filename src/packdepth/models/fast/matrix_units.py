"""Convolutions in the shapes that suit the matrix units of GPUs: torch's numbers up to rounding.

- PackNet's Conv3d of one channel runs as an ordinary convolution, whose kernel joins every channel with every other and
  is zero except for the three next to each. That takes far more multiply-adds, which matrix units can afford.
- Depth heads have one channel, and features joined with a coarser depth one too many: both are padded with zeros to
  a multiple of 8, which fast kernels need.

Both are always taken. At the slim network's first level, in bf16 on an H200, they are faster (docs/speed.md).
"""

import torch
import torch.nn.functional as F
from torch import Tensor

MULTIPLE = 8


def dense_conv3d(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """F.conv3d of x as one channel, zero-padded, its features side by side: x (B, C, H, W) -> (B, d * C, H, W).

    weight (d, 1, 3, 3, 3); bias (d,).
    """
    channels = torch.arange(x.shape[1], device=x.device)
    steps = channels[None, :] - channels[:, None] + 1  # from channel to channel, 0 to 2 within the kernel's reach
    reaches = torch.stack([steps == step for step in range(3)]).to(weight.dtype)
    kernel = torch.einsum("dsyx,soi->doiyx", weight[:, 0], reaches).flatten(0, 1)
    return F.conv2d(x, kernel, bias.repeat_interleave(x.shape[1]), padding=1)


def filled_conv2d(maps: list[Tensor], weight: Tensor, bias: Tensor) -> Tensor:
    """A zero-padded convolution of maps (B, C_i, H, W) side by side, the sum of C_i being C: (B, D, H, W).

    weight (D, C, k, k), k odd; bias (D,).
    """
    more_out, more_in = (-count % MULTIPLE for count in weight.shape[:2])
    first = maps[0]
    if more_in:
        maps = [*maps, first.new_zeros(len(first), more_in, *first.shape[2:])]
    kernel = F.pad(weight, (0, 0, 0, 0, 0, more_in, 0, more_out))
    side_by_side = torch.cat(maps, dim=1) if len(maps) > 1 else first
    return F.conv2d(side_by_side, kernel, F.pad(bias, (0, more_out)), padding=weight.shape[-1] // 2)[:, : len(weight)]
