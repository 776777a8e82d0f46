"""DenseDepth's augmentation (arXiv 1812.11941, section 3.3), each draw a function of (seed, epoch, frame)."""

import numpy as np
from numpy.typing import NDArray


def augment(
    rgb: NDArray[np.uint8],
    depth: NDArray[np.float32],
    key: tuple[int, int, int],
    flip: float,
    channel_swap: float,
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Flip left and right with probability `flip`, reorder the colours at random with probability `channel_swap`.

    `rgb` is (H, W, 3), `depth` (h, w); `key` is (seed, epoch, frame): the same key gives the same result,
    whatever was drawn before it.
    """
    random = np.random.default_rng(key)
    flip_draw, swap_draw = random.random(2)
    order = random.permutation(3)
    if flip_draw < flip:
        rgb, depth = rgb[:, ::-1], depth[:, ::-1]
    if swap_draw < channel_swap:
        rgb = rgb[:, :, order]
    return rgb, depth
