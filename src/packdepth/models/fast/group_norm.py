"""GroupNorm that torch.compile can trace: written out as sums and products, only where it is compiled.

Two reasons. Traced as torch's own operation it had wrong gradients (torch 2.13, backend "aot_eager", a CPU, channels
last); tests/training/test_computing.py compares them. And written out it sums channel by channel, in the order that
channels-last memory has, and a compiler can join it with the ELU that follows.
"""

import torch
from torch import Tensor, nn

from packdepth.models.layers import GroupNormELU


class TraceableGroupNorm(nn.GroupNorm):
    """GroupNorm, written out where it is compiled."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same shape; where it is compiled, in float32 at least."""
        if not torch.compiler.is_compiling():
            return super().forward(x)
        x = x.to(torch.promote_types(x.dtype, torch.float32))
        centred = x - self._mean(x)
        scale = torch.rsqrt(self._mean(centred.square()) + self.eps) * self.weight[:, None, None]
        return centred * scale + self.bias[:, None, None]

    def _mean(self, x: Tensor) -> Tensor:
        """Mean over each group, for each of its channels: (B, C, H, W) -> (B, C, 1, 1)."""
        batch, channels, height, width = x.shape
        groups = x.sum((2, 3)).view(batch, self.num_groups, -1)
        of_group = groups.sum(2, keepdim=True) / (groups.shape[2] * height * width)
        return of_group.expand_as(groups).reshape(batch, channels, 1, 1)


class TraceableGroupNormELU(GroupNormELU, TraceableGroupNorm):
    """GroupNorm, written out where it is compiled, then an ELU."""
