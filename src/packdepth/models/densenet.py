"""The features of DenseNet-161 and -169 (Huang et al., CVPR 2017, arXiv 1608.06993), under torchvision's names.

So torchvision's ImageNet weights load: see `load_imagenet`.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import gcd

import torch
from torch import Tensor, nn

from packdepth.config.variants import Norm
from packdepth.models.checks import check_state_dict
from packdepth.models.layers import GROUPS, scaled_width
from packdepth.models.stage import Stage

BOTTLENECK = 4  # a layer's 1x1 convolution has this many times the growth rate's channels
TAPS = ("relu0", "pool0", "transition1", "transition2")  # where the decoder's skips are taken

Norms = Callable[[int], nn.Module]  # the normalisation of so many channels


@dataclass(frozen=True)
class Size:
    """Channels of the stem, channels that a dense layer appends, and the layers of the four blocks."""

    stem: int
    growth: int
    blocks: tuple[int, int, int, int]


SIZES = {161: Size(96, 48, (6, 12, 36, 24)), 169: Size(64, 32, (6, 12, 32, 32))}  # by their number of layers


class DenseLayer(nn.Sequential):
    """Appends `growth` channels to its input."""

    def __init__(self, in_channels: int, growth: int, norms: Norms) -> None:
        between = BOTTLENECK * growth
        super().__init__(
            OrderedDict(
                norm1=norms(in_channels),
                relu1=nn.ReLU(inplace=True),
                conv1=nn.Conv2d(in_channels, between, kernel_size=1, bias=False),
                norm2=norms(between),
                relu2=nn.ReLU(inplace=True),
                conv2=nn.Conv2d(between, growth, kernel_size=3, padding=1, bias=False),
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C + growth, H, W)."""
        new = x
        for part in self:
            new = part(new)
        return torch.cat([x, new], dim=1)


class DenseBlock(Stage, nn.Sequential):
    """Dense layers; each sees the channels that all layers before it appended."""

    def __init__(self, in_channels: int, layers: int, growth: int, norms: Norms) -> None:
        widths = (in_channels + i * growth for i in range(layers))
        super().__init__(
            OrderedDict((f"denselayer{i}", DenseLayer(width, growth, norms)) for i, width in enumerate(widths, start=1))
        )


def _group_norms(groups: int) -> Norms:
    """GroupNorm of so many groups or, where these do not divide the channels, of their greatest common divisor."""
    return lambda channels: nn.GroupNorm(gcd(groups, channels), channels)


def _transition(in_channels: int, norms: Norms) -> nn.Sequential:
    """Half the channels at half the resolution."""
    return nn.Sequential(
        OrderedDict(
            norm=norms(in_channels),
            relu=nn.ReLU(inplace=True),
            conv=nn.Conv2d(in_channels, in_channels // 2, kernel_size=1, bias=False),
            pool=nn.AvgPool2d(kernel_size=2, stride=2),
        )
    )


class DenseNet(nn.Module):
    """DenseNet-161 or -169, by its number of `layers`, without its classifier.

    `width` scales the growth rate and the stem, to multiples of a quarter of the full growth rate. `norm` "group" takes
    PackNet's 16 groups at width 1 and scales them as the growth rate, so that groups keep their channels, as in
    `packnet`. `last_norm` tells whether the last normalisation (torchvision's norm5) and the ReLU after it are part of
    the network; without them it ends in the fourth block's own output.

    `tap_channels` are the channels of the four skips, `out_channels` those of the bottom: 96, 96, 192, 384 and 2208, or
    64, 64, 128, 256 and 1664.
    """

    def __init__(
        self, layers: int, width: float = 1.0, norm: Norm = "batch", last_norm: bool = True, in_channels: int = 3
    ) -> None:
        super().__init__()
        self.layers = layers
        full = SIZES[layers]
        growth, channels = (scaled_width(value, width, full.growth // 4) for value in (full.growth, full.stem))
        norms: Norms = nn.BatchNorm2d if norm == "batch" else _group_norms(GROUPS * growth // full.growth)
        parts: OrderedDict[str, nn.Module] = OrderedDict(
            conv0=nn.Conv2d(in_channels, channels, kernel_size=7, stride=2, padding=3, bias=False),
            norm0=norms(channels),
            relu0=nn.ReLU(inplace=True),
            pool0=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        )
        taps = {"relu0": channels, "pool0": channels}
        for number, of_block in enumerate(full.blocks, start=1):
            parts[f"denseblock{number}"] = DenseBlock(channels, of_block, growth, norms)
            channels += of_block * growth
            if number < len(full.blocks):
                parts[f"transition{number}"] = _transition(channels, norms)
                channels //= 2
                taps[f"transition{number}"] = channels
        if last_norm:
            parts |= {"norm5": norms(channels), "relu5": nn.ReLU()}
        self.features = nn.Sequential(parts)
        self.tap_channels = [taps[name] for name in TAPS]
        self.out_channels = channels
        _init_kaiming(self)

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, in_channels, H, W) -> the bottom (B, out_channels, H/32, W/32), and the skips at 1/2 to 1/16."""
        x, taps = image, []
        for name, module in self.features.named_children():
            x = module(x)
            if name in TAPS:
                taps.append(x)
        return x, taps

    def stages(self) -> dict[str, list[nn.Module]]:
        """Stem and the four dense blocks, each with what follows it."""
        part = dict(self.features.named_children())
        blocks = {f"encoder{n}": [part[f"denseblock{n}"], part[f"transition{n}"]] for n in (1, 2, 3)}
        last = [part[name] for name in ("denseblock4", "norm5") if name in part]
        return {"stem": [part["conv0"], part["norm0"]], **blocks, "encoder4": last}


def _init_kaiming(network: nn.Module) -> None:
    """He-normal convolutions, as torchvision's DenseNet starts."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)


def load_imagenet(encoder: DenseNet, state_dict: Mapping[str, Tensor]) -> None:
    """Load torchvision's ImageNet weights of the same DenseNet into `encoder`.

    The published file still has the names of an old release (`norm.1` for `norm1`) and no counts of batches, which stay
    as they are. Its classifier is dropped, and so is its last normalisation where the encoder has none. Raises
    InputError, naming it, for any other difference.
    """
    renamed = {re.sub(r"\b(norm|conv)\.(\d)\.", r"\1\2.", key): tensor for key, tensor in state_dict.items()}
    own = encoder.state_dict()
    dropped = ("classifier.",) if "features.norm5.weight" in own else ("classifier.", "features.norm5.")
    weights = {key: tensor for key, tensor in renamed.items() if not key.startswith(dropped)}
    counts = {key: tensor for key, tensor in own.items() if key.endswith("num_batches_tracked")}
    weights = {**counts, **weights}
    check_state_dict(f"ImageNet weights of DenseNet-{encoder.layers}", weights, own)
    encoder.load_state_dict(weights)
