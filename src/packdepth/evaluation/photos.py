"""A few real photographs, so that what was learned from ray-cast rooms can be tried on the world: scikit-image's own.

They come with the library: nothing is downloaded, and their licences are listed there.
"""

import numpy as np
from numpy.typing import NDArray
from skimage import data

NAMES = ("astronaut", "chelsea", "coffee", "rocket")  # a portrait, a cat, a cup on a table, a launch pad


def tiles(size: tuple[int, int]) -> dict[str, NDArray[np.uint8]]:
    """Tiles of `size` (height, width, px) side by side in every photograph, (H, W, 3), by name: `coffee/1/2`.

    What is left at the right and at the bottom is left out; a photograph smaller than `size` has none.
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
