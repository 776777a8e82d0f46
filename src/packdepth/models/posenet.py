"""PoseNet: how the camera moved between a target frame and its two neighbours, from the images only.

The pose network of SfMLearner (Zhou et al., CVPR 2017, section 3.5) as PackNet uses it (Guizilini et al., CVPR 2020,
arXiv 1905.02693), without the explainability mask, and with GroupNorm as in PackNet's published code.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from packdepth.errors import InputError
from packdepth.geometry.euler import rotation_from_euler
from packdepth.geometry.rigid import rigid
from packdepth.models.checks import check_image
from packdepth.models.layers import GROUPS, init_xavier

CONTEXT_FRAMES = 2
CHANNELS = (16, 32, 64, 128, 256, 256, 256)
KERNEL_SIZES = (7, 5, 3, 3, 3, 3, 3)
OUTPUT_SCALE = 0.01  # so that an untrained network predicts hardly any motion


class StridedBlock(nn.Module):
    """Convolution with stride 2, GroupNorm, ReLU."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(in_channels, out_channels, kernel_size, stride=2, padding=kernel_size // 2)
        self.norm = nn.GroupNorm(GROUPS, out_channels)

    def forward(self, x: Tensor) -> Tensor:
        """(B, in, H, W) -> (B, out, H/2, W/2), halves rounded up."""
        return F.relu(self.norm(self.conv(x)), inplace=True)


class PoseNet(nn.Module):
    """Seven strided blocks and a 1x1 convolution to six numbers a context frame, averaged over the image.

    The six are translation (m) and Euler angles (rad) of context_from_target, which takes points of the target camera
    to the context camera. The published code uses them like that, to look up target pixels in the context frames.
    """

    def __init__(self) -> None:
        super().__init__()
        inputs = (3 * (1 + CONTEXT_FRAMES), *CHANNELS[:-1])
        blocks = zip(inputs, CHANNELS, KERNEL_SIZES, strict=True)
        self.encoder = nn.Sequential(*(StridedBlock(*block) for block in blocks))
        self.head = nn.Conv2d(CHANNELS[-1], 6 * CONTEXT_FRAMES, kernel_size=1)
        init_xavier(self)

    def forward(self, target: Tensor, context: Tensor) -> Tensor:
        """Motion to each context frame; under autocast in float32, as bf16 has too few digits for a pose.

        Args:
            target: (B, 3, H, W) RGB in [0, 1], H and W multiples of 32.
            context: (B, 2, 3, H, W), the frames before and after the target.

        Returns:
            context_from_target, (B, 2, 4, 4), m.

        Raises:
            InputError: a shape is not as above.
        """
        check_image(target)
        expected = (len(target), CONTEXT_FRAMES, *target.shape[1:])
        if context.shape != expected:
            raise InputError(f"context: expected shape {expected}, got {tuple(context.shape)}")
        numbers = self.head(self.encoder(torch.cat([target, context.flatten(1, 2)], dim=1)))
        numbers = numbers.to(torch.promote_types(numbers.dtype, torch.float32))
        pose = OUTPUT_SCALE * numbers.mean((2, 3)).unflatten(1, (CONTEXT_FRAMES, 6))
        return rigid(rotation_from_euler(pose[..., 3:]), pose[..., :3])

    def stages(self) -> dict[str, list[nn.Module]]:
        """The whole network as one stage, `pose`, like the stages of a depth network."""
        return {"pose": [self]}
