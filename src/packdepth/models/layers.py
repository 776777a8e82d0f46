"""The building blocks of PackNet (Guizilini et al., CVPR 2020, arXiv 1905.02693), and how widths scale.

GroupNorm and an ELU follow every 2-D convolution, except the residual blocks' shortcuts. As published, GroupNorm has
GROUPS groups, whatever the channels; `packnet` says what becomes of them at other widths.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

GROUPS = 16  # of every GroupNorm, as published


def scaled_width(channels: int, width: float, multiple: int) -> int:
    """`channels` times `width`, rounded to the nearest multiple of `multiple` and at least that."""
    return max(multiple, round(channels * width / multiple) * multiple)


def init_xavier(network: nn.Module) -> None:
    """Xavier-uniform weights and zero biases for every convolution."""
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Conv3d, nn.ConvTranspose2d)):
            nn.init.xavier_uniform_(module.weight)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


class GroupNormELU(nn.GroupNorm):
    """GroupNorm, then an ELU."""

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> the same shape."""
        return F.elu(super().forward(x), inplace=True)


class ConvBlock(nn.Module):
    """Convolution, GroupNorm of so many `groups`, ELU; no GroupNorm if `groups` is None."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, groups: int | None = GROUPS) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
        # Named for GroupNorm in either case: these names are in checkpoints.
        self.norm = nn.ELU(inplace=True) if groups is None else GroupNormELU(groups, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H, W)."""
        return self.norm(self.conv(x))


class MergeBlock(ConvBlock):
    """Convolution, GroupNorm, ELU of features, with a map of depth concatenated to them if there is one."""

    def forward(self, x: Tensor, depth: Tensor | None = None) -> Tensor:
        """(B, in or in - 1, H, W), depth (B, 1, H, W) -> (B, out, H, W)."""
        return super().forward(x if depth is None else torch.cat([x, depth], dim=1))


class ResidualBlock(nn.Module):
    """Two 3x3 convolution blocks, and a 1x1 shortcut; their sum is normalised again before the last ELU.

    Without a `shortcut` the second summand is 0, and its convolution does not exist.
    """

    def __init__(self, in_channels: int, out_channels: int, groups: int = GROUPS, shortcut: bool = True) -> None:
        super().__init__()
        self.conv1 = ConvBlock(in_channels, out_channels, kernel_size=3, groups=groups)
        self.conv2 = ConvBlock(out_channels, out_channels, kernel_size=3, groups=groups)
        self.shortcut = nn.Conv2d(in_channels, out_channels, kernel_size=1) if shortcut else None
        self.norm = GroupNormELU(groups, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H, W)."""
        residual = self.conv2(self.conv1(x))
        return self.norm(residual if self.shortcut is None else residual + self.shortcut(x))


def residual_stage(
    in_channels: int, out_channels: int, blocks: int, groups: int = GROUPS, shortcuts: bool = True
) -> nn.Sequential:
    """`blocks` residual blocks, the first of which changes the number of channels."""
    inputs = (in_channels, *[out_channels] * (blocks - 1))
    return nn.Sequential(*(ResidualBlock(channels, out_channels, groups, shortcuts) for channels in inputs))


class PackingBlock(nn.Module):
    """Halves the resolution without losing a pixel (the paper's section 4.1).

    Space to depth (each 2x2 patch becomes four channels), a 3-D convolution over (4C, H/2, W/2) to `features_3d`
    features, and a 2-D convolution of all their channels back to C.
    """

    def __init__(self, channels: int, kernel_size: int, features_3d: int, groups: int | None = GROUPS) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(1, features_3d, kernel_size=3, padding=1)
        self.conv2d = ConvBlock(4 * channels * features_3d, channels, kernel_size, groups)

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H/2, W/2)."""
        packed = F.pixel_unshuffle(x, 2)  # (B, 4C, H/2, W/2)
        features = self.conv3d(packed[:, None])  # (B, features_3d, 4C, H/2, W/2)
        return self.conv2d(features.flatten(1, 2))


class UnpackingBlock(nn.Module):
    """The packing block backwards (the paper's section 4.2).

    A 2-D convolution to 4 * out / features_3d channels, a 3-D convolution to `features_3d` features of those, and depth
    to space (four channels become a 2x2 patch). 4 * out / features_3d must be a multiple of 4, so that a patch is
    of one feature, and of `groups`.
    """

    def __init__(self, in_channels: int, out_channels: int, features_3d: int, groups: int | None = GROUPS) -> None:
        super().__init__()
        self.conv2d = ConvBlock(in_channels, 4 * out_channels // features_3d, 3, groups)
        self.conv3d = nn.Conv3d(1, features_3d, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, 2H, 2W)."""
        features = self.conv3d(self.conv2d(x)[:, None])  # (B, features_3d, 4 * out / features_3d, H, W)
        return F.pixel_shuffle(features.flatten(1, 2), 2)
