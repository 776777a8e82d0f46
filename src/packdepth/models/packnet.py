"""PackNet (Guizilini et al., CVPR 2020, arXiv 1905.02693, table 1): neither pooling nor striding.

The slim and the full size, version A (skips concatenated) and B (skips summed) are those of its authors'
code, where they are called PackNetSlim01 and PackNet01, 1A and 1B. As published, slim 1B cannot run. Here
it is repaired by the rule that full 1B also keeps: what a skip is summed with has the skip's channels.

**Width.** Every layer of a narrower PackNet keeps its channels per group of GroupNorm (2 at the finest levels, 32 at
the coarsest) and has fewer groups, 16 * width; a wider one has more. `width` is rounded to eighths, at least 1/8: whole
groups need sixteenths, and an unpacking block's patches of four channels, which are two groups at the finest levels,
need twice that.

An earlier rule kept the 16 groups at every width. At width 1/4 the finest levels then had 16 channels, half of the
published ones and not a quarter, each a group of its own. So every channel lost its mean, as in instance normalisation,
where two channels of a group keep their difference. That was another network, not a narrower one.
"""

from dataclasses import dataclass
from typing import get_args

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from packdepth.config.variants import MIN_DEPTH, Head, PackNetSize, Sampling, Skips
from packdepth.models.checks import check_choice, check_image
from packdepth.models.heads import DepthHead, head_function
from packdepth.models.layers import (
    GROUPS,
    ConvBlock,
    MergeBlock,
    init_xavier,
    residual_stage,
    scaled_width,
)
from packdepth.models.network import ImageNetwork
from packdepth.models.sampling import down_block, up_block
from packdepth.models.stage import Stage

LEVELS = 5  # level n of the encoder ends at 1 / 2^n of the image's resolution
COARSEST_HEAD = 4  # decoder levels 4 to 1 have a depth head
RESIDUAL_BLOCKS = {2: 2, 3: 2, 4: 3, 5: 3}  # of the encoder's levels


@dataclass(frozen=True)
class Size:
    """Channels of the stem (first) and of levels 1 to 5, and the 3-D features of a packing block."""

    widths: tuple[int, ...]
    features_3d: int


SIZES: dict[PackNetSize, Size] = {
    "slim": Size((32, 32, 64, 128, 256, 512), features_3d=4),
    "full": Size((64, 64, 64, 128, 256, 512), features_3d=8),
}


