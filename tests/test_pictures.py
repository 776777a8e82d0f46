"""Depth made small enough to be looked at."""

import numpy as np

from packdepth.pictures import of_depth


def test_a_depth_picture_keeps_the_nearest_point_of_a_block():
    depth = np.zeros((5, 330), np.float32)  # blocks of 2 x 2, the last row of them cut
    depth[0, 0], depth[1, 1], depth[4, 329] = 7, 3, 9
    small = of_depth(depth)
    assert small.shape == (3, 165)
    assert small[0, 0] == 3
    assert small[2, 164] == 9
    assert np.count_nonzero(small) == 2


def test_a_small_picture_is_left_as_it_is():
    depth = np.random.default_rng(0).random((96, 128), np.float32)
    np.testing.assert_array_equal(of_depth(depth), depth)
