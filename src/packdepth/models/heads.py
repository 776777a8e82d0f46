"""The depth heads, and what a network's output means.

**In our training** every head's output is compared with the normalised inverse depth, `max_depth / depth`
(no unit; max_depth is 10 m, so that targets lie in 1..100). So whatever the head,

    depth [m] = max_depth / output                  (losses.depth.metric_depth)

The range of a head (`HEADS`) decides which depths it can predict:

| head | output | range | nearest depth it can predict, for max_depth 10 m |
| --- | --- | --- | --- |
| `inverse-sigmoid` | sigmoid(x) / min_depth, 0.5 | (0, 2) | 5 m |
| `sigmoid` | sigmoid(x) | (0, 1) | 10 m |
| `leaky-relu` | x, or 0.01 x below 0 | unbounded | any |
| `inverse-leaky-relu` | leaky ReLU(x) / min_depth, 0.5 | unbounded | any |
| `scaled-sigmoid` | 1 + 99 sigmoid(x - 3) | (1, 100) | 0.1 m |
| `log` | exp(x) | (0, inf) | any |
| `linear` | x | unbounded | any |

`inverse-sigmoid` is PackNet's published head, with the published min_depth of 0.5; a smaller min_depth raises its
ceiling, 1 / min_depth. The report's experiment 3 replaces
its sigmoid by a leaky ReLU, whose slope it does not state (0.01 is usual). Either the division by min_depth went with
the sigmoid (`leaky-relu`), or it stayed (`inverse-leaky-relu`). `sigmoid` is its experiment 4, "non-inverted depth",
which we read as: the sigmoid itself is compared with the same target. The other reading is sigmoid = depth /
max_depth. It could reach every target, so it would hardly be worse than `inverse-sigmoid`, as the report
states.

`scaled-sigmoid` covers the range of the targets and nothing else: every output is a valid depth, which view synthesis
needs (monodepth2, arXiv 1806.01260, section 4, does the same). Its shift of 3 makes it start at max_depth / 5.7, among
the depths of most scenes, not at the near end. With `log` the network predicts the logarithm of inverse depth.
`linear`, a convolution without activation, is DenseDepth's own.

A head's convolution starts without a bias, and so around its function's value at 0 (nearly so in DenseDepth's version
`handout`, whose biases start as torch draws them); `DepthHead.start_at` sets another start.

**In published PackNet weights** the output of the same `inverse-sigmoid` is inverse depth in 1/m, so that
there depth [m] = 1 / output.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, log

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from packdepth.config.variants import INVERSE_HEADS, MIN_DEPTH, Head
from packdepth.errors import InputError

LEAKY_SLOPE = 0.01


@dataclass(frozen=True)
class Function:
    """The function a head ends in, its inverse, and the open interval of its values."""

    function: Callable[[Tensor], Tensor]
    inverse: Callable[[float], float]
    lowest: float
    highest: float

    @property
    def limits(self) -> tuple[float, float]:
        """The ends of the interval."""
        return self.lowest, self.highest

    def times(self, factor: float) -> "Function":
        """The same with all values multiplied, but the function itself where nothing changes."""
        if factor == 1:
            return self
        return Function(
            lambda x: factor * self.function(x),
            lambda value: self.inverse(value / factor),
            factor * self.lowest,
            factor * self.highest,
        )


def inverse_sigmoid(x: Tensor) -> Tensor:
    """sigmoid(x) / 0.5: inverse depth that never exceeds 2 (PackNet's published code)."""
    return torch.sigmoid(x) / MIN_DEPTH


def inverse_leaky_relu(x: Tensor) -> Tensor:
    """Leaky ReLU(x) / 0.5: the published head with its sigmoid exchanged."""
    return F.leaky_relu(x, LEAKY_SLOPE) / MIN_DEPTH


def scaled_sigmoid(x: Tensor) -> Tensor:
    """1 + 99 sigmoid(x - 3): the range of the targets."""
    return 1.0 + 99.0 * torch.sigmoid(x - 3.0)


def logit(share: float) -> float:
    """The inverse of the sigmoid."""
    return log(share / (1 - share))


def from_leaky_relu(value: float) -> float:
    """The number whose leaky ReLU is `value`."""
    return value if value > 0 else value / LEAKY_SLOPE


HEADS: dict[Head, Function] = {
    "inverse-sigmoid": Function(inverse_sigmoid, lambda value: logit(value * MIN_DEPTH), 0, 1 / MIN_DEPTH),
    "sigmoid": Function(torch.sigmoid, logit, 0, 1),
    "leaky-relu": Function(F.leaky_relu, from_leaky_relu, -inf, inf),
    "inverse-leaky-relu": Function(inverse_leaky_relu, lambda value: from_leaky_relu(value * MIN_DEPTH), -inf, inf),
    "scaled-sigmoid": Function(scaled_sigmoid, lambda value: logit((value - 1) / 99) + 3, 1, 100),
    "log": Function(torch.exp, log, 0, inf),
    "linear": Function(nn.Identity(), lambda value: value, -inf, inf),
}


def head_function(head: Head, min_depth: float = MIN_DEPTH) -> Function:
    """The function of HEADS, or that with another min_depth. Raises InputError if this head divides by none."""
    if min_depth != MIN_DEPTH and head not in INVERSE_HEADS:
        raise InputError(f"min_depth is a setting of heads {' and '.join(INVERSE_HEADS)}, not of {head}")
    if not min_depth > 0:
        raise InputError(f"min_depth must be a positive number, got {min_depth!r}")
    return HEADS[head].times(MIN_DEPTH / min_depth)


class DepthHead(nn.Module):
    """A 3x3 convolution and the `head_function`."""

    def __init__(self, in_channels: int, head: Head, min_depth: float = MIN_DEPTH) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, 1, kernel_size=3, padding=1)
        self.name = head
        self.head = head_function(head, min_depth)
        self.function = self.head.function

    def start_at(self, value: float) -> None:
        """Set the bias so that features of 0 give `value`. Raises InputError if the head cannot reach it."""
        lowest, highest = self.head.limits
        if not lowest < value < highest:
            raise InputError(f"head {self.name}: cannot start at {value:.4g}, it says {lowest:g} to {highest:g}")
        assert self.conv.bias is not None
        nn.init.constant_(self.conv.bias, self.head.inverse(value))

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 1, H, W), under autocast in float32: in bf16 a sigmoid rounds to 1 and learns no more."""
        x = self.conv(features)
        return self.function(x.to(torch.promote_types(x.dtype, torch.float32)))
