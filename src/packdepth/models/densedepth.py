"""DenseDepth (Alhashim and Wonka, arXiv 1812.11941): a DenseNet encoder and a plain upsampling decoder.

Its decoder is the original (Keras) one: a leaky ReLU after both convolutions of a stage. The published
PyTorch version never calls the first of the two.

There are two versions. `handout` is that of the class that the report was written for (Stanford CS231A, winter 2021,
problem set 3), and so the report's baseline.

| `version` | `paper` | `handout` |
| --- | --- | --- |
| encoder | DenseNet-169 | DenseNet-161 |
| its output | after the last normalisation and ReLU, 1664 channels | the fourth block's own, 2208 channels |
| bottom, a 1x1 convolution | to 1664 channels | to 1104, of the output with a border of zeros, one pixel wide |
| decoder stages | to 832, 416, 208, 104 | to 552, 276, 138, 69 |
| first weights of bottom, decoder, head | Xavier-uniform, biases 0, as Keras draws them | as torch draws them |
| image, with pre-training | normalised with ImageNet's mean and deviation | as it is |

The handout's own code also computes the last normalisation, and uses it nowhere. Here that does not exist, so that
every parameter learns.
"""

from dataclasses import dataclass
from typing import get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from packdepth.config.variants import MIN_DEPTH, DenseDepthSkips, DenseDepthVersion, Head, Norm
from packdepth.errors import InputError
from packdepth.models.checks import check_choice, check_image
from packdepth.models.densenet import DenseNet
from packdepth.models.heads import DepthHead, head_function
from packdepth.models.layers import init_xavier, scaled_width
from packdepth.models.network import ImageNetwork
from packdepth.models.stage import Stage

LEAKY_SLOPE = 0.2
IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Version:
    """What a version is made of: the rows of this module's table."""

    encoder: int  # layers of the DenseNet
    last_norm: bool
    narrowing: int  # the encoder's channels over those of the bottom
    padding: int  # of the bottom, px
    decoder: tuple[int, int, int, int]  # channels of the stages
    multiple: int  # scaled, these are multiples of it
    xavier: bool
    normalises_image: bool  # if pretrained


VERSIONS: dict[DenseDepthVersion, Version] = {
    "paper": Version(
        encoder=169,
        last_norm=True,
        narrowing=1,
        padding=0,
        decoder=(832, 416, 208, 104),
        multiple=8,
        xavier=True,
        normalises_image=True,
    ),
    "handout": Version(
        encoder=161,
        last_norm=False,
        narrowing=2,
        padding=1,
        decoder=(552, 276, 138, 69),
        multiple=1,
        xavier=False,
        normalises_image=False,
    ),
}


class UpsamplingStage(Stage):
    """Bilinear upsampling to the skip's size, concatenation, two 3x3 convolutions with leaky ReLU 0.2.

    A skip of no channels is not concatenated.
    """

    def __init__(self, in_channels: int, skip_channels: int, out_channels: int) -> None:
        super().__init__()
        self.joins = skip_channels > 0
        self.conv1 = nn.Conv2d(in_channels + skip_channels, out_channels, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(out_channels, out_channels, kernel_size=3, padding=1)

    def forward(self, x: Tensor, skip: Tensor) -> Tensor:
        """(B, in, h, w) and (B, skip, H, W) -> (B, out, H, W)."""
        x = F.interpolate(x, size=skip.shape[2:], mode="bilinear", align_corners=True)
        x = torch.cat([x, skip], dim=1) if self.joins else x
        x = F.leaky_relu(self.conv1(x), LEAKY_SLOPE, inplace=True)
        return F.leaky_relu(self.conv2(x), LEAKY_SLOPE, inplace=True)


class DenseDepth(ImageNetwork):
    """DenseDepth, which as in its paper ends in a convolution without activation; `heads` defines its output.

    With `pretrained` the encoder expects ImageNet's weights, which `load_imagenet(network.encoder, ...)` loads: the
    paper's version then normalises the image with ImageNet's mean and deviation. `norm` is what the encoder normalises
    by: batches, as published, or groups of channels, as PackNet does. Without `skips` the decoder gets no features of
    the encoder but the coarsest. With `stereo` the encoder also sees the second camera's image.
    """

    mean: Tensor
    std: Tensor

    def __init__(
        self,
        width: float = 1.0,
        version: DenseDepthVersion = "paper",
        pretrained: bool = False,
        head: Head = "linear",
        min_depth: float = MIN_DEPTH,
        norm: Norm = "batch",
        skips: DenseDepthSkips = "concat",
        stereo: bool = False,
    ) -> None:
        super().__init__()
        check_choice("version of densedepth", version, get_args(DenseDepthVersion))
        check_choice("pretrained of densedepth", pretrained, (False, True))
        check_choice("head of densedepth", head, get_args(Head))
        check_choice("norm of densedepth", norm, get_args(Norm))
        check_choice("skips of densedepth", skips, get_args(DenseDepthSkips))
        check_choice("stereo of densedepth", stereo, (False, True))
        self.stereo = stereo
        if pretrained and stereo:
            raise InputError("densedepth: ImageNet's weights see one image, so a stereo network cannot start from them")
        of_version = VERSIONS[version]
        self.pretrained = pretrained
        self.normalises_image = pretrained and of_version.normalises_image
        self.register_buffer("mean", torch.tensor(IMAGENET_MEAN).reshape(3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(IMAGENET_STD).reshape(3, 1, 1), persistent=False)
        self.encoder = DenseNet(of_version.encoder, width, norm, of_version.last_norm, self.in_channels)
        encoded = self.encoder.out_channels
        channels = encoded // of_version.narrowing
        self.bottom = nn.Conv2d(encoded, channels, kernel_size=1, padding=of_version.padding)
        self.decoder = nn.ModuleList()
        for skip, full_width in zip(reversed(self.encoder.tap_channels), of_version.decoder, strict=True):
            out = scaled_width(full_width, width, of_version.multiple)
            self.decoder.append(UpsamplingStage(channels, skip if skips == "concat" else 0, out))
            channels = out
        self.head = DepthHead(channels, head, min_depth)
        self.limits = head_function(head, min_depth).limits
        if of_version.xavier:
            for part in (self.bottom, self.decoder, self.head):
                init_xavier(part)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in [0, 1], or (B, 6, H, W) of two cameras -> (B, 1, H/2, W/2), normalised inverse depth.

        Raises InputError unless H and W are multiples of 32.
        """
        check_image(image, self.in_channels)
        if self.normalises_image:
            image = (image - self.mean) / self.std
        x, skips = self.encoder(image)
        x = self.bottom(x)
        for stage, skip in zip(self.decoder, reversed(skips), strict=True):
            x = stage(x, skip)
        return self.head(x)

    def stages(self) -> dict[str, list[nn.Module]]:
        """Stem, encoder blocks 1 to 4, the bottom, decoder stages 4 to 1, the head."""
        numbers = range(len(self.decoder), 0, -1)
        decoder = {f"decoder{n}": [stage] for n, stage in zip(numbers, self.decoder, strict=True)}
        return {**self.encoder.stages(), "bottom": [self.bottom], **decoder, "head": [self.head]}
