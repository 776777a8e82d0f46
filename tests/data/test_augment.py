"""Augmentation: counted draws, the right probabilities, all pictures of a frame alike."""

import numpy as np

from packdepth.data.augment import Augmentation, drawn

RGB = np.arange(2 * 4 * 3, dtype=np.uint8).reshape(2, 4, 3)
DEPTH = np.arange(8, dtype=np.float32).reshape(2, 4)
NOTHING = (0, 1, 2)


def test_nothing_is_done_at_probability_zero():
    nothing = drawn((0, 0, 0), flip=0, channel_swap=0)
    np.testing.assert_array_equal(nothing.of_image(RGB), RGB)
    np.testing.assert_array_equal(nothing.of_map(DEPTH), DEPTH)


def test_image_and_depth_flip_together():
    flip = drawn((0, 0, 0), flip=1, channel_swap=0)
    np.testing.assert_array_equal(flip.of_image(RGB), RGB[:, ::-1])
    np.testing.assert_array_equal(flip.of_map(DEPTH), DEPTH[:, ::-1])


def test_stacks_are_augmented_as_each_of_their_pictures():
    both = Augmentation(flipped=True, colours=(2, 0, 1))
    stack = np.stack([RGB, RGB + 100])
    np.testing.assert_array_equal(both.of_image(stack)[1], both.of_image(RGB + 100))
    np.testing.assert_array_equal(both.of_map(np.stack([DEPTH, -DEPTH]))[1], -DEPTH[:, ::-1])


def test_channels_are_reordered_never_mixed():
    orders = set()
    for frame in range(100):
        swap = drawn((0, 0, frame), flip=0, channel_swap=1)
        np.testing.assert_array_equal(swap.of_map(DEPTH), DEPTH)
        orders.add(tuple(int(value) for value in swap.of_image(RGB)[0, 0]))
    assert len(orders) == 6
    assert all(sorted(order) == [0, 1, 2] for order in orders)


def test_the_same_key_draws_the_same_and_keys_draw_apart():
    first = [drawn((1, 2, frame), 0.5, 0.5).flipped for frame in range(400)]
    assert first == [drawn((1, 2, frame), 0.5, 0.5).flipped for frame in range(400)]
    assert first != [drawn((1, 3, frame), 0.5, 0.5).flipped for frame in range(400)]
    assert 150 < sum(first) < 250


def test_draws_are_those_of_the_published_runs():
    draws = [drawn((0, 0, frame), 0.5, 0.25) for frame in range(6)]
    random = [np.random.default_rng((0, 0, frame)) for frame in range(6)]
    for draw, rng in zip(draws, random, strict=True):
        flip, swap = rng.random(2)
        assert draw.flipped == (flip < 0.5)
        assert (draw.colours == tuple(rng.permutation(3))) or (swap >= 0.25 and draw.colours == NOTHING)
