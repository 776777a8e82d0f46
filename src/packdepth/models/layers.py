"""The building blocks of PackNet (Guizilini et al., CVPR 2020, arXiv 1905.02693), and how widths scale.

Every 2-D convolution is followed by GroupNorm with 16 groups and an ELU, but for the residual blocks'
shortcuts.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from packdepth.models.convolutions import banded_conv3d, banded_conv3d_to_space, conv2d, conv3d, conv_beside, weights
from packdepth.models.folding import Composed, compose, folded_packing, folding_pays, folding_pays_on_gpus, paths
from packdepth.models.forms import Formed
from packdepth.models.matrix_units import dense_conv3d, filled_conv2d

GROUPS = 16


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


def normalise(norm: nn.Module, x: Tensor) -> Tensor:
    """norm(x), any shape (B, C, H, W); a GroupNorm written out where it is compiled.

    Written out it sums channel by channel, in the order that channels-last memory has, and can be joined with what
    stands around it. Traced as torch's own operation it had wrong gradients besides (torch 2.13, backend "aot_eager", a
    CPU, channels last).
    """
    if not (torch.compiler.is_compiling() and isinstance(norm, nn.GroupNorm)):
        return norm(x)
    batch, channels, height, width = x.shape
    x = x.to(torch.promote_types(x.dtype, torch.float32))

    def mean(values: Tensor) -> Tensor:
        """Of each group, for each of its channels: (B, C, 1, 1)."""
        groups = values.sum((2, 3)).view(batch, norm.num_groups, -1)
        of_group = groups.sum(2, keepdim=True) / (groups.shape[2] * height * width)
        return of_group.expand_as(groups).reshape(batch, channels, 1, 1)

    centred = x - mean(x)
    scale = torch.rsqrt(mean(centred.square()) + norm.eps) * norm.weight[:, None, None]
    return centred * scale + norm.bias[:, None, None]


class ConvBlock(Formed):
    """Convolution, GroupNorm, ELU; the GroupNorm only if `normalised`, as it is in PackNet."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int, normalised: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, padding=kernel_size // 2)
        self.norm = nn.GroupNorm(GROUPS, out_channels) if normalised else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H, W)."""
        return self.activated(conv2d(x, *weights(self.conv), self.form))

    def activated(self, x: Tensor) -> Tensor:
        """What comes after the convolution, (B, out, H, W) -> the same shape."""
        return F.elu(normalise(self.norm, x), inplace=True)


class MergeBlock(ConvBlock):
    """Convolution, GroupNorm, ELU of features and, where there is one, a map of depth beside them."""

    def forward(self, x: Tensor, depth: Tensor | None = None) -> Tensor:
        """(B, in or in - 1, H, W), depth (B, 1, H, W) -> (B, out, H, W)."""
        form = self.form_of(x)
        if depth is None or form == "published":
            return super().forward(x if depth is None else torch.cat([x, depth], dim=1))
        if form == "gpu":
            return self.activated(filled_conv2d([x, depth], *weights(self.conv)))
        return self.activated(conv_beside(x, depth, *weights(self.conv), self.form))


class ResidualBlock(nn.Module):
    """Two 3x3 convolution blocks beside a 1x1 shortcut; their sum is normalised again before the last ELU."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        super().__init__()
        self.conv1 = ConvBlock(in_channels, out_channels, kernel_size=3)
        self.conv2 = ConvBlock(out_channels, out_channels, kernel_size=3)
        self.shortcut = nn.Conv2d(in_channels, out_channels, kernel_size=1)
        self.norm = nn.GroupNorm(GROUPS, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H, W)."""
        return F.elu(normalise(self.norm, self.conv2(self.conv1(x)) + self.shortcut(x)), inplace=True)


def residual_stage(in_channels: int, out_channels: int, blocks: int) -> nn.Sequential:
    """`blocks` residual blocks, the first of which changes the number of channels."""
    first = ResidualBlock(in_channels, out_channels)
    return nn.Sequential(first, *(ResidualBlock(out_channels, out_channels) for _ in range(blocks - 1)))


class PackingBlock(Formed):
    """Halves the resolution without losing a pixel.

    Space to depth (each 2x2 patch becomes four channels), a 3-D convolution over (4C, H/2, W/2) to
    `features_3d` features, and a 2-D convolution of all their channels back to C (the paper's section 4.1).

    The two convolutions are computed as one where that pays (`form` "auto"), always ("cpu", "gpu") or never
    ("published").
    What must be composed for that is kept while the network is in evaluation mode, without gradients, and no weight
    changes.
    """

    paths: Tensor

    def __init__(self, channels: int, kernel_size: int, features_3d: int, normalised: bool = True) -> None:
        super().__init__()
        self.conv3d = nn.Conv3d(1, features_3d, kernel_size=3, padding=1)
        self.conv2d = ConvBlock(4 * channels * features_3d, channels, kernel_size, normalised)
        self.register_buffer("paths", paths(kernel_size), persistent=False)
        self._kept: tuple[list[Any], Composed] | None = None

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, C, H/2, W/2)."""
        conv2d = self.conv2d.conv
        if self._folds(x):
            linear = folded_packing(x, weights(conv2d)[1], self._composed(), self.form)
        else:
            convolve = conv3d if self.form_of(x) == "published" else banded_conv3d
            linear = conv2d(convolve(F.pixel_unshuffle(x, 2), *weights(self.conv3d)))
        return self.conv2d.activated(linear)

    def _folds(self, x: Tensor) -> bool:
        form = self.form_of(x)
        if self.form != "auto" or form == "published":
            return form != "published"
        pixels, size = len(x) * x[0, 0].numel() // 4, self.conv2d.conv.kernel_size[0]
        if form == "gpu":
            return folding_pays_on_gpus(pixels, size, x.shape[1], not self._keeps())
        return folding_pays(pixels, size, self.conv3d.out_channels, not self._keeps())

    def _keeps(self) -> bool:
        if self.training or torch.is_grad_enabled():
            return False
        return not self.conv3d.weight.is_inference()  # of which no change can be told

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


class UnpackingBlock(Formed):
    """The packing block backwards (the paper's section 4.2).

    A 2-D convolution to 4 * out / features_3d channels, a 3-D convolution to `features_3d` features of
    those, and depth to space (four channels become a 2x2 patch). GroupNorm asks that `out` be a multiple of
    4 * features_3d. The two do not fold: GroupNorm and ELU stand between.
    """

    def __init__(self, in_channels: int, out_channels: int, features_3d: int, normalised: bool = True) -> None:
        super().__init__()
        self.conv2d = ConvBlock(in_channels, 4 * out_channels // features_3d, 3, normalised)
        self.conv3d = nn.Conv3d(1, features_3d, kernel_size=3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, 2H, 2W)."""
        features = self.conv2d(x)
        form = self.form_of(x)
        if form != "cpu":
            convolve = dense_conv3d if form == "gpu" else conv3d
            return F.pixel_shuffle(convolve(features, *weights(self.conv3d)), 2)
        return banded_conv3d_to_space(features, *weights(self.conv3d))
