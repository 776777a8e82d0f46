"""What is done to depth only so that it can be looked at."""

import numpy as np
from numpy.typing import NDArray

WIDTH = 160  # px, about that of a depth picture on a sheet of many: a LiDAR's points are lost on a larger one


def of_depth(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Depth (h, w) made smaller by a whole factor, to 160 px and more of width, or as it is if it has less than 320.

    Every pixel shows the nearest known depth of its block, 0 where none is known.
    """
    factor = max(1, depth.shape[1] // WIDTH)
    padded = np.pad(depth, [(0, -side % factor) for side in depth.shape])
    blocks = padded.reshape(padded.shape[0] // factor, factor, -1, factor)
    nearest = np.where(blocks > 0, blocks, np.inf).min(axis=(1, 3))
    return np.where(np.isinf(nearest), 0, nearest).astype(np.float32)
