"""Real photographs in tiles."""

import numpy as np
from skimage import data

from packdepth.evaluation.photos import NAMES, tiles


def test_tiles_are_parts_of_the_photographs_side_by_side():
    found = tiles((96, 128))
    assert {name.split("/")[0] for name in found} == set(NAMES)
    assert all(tile.shape == (96, 128, 3) and tile.dtype == np.uint8 for tile in found.values())
    np.testing.assert_array_equal(found["chelsea/1/2"], data.chelsea()[96:192, 256:384])
    assert "chelsea/3/0" not in found  # 300 rows hold three
    assert len(found) > 50


def test_photographs_smaller_than_a_tile_are_left_out():
    assert {name.split("/")[0] for name in tiles((480, 480))} == {"astronaut"}
