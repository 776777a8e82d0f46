"""The classes that plain layers become. Each overrides `forward` and keeps parameters, their names and hooks.

| plain | its twin | on a CPU | on a GPU |
| --- | --- | --- | --- |
| the convolution of a `ConvBlock` | `PaddedConv2d` | by Fourier or Winograd (`padded_conv2d`) | torch's own |
| the convolution of a `DepthHead` | `OneChannelConv2d` | a matrix product (`padded_conv2d`) | filled up to 8 channels |
| `MergeBlock` | `JoinedMergeBlock` | two convolutions (`padded_conv2d`) | filled up to a multiple of 8 |
| `PackingBlock` | `FusedPackingBlock` | one convolution (`fused_packing`), or Conv3d in groups | the same |
| `UnpackingBlock` | `DirectUnpackingBlock` | Conv3d in groups (`banded_conv3d`) | a dense kernel |
| `GroupNormELU` | `OnePassGroupNormELU` | torch's own | one pass over memory (`group_norm_elu`) |

The GPU column is in `matrix_units`, where it names nothing else. On any other device twins compute as the plain layers
do.
"""

from importlib.util import find_spec
from typing import Any, cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from packdepth.config.variants import Implementation
from packdepth.models.fast.banded_conv3d import banded_conv3d, banded_conv3d_to_space
from packdepth.models.fast.choice import chosen
from packdepth.models.fast.fused_packing import (
    Composed,
    compose,
    fused_packing,
    fusing_pays,
    fusing_pays_on_gpus,
    paths,
)
from packdepth.models.fast.group_norm import TraceableGroupNormELU
from packdepth.models.fast.matrix_units import dense_conv3d, filled_conv2d
from packdepth.models.fast.padded_conv2d import joined_conv2d, one_channel_conv2d, padded_conv2d
from packdepth.models.layers import MergeBlock, PackingBlock, UnpackingBlock

TRITON = find_spec("triton") is not None  # comes with torch's builds for GPUs


class Twin(nn.Module):
    """A layer that replaces a plain one: it is never built, `become` turns a plain layer into it."""

    implementation: Implementation

    def prepare(self) -> None:
        """Create what the twin needs in addition to the plain layer's own attributes."""


def become(layer: nn.Module, twin: type[Twin], implementation: Implementation) -> None:
    """Change a plain layer into its twin, in place."""
    layer.__class__ = twin
    made = cast(Twin, layer)
    made.implementation = implementation
    made.prepare()


class PaddedConv2d(Twin, nn.Conv2d):
    """A zero-padded convolution with stride 1."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, D, H, W)."""
        return padded_conv2d(x, *weights(self), self.implementation)


class OneChannelConv2d(Twin, nn.Conv2d):
    """A zero-padded 3x3 convolution to one channel."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 1, H, W)."""
        match chosen(self.implementation, x):
            case "cpu":
                return one_channel_conv2d(x, *weights(self))
            case "gpu":
                return filled_conv2d([x], *weights(self))
        return super().forward(x)


class JoinedMergeBlock(Twin, MergeBlock):
    """Merges features and depth without putting them side by side first."""

    def forward(self, x: Tensor, depth: Tensor | None = None) -> Tensor:
        """(B, in or in - 1, H, W), depth (B, 1, H, W) -> (B, out, H, W)."""
        here = chosen(self.implementation, x)
        if depth is None or here == "plain":
            return super().forward(x, depth)
        if here == "gpu":
            return self.norm(filled_conv2d([x, depth], *weights(self.conv)))
        return self.norm(joined_conv2d(x, depth, *weights(self.conv), self.implementation))


class FusedPackingBlock(Twin, PackingBlock):
    """Computes both convolutions as one: where that pays (`auto`), or always (`cpu`, `gpu`).

    The composed kernel is kept in evaluation mode without gradients, for as long as no weight changes.
    """

    paths: Tensor

    def prepare(self) -> None:
        """The constant that composing takes, and no kernel yet."""
        weight = self.conv2d.conv.weight
        self.register_buffer("paths", paths(weight.shape[-1]).to(weight), persistent=False)
        self._kept: tuple[list[Any], Composed] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H/2, W/2)."""
        if chosen(self.implementation, x) == "plain":
            return super().forward(x)
        weight, bias = weights(self.conv2d.conv)
        if self._fuses(x):
            return self.conv2d.norm(fused_packing(x, bias, self._composed(), self.implementation))
        features = banded_conv3d(F.pixel_unshuffle(x, 2), *weights(self.conv3d))
        return self.conv2d.norm(F.conv2d(features, weight, bias, padding=weight.shape[-1] // 2))

    def _fuses(self, x: Tensor) -> bool:
        if self.implementation != "auto":
            return True
        pixels, size = len(x) * x[0, 0].numel() // 4, self.conv2d.conv.kernel_size[0]
        if chosen("auto", x) == "gpu":
            return fusing_pays_on_gpus(pixels, size, x.shape[1], not self._keeps())
        return fusing_pays(pixels, size, self.conv3d.out_channels, not self._keeps())

    def _keeps(self) -> bool:
        if self.training or torch.is_grad_enabled():
            return False
        return not self.conv3d.weight.is_inference()  # whose changes cannot be detected

    def _composed(self) -> Composed:
        w3, b3 = weights(self.conv3d)
        w2 = self.conv2d.conv.weight
        if not self._keeps():
            self._kept = None
            return compose(w3, b3, w2, self.paths)
        state = [(id(w), w.data_ptr(), w._version) for w in (w3, b3, w2)]
        if self._kept is None or self._kept[0] != state:
            self._kept = state, compose(w3, b3, w2, self.paths)
        return self._kept[1]


class DirectUnpackingBlock(Twin, UnpackingBlock):
    """Computes the Conv3d as a 2-D one. It does not join the Conv2d: GroupNorm and ELU are between them."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, 2H, 2W)."""
        here = chosen(self.implementation, x)
        if here == "plain":
            return super().forward(x)
        features = self.conv2d(x)
        if here == "gpu":
            return F.pixel_shuffle(dense_conv3d(features, *weights(self.conv3d)), 2)
        return banded_conv3d_to_space(features, *weights(self.conv3d))


class OnePassGroupNormELU(Twin, TraceableGroupNormELU):
    """One pass over a GPU's memory for both, with Triton's kernels, if the implementation is "gpu".

    What is compiled gets kernels of the compiler's.
    """

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same shape; where it runs in one pass, the same dtype, too."""
        if self.implementation != "gpu" or not runs_in_one_pass(x):  # "auto" waits for a measurement
            return super().forward(x)
        from packdepth.models.fast.group_norm_elu import group_norm_elu

        return group_norm_elu(x, self.weight, self.bias, self.num_groups, self.eps)


def runs_in_one_pass(x: Tensor) -> bool:
    """Whether Triton's kernels are there and take this input, and no compiler is making its own."""
    if not (TRITON and x.is_cuda) or torch.compiler.is_compiling():
        return False
    return x.dtype in (torch.float32, torch.bfloat16) and 0 < x.numel() < 2**31  # as they count


def weights(conv: nn.Conv2d | nn.Conv3d) -> tuple[Tensor, Tensor]:
    """Weight and bias of a convolution that has both."""
    assert conv.bias is not None
    return conv.weight, conv.bias
