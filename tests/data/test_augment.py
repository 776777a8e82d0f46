"""Augmentation: counted draws, the right probabilities, image and depth together."""

import numpy as np

from packdepth.data.augment import augment

RGB = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
DEPTH = np.arange(8, dtype=np.float32).reshape(2, 4)


def test_nothing_is_done_at_probability_zero():
    rgb, depth = augment(RGB, DEPTH, (0, 0, 0), flip=0, channel_swap=0)
    np.testing.assert_array_equal(rgb, RGB)
    np.testing.assert_array_equal(depth, DEPTH)


def test_image_and_depth_flip_together():
    rgb, depth = augment(RGB, DEPTH, (0, 0, 0), flip=1, channel_swap=0)
    np.testing.assert_array_equal(rgb, RGB[:, ::-1])
    np.testing.assert_array_equal(depth, DEPTH[:, ::-1])


def test_channels_are_reordered_never_mixed():
    orders = set()
    for frame in range(100):
        rgb, depth = augment(RGB, DEPTH, (0, 0, frame), flip=0, channel_swap=1)
        np.testing.assert_array_equal(depth, DEPTH)
        orders.add(tuple(int(value) for value in rgb[0, 0]))
    assert len(orders) == 6
    assert all(sorted(order) == [0, 1, 2] for order in orders)


def test_the_same_key_draws_the_same_and_keys_draw_apart():
    def flipped(*key: int) -> bool:
        return bool(augment(RGB, DEPTH, key, 0.5, 0.5)[1][0, 0] != 0)

    first = [flipped(1, 2, frame) for frame in range(400)]
    assert first == [flipped(1, 2, frame) for frame in range(400)]
    assert first != [flipped(1, 3, frame) for frame in range(400)]
    assert 150 < sum(first) < 250
