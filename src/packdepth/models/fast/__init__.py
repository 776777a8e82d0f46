"""Exact faster twins of PackNet's layers: the same parameters and, up to rounding, the same numbers.

`accelerate(network, implementation)` swaps them in. The rest of `models` is as in the papers and does not depend on
this folder. Without it everything still runs, but slower: only `models.accelerate` looks for it.

| module | what it computes |
| --- | --- |
| `fused_packing` | a packing block's Conv3d and Conv2d as one convolution |
| `fft_conv` | convolutions of large kernels, by Fourier transforms of tiles |
| `winograd` | 3x3 convolutions of many channels, with half the products |
| `padded_conv2d` | which of these a convolution takes; depth heads; features joined with a coarser depth |
| `banded_conv3d` | the Conv3d of one channel as a 2-D convolution of groups of channels |
| `matrix_units` | convolutions that suit the matrix units of GPUs |
| `group_norm` | GroupNorm that can be compiled |
| `group_norm_elu` | GroupNorm and ELU in one pass over a GPU's memory |
| `choice`, `twins` | which implementation an input takes; the layers that are swapped in |

Measurements are in docs/speed.md.
"""

from collections.abc import Iterator

from torch import nn

from packdepth.config.variants import Implementation
from packdepth.models.fast.group_norm import TraceableGroupNorm, TraceableGroupNormELU
from packdepth.models.fast.twins import (
    DirectUnpackingBlock,
    FusedPackingBlock,
    JoinedMergeBlock,
    OneChannelConv2d,
    OnePassGroupNormELU,
    PaddedConv2d,
    Twin,
    become,
)
from packdepth.models.heads import DepthHead
from packdepth.models.layers import ConvBlock, GroupNormELU, MergeBlock, PackingBlock, UnpackingBlock

LAYERS: dict[type[nn.Module], type[Twin]] = {
    PackingBlock: FusedPackingBlock,
    UnpackingBlock: DirectUnpackingBlock,
    MergeBlock: JoinedMergeBlock,
    GroupNormELU: OnePassGroupNormELU,
}
TRACEABLE: dict[type[nn.Module], type[nn.Module]] = {
    nn.GroupNorm: TraceableGroupNorm,
    GroupNormELU: TraceableGroupNormELU,
}


def accelerate(network: nn.Module, implementation: Implementation, *, compiled: bool = False) -> None:
    """Swap a network's layers for their faster twins, in place, once its weights are there.

    Parameters stay the same objects under the same names, in the same order, and no random numbers are drawn.
    `plain` swaps nothing, and twins already in place then compute as plain layers do. A network to be `compiled` gets a
    GroupNorm that can be compiled, whatever the implementation.
    """
    for part in list(network.modules()):
        for layer, twin in _twins(part):
            if implementation != "plain" or isinstance(layer, Twin):
                become(layer, twin, implementation)
        if compiled and type(part) in TRACEABLE:
            part.__class__ = TRACEABLE[type(part)]


def _twins(part: nn.Module) -> Iterator[tuple[nn.Module, type[Twin]]]:
    """What to swap in one part of a network, and for what: the part itself, its convolution, or both."""
    for plain, twin in LAYERS.items():
        if isinstance(part, plain):
            yield part, twin
    if isinstance(part, ConvBlock):
        yield part.conv, PaddedConv2d
    if isinstance(part, DepthHead):
        yield part.conv, OneChannelConv2d
