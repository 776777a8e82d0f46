"""Autoencoders that differ only in how they go down and up: what does packing keep that others lose?

PackNet's authors show that packing and unpacking reconstruct an image that max-pooling and bilinear upsampling blur
(arXiv 1905.02693, figure 3). Here every network has a stem, three levels down, a code of CODE channels at an eighth of
the resolution, three levels up and a last convolution; a level is a block of features (3x3 convolution, ELU) and one
method of sampling. Nothing is normalised: GroupNorm removes the brightness of an image, and that loss would hide
what sampling loses.

| sampling | down | up |
| --- | --- | --- |
| `packing` | PackNet's packing block | its unpacking block |
| `space-to-depth` | the same without the Conv3d: space to depth, a 3x3 block | a 3x3 block, depth to space |
| `strided` | a 3x3 block with stride 2 | a transposed 4x4 convolution with stride 2 |
| `pooling` | maximum of 2x2 pixels | bilinear, a 3x3 block |
"""

from collections.abc import Callable
from typing import get_args

import torch.nn.functional as F
from torch import Tensor, nn

from packdepth.config.variants import Sampling
from packdepth.models.checks import check_choice, check_image
from packdepth.models.layers import ConvBlock, PackingBlock, UnpackingBlock, init_xavier, scaled_width
from packdepth.models.network import ImageNetwork

WIDTHS = (32, 64, 128)  # of the levels at 1/1, 1/2 and 1/4 of the resolution
LEVELS = len(WIDTHS)
CODE = 64  # channels, whatever the width: a third of the numbers in the 8x8 pixels that they encode
FEATURES_3D = 4
MULTIPLE = 8  # scaled_width widths are multiples of it


class Block(ConvBlock):
    """A 3x3 convolution, ELU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__(in_channels, out_channels, kernel_size=3, groups=None)


class SpaceToDepth(nn.Module):
    """Each 2x2 patch becomes four channels, which a 3x3 block brings back to C."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = Block(4 * channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H/2, W/2)."""
        return self.conv(F.pixel_unshuffle(x, 2))


class DepthToSpace(nn.Module):
    """A 3x3 block, then every four channels become a 2x2 patch."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = Block(in_channels, 4 * out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, 2H, 2W)."""
        return F.pixel_shuffle(self.conv(x), 2)


class Strided(nn.Module):
    """A 3x3 convolution with stride 2, ELU."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, kernel_size=3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H/2, W/2)."""
        return F.elu(self.conv(x), inplace=True)


class Transposed(nn.Module):
    """A transposed convolution with stride 2, ELU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv = nn.ConvTranspose2d(in_channels, out_channels, kernel_size=4, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, 2H, 2W)."""
        return F.elu(self.conv(x), inplace=True)


class Upsampled(Block):
    """Bilinear upsampling, a 3x3 block."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, 2H, 2W)."""
        return super().forward(F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False))


SAMPLINGS: dict[Sampling, tuple[Callable[[int], nn.Module], Callable[[int, int], nn.Module]]] = {
    "packing": (
        lambda channels: PackingBlock(channels, 3, FEATURES_3D, groups=None),
        lambda below, here: UnpackingBlock(below, here, FEATURES_3D, groups=None),
    ),
    "space-to-depth": (SpaceToDepth, DepthToSpace),
    "strided": (Strided, Transposed),
    "pooling": (lambda channels: nn.MaxPool2d(2), Upsampled),
}


class Autoencoder(ImageNetwork):
    """Reconstructs an image from its code, without skips. `width` scales the levels' channels."""

    def __init__(self, width: float = 1.0, sampling: Sampling = "packing") -> None:
        super().__init__()
        check_choice("sampling of autoencoder", sampling, get_args(Sampling))
        down, up = SAMPLINGS[sampling]
        widths = [scaled_width(channels, width, MULTIPLE) for channels in WIDTHS]
        above, below = [widths[0], *widths[:-1]], [*widths[1:], widths[-1]]
        self.stem = Block(3, widths[0])
        self.encoder = nn.ModuleList(
            nn.Sequential(Block(finer, here), down(here)) for finer, here in zip(above, widths, strict=True)
        )
        self.code = nn.Sequential(Block(widths[-1], CODE), Block(CODE, widths[-1]))
        self.decoder = nn.ModuleList(
            nn.Sequential(up(coarser, here), Block(here, here))
            for coarser, here in reversed([*zip(below, widths, strict=True)])
        )
        self.last = nn.Conv2d(widths[0], 3, kernel_size=3, padding=1)
        init_xavier(self)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in [0, 1] -> (B, 3, H, W). Raises InputError unless H and W are multiples of 32."""
        check_image(image)
        x = self.stem(image)
        for part in (*self.encoder, self.code, *self.decoder):
            x = part(x)
        return self.last(x)

    def stages(self) -> dict[str, list[nn.Module]]:
        """Stem, encoder levels 1 to 3, the code, decoder levels 3 to 1, the last convolution."""
        encoder = {f"encoder{n}": [level] for n, level in enumerate(self.encoder, start=1)}
        numbers = range(len(self.decoder), 0, -1)
        decoder = {f"decoder{n}": [level] for n, level in zip(numbers, self.decoder, strict=True)}
        return {"stem": [self.stem], **encoder, "code": [self.code], **decoder, "last": [self.last]}
