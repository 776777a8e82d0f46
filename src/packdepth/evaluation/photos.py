"""A few real photographs, to test on the real world what was learned from ray-cast rooms.

They come with scikit-image: nothing is downloaded, and their licences are listed there.
"""

import numpy as np
from numpy.typing import NDArray
from skimage import data

NAMES = ("astronaut", "chelsea", "coffee", "rocket")  # a portrait, a cat, a cup on a table, a launch pad


def tiles(size: tuple[int, int]) -> dict[str, NDArray[np.uint8]]:
    """Tiles of `size` (height, width, px) side by side in every photograph, (H, W, 3), by name: `coffee/1/2`.

    Remainders at the right and at the bottom are left out; a photograph smaller than `size` has no tiles.
    """
    height, width = size
    found = {}
    for name in NAMES:
        photo = getattr(data, name)()
        for row in range(photo.shape[0] // height):
            for column in range(photo.shape[1] // width):
                tile = photo[row * height :, column * width :][:height, :width, :3]
                found[f"{name}/{row}/{column}"] = np.ascontiguousarray(tile)
    return found
