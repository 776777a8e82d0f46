"""What every network of the study offers."""

from abc import ABC, abstractmethod
from math import inf

import numpy as np
import torch
from torch import Tensor, nn

COLOURS = 3


class ImageNetwork(nn.Module, ABC):
    """An RGB image in, a map out: a depth map has half the image's resolution, and `heads` defines it.

    A `stereo` network also sees what a second camera took: its images have six channels, those of the second one last.
    """

    stereo: bool = False
    limits: tuple[float, float] = (-inf, inf)  # the open interval of the map's values

    @abstractmethod
    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) RGB in [0, 1], H and W multiples of 32 -> (B, 1, H/2, W/2), or an autoencoder's (B, 3, H, W).

        A stereo network takes (B, 6, H, W). Raises InputError.
        """

    def forward_scales(self, image: Tensor) -> list[Tensor]:
        """All maps that the network predicts, finest first; the first is `forward`'s."""
        return [self(image)]

    @property
    def in_channels(self) -> int:
        """The channels of what it sees: the colours of one image, or of two."""
        return 2 * COLOURS if self.stereo else COLOURS

    @abstractmethod
    def stages(self) -> dict[str, list[nn.Module]]:
        """The network's parts by name, from input to output; every parameter is in exactly one of them."""


def image_tensor(rgb: np.ndarray) -> Tensor:
    """uint8 (..., H, W, C) to float32 (..., C, H, W) in [0, 1]."""
    return torch.from_numpy(np.ascontiguousarray(np.moveaxis(rgb, -1, -3))).float().div_(255.0)
