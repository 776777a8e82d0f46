"""DenseDepth's augmentation (arXiv 1812.11941, section 3.3), each draw a function of (seed, epoch, frame)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Augmentation:
    """What is done to all pictures of one frame alike."""

    flipped: bool  # left and right
    colours: tuple[int, int, int]  # the channels in their new order

    def of_image(self, rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Images (..., H, W, 3)."""
        return self.of_map(rgb.swapaxes(-1, -2)).swapaxes(-1, -2)[..., self.colours]

    def of_map(self, values: NDArray[Any]) -> NDArray[Any]:
        """Maps (..., W) such as depth."""
        return values[..., ::-1] if self.flipped else values


def drawn(key: tuple[int, int, int], flip: float, channel_swap: float) -> Augmentation:
    """Flip with probability `flip`, reorder the colours at random with probability `channel_swap`.

    `key` is (seed, epoch, frame): the same key gives the same draw, whatever was drawn before it.
    """
    random = np.random.default_rng(key)
    flip_draw, swap_draw = random.random(2)
    first, second, third = (int(channel) for channel in random.permutation(3))
    return Augmentation(flip_draw < flip, (first, second, third) if swap_draw < channel_swap else (0, 1, 2))