class EncoderLevel(Stage):
    """Features at one resolution, packed to half of it (or brought there in another way)."""

    def __init__(
        self, level: int, widths: tuple[int, ...], features_3d: int, groups: int, shortcuts: bool, sampling: Sampling
    ) -> None:
        super().__init__()
        before, here = widths[level - 1], widths[level]
        self.features: nn.Module
        if level == 1:
            self.features = ConvBlock(before, here, kernel_size=7, groups=groups)
        else:
            self.features = residual_stage(before, here, RESIDUAL_BLOCKS[level], groups, shortcuts)
        # Named for packing whatever the way, and `unpacking` in the decoder: these names are in checkpoints.
        self.packing = down_block(sampling, here, 5 if level == 1 else 3, features_3d, groups)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H/2, W/2)."""
        return self.packing(self.features(x))


class DecoderLevel(Stage):
    """Features unpacked to double resolution (or brought there in another way), merged with skip and coarser depth.

    Without skips it has the structure of summed ones, but nothing is added.
    """

    def __init__(
        self,
        level: int,
        widths: tuple[int, ...],
        features_3d: int,
        groups: int,
        skips: Skips,
        head: Head,
        min_depth: float,
        sampling: Sampling,
    ) -> None:
        super().__init__()
        below, here, skip = widths[min(level + 1, LEVELS)], widths[level], widths[level - 1]
        self.skips = skips
        unpacked, joined = (here, here + skip) if skips == "concat" else (skip, skip)
        coarser_depth = 1 if level < COARSEST_HEAD else 0
        self.unpacking = up_block(sampling, below, unpacked, features_3d, groups)
        self.merge = MergeBlock(joined + coarser_depth, here, kernel_size=3, groups=groups)
        self.head = DepthHead(here, head, min_depth) if level <= COARSEST_HEAD else None

    def forward(self, x: Tensor, skip: Tensor, coarser_depth: Tensor | None) -> tuple[Tensor, Tensor | None]:
        """x (B, C, H, W), skip (B, S, 2H, 2W), coarser depth (B, 1, H, W) -> features and depth at 2H, 2W."""
        unpacked = self.unpacking(x)
        if self.skips == "sum":
            unpacked.add_(skip)
        elif self.skips == "concat":
            unpacked = torch.cat([unpacked, skip], dim=1)
        if coarser_depth is not None:
            coarser_depth = F.interpolate(coarser_depth, scale_factor=2, mode="nearest")
        features = self.merge(unpacked, coarser_depth)
        return features, None if self.head is None else self.head(features)


class PackNet(ImageNetwork):
    """PackNet; `heads` defines its output.

    By default the last decoder level is neither built nor run, and the output is at half resolution, as in
    the report; `full_resolution` builds it, as published.

    | `skips` | |
    | --- | --- |
    | `concat`, `sum` | versions A and B |
    | `none` | version C, "removes skip connections": the decoder gets no features of the encoder but the coarsest |
    | `none-and-no-shortcuts` | another reading of C: nor has any residual block a shortcut |

    `sampling` is its way down and up: packing, as published, or one of those that `models.sampling` matches to it. With
    `stereo` the stem also sees the second camera's image.
    """

    def __init__(
        self,
        width: float = 1.0,
        size: PackNetSize = "slim",
        skips: Skips = "sum",
        head: Head = "inverse-sigmoid",
        min_depth: float = MIN_DEPTH,
        full_resolution: bool = False,
        sampling: Sampling = "packing",
        stereo: bool = False,
    ) -> None:
        super().__init__()
        check_choice("size of packnet", size, get_args(PackNetSize))
        check_choice("skips of packnet", skips, get_args(Skips))
        check_choice("head of packnet", head, get_args(Head))
        check_choice("full_resolution of packnet", full_resolution, (False, True))
        check_choice("sampling of packnet", sampling, get_args(Sampling))
        check_choice("stereo of packnet", stereo, (False, True))
        self.stereo = stereo
        features_3d = SIZES[size].features_3d
        groups = scaled_width(GROUPS, width, multiple=2)
        widths = tuple(channels * groups // GROUPS for channels in SIZES[size].widths)
        shortcuts = skips != "none-and-no-shortcuts"
        finest = 1 if full_resolution else 2
        self.stem = ConvBlock(self.in_channels, widths[0], kernel_size=5, groups=groups)
        self.encoder = nn.ModuleDict(
            {str(n): EncoderLevel(n, widths, features_3d, groups, shortcuts, sampling) for n in range(1, LEVELS + 1)}
        )
        self.decoder = nn.ModuleDict(
            {
                str(n): DecoderLevel(n, widths, features_3d, groups, skips, head, min_depth, sampling)
                for n in range(LEVELS, finest - 1, -1)
            }
        )
        self.limits = head_function(head, min_depth).limits
        init_xavier(self)

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in [0, 1], or (B, 6, H, W) of two cameras -> the finest scale, (B, 1, H/2, W/2).

        With `full_resolution` (B, 1, H, W). Raises InputError unless H and W are multiples of 32.
        """
        return self.forward_scales(image)[0]

    def forward_scales(self, image: Tensor) -> list[Tensor]:
        """Every head's output, finest first, each (B, 1, h, w) at half the resolution of the one before."""
        check_image(image, self.in_channels)
        x = self.stem(image)
        skips = []
        for level in self.encoder.values():
            skips.append(x)
            x = level(x)
        depth, scales = None, []
        for level, skip in zip(self.decoder.values(), reversed(skips), strict=False):
            x, depth = level(x, skip, depth)
            scales.append(depth)
        return [scale for scale in reversed(scales) if scale is not None]

    def stages(self) -> dict[str, list[nn.Module]]:
        """Stem, encoder levels 1 to 5, decoder levels 5 to 2 (or 1), each of these with its head."""
        encoder = {f"encoder{level}": [module] for level, module in self.encoder.items()}
        decoder = {f"decoder{level}": [module] for level, module in self.decoder.items()}
        return {"stem": [self.stem], **encoder, **decoder}
