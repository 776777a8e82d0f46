"""The features of DenseNet-169 (Huang et al., CVPR 2017, arXiv 1608.06993), under torchvision's names.

So torchvision's ImageNet weights load: see `load_imagenet`.
"""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping
from math import gcd

import torch
from torch import Tensor, nn

from packdepth.config.variants import Norm
from packdepth.models.checks import check_state_dict
from packdepth.models.layers import GROUPS, scaled_width
from packdepth.models.stage import Stage

BLOCK_LAYERS = (6, 12, 32, 32)
GROWTH = 32
STEM = 64
BOTTLENECK = 4  # a layer's 1x1 convolution has this many times the growth rate's channels
MULTIPLE = 8  # scaled_width widths are multiples of it
TAPS = ("relu0", "pool0", "transition1", "transition2")  # where the decoder's skips are taken

Norms = Callable[[int], nn.Module]  # the normalisation of so many channels


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


class DenseNet169(nn.Module):
    """DenseNet-169 without its classifier. `width` scales the growth rate and the stem.

    `norm` "group" takes PackNet's 16 groups at width 1 and scales them as the growth rate, so that groups keep their
    channels, as in `packnet`.

    `tap_channels` are the channels of the four skips, `out_channels` those of the bottom: 64, 64, 128, 256
    and 1664.
    """

    def __init__(self, width: float = 1.0, norm: Norm = "batch") -> None:
        super().__init__()
        growth, channels = scaled_width(GROWTH, width, MULTIPLE), scaled_width(STEM, width, MULTIPLE)
        norms: Norms = nn.BatchNorm2d if norm == "batch" else _group_norms(GROUPS * growth // GROWTH)
        parts: OrderedDict[str, nn.Module] = OrderedDict(
            conv0=nn.Conv2d(3, channels, kernel_size=7, stride=2, padding=3, bias=False),
            norm0=norms(channels),
            relu0=nn.ReLU(inplace=True),
            pool0=nn.MaxPool2d(kernel_size=3, stride=2, padding=1),
        )
        taps = {"relu0": channels, "pool0": channels}
        for number, layers in enumerate(BLOCK_LAYERS, start=1):
            parts[f"denseblock{number}"] = DenseBlock(channels, layers, growth, norms)
            channels += layers * growth
            if number < len(BLOCK_LAYERS):
                parts[f"transition{number}"] = _transition(channels, norms)
                channels //= 2
                taps[f"transition{number}"] = channels
        parts["norm5"] = norms(channels)
        self.features = nn.Sequential(parts)
        self.tap_channels = [taps[name] for name in TAPS]
        self.out_channels = channels
        _init_kaiming(self)

    def forward(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(B, 3, H, W) -> the bottom (B, 1664, H/32, W/32) after ReLU, and the skips at 1/2 to 1/16."""
        x, taps = image, []
        for name, module in self.features.named_children():
            x = module(x)
            if name in TAPS:
                taps.append(x)
        return torch.relu(x), taps

    def stages(self) -> dict[str, list[nn.Module]]:
        """Stem and the four dense blocks, each with what follows it."""
        part = dict(self.features.named_children())
        blocks = {f"encoder{n}": [part[f"denseblock{n}"], part[f"transition{n}"]] for n in (1, 2, 3)}
        last = [part["denseblock4"], part["norm5"]]
        return {"stem": [part["conv0"], part["norm0"]], **blocks, "encoder4": last}


def _init_kaiming(network: nn.Module) -> None:
    """He-normal convolutions, as torchvision's DenseNet starts."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.kaiming_normal_(module.weight)


def load_imagenet(encoder: DenseNet169, state_dict: Mapping[str, Tensor]) -> None:
    """Load torchvision's ImageNet weights of DenseNet-169 into `encoder`.

    The published file still has the names of an old release (`norm.1` for `norm1`), a classifier, which is
    dropped, and no counts of batches, which stay as they are. Raises InputError, naming it, for any other
    difference.
    """
    renamed = {re.sub(r"\b(norm|conv)\.(\d)\.", r"\1\2.", key): tensor for key, tensor in state_dict.items()}
    weights = {key: tensor for key, tensor in renamed.items() if not key.startswith("classifier.")}
    own = encoder.state_dict()
    counts = {key: tensor for key, tensor in own.items() if key.endswith("num_batches_tracked")}
    weights = {**counts, **weights}
    check_state_dict("ImageNet weights of DenseNet-169", weights, own)
    encoder.load_state_dict(weights)
