"""How much a change does, by hand and by property."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packdepth.evaluation.effects import NORMAL_95, bootstrap_means, effect, pooled_deviation

NONE = float("nan")


def test_a_change_that_does_the_same_to_every_image_is_certain():
    before = np.array([[1.0, 3.0, 8.0]])
    found = effect(before, before - 0.5, NONE)
    assert (found.mean, found.low, found.high) == pytest.approx((0.5, 0.5, 0.5))
    assert (found.low_images, found.high_images) == pytest.approx((0.5, 0.5))


def test_the_interval_over_images_is_that_of_a_mean():
    random = np.random.default_rng(1)
    before, after = random.normal(2.0, 1.0, (1, 400)), np.zeros((1, 400))
    found = effect(before, after, NONE)
    half = NORMAL_95 * before.std() / math.sqrt(400)
    assert found.mean == pytest.approx(before.mean())
    assert found.high - found.mean == pytest.approx(half, rel=0.05)
    assert found.mean - found.low_images == pytest.approx(half, rel=0.08)


def test_seeds_widen_the_interval_and_more_of_them_less_so():
    """With images alike, the difference of two means over n seeds has the variance 2 s^2 / n."""
    before, after = np.full((3, 5), 2.0), np.full((2, 5), 1.0)
    assert effect(before, after, 0.1).high == pytest.approx(1 + NORMAL_95 * 0.1)  # two seeds have both
    assert effect(before, after[:1], 0.1).high == pytest.approx(1 + NORMAL_95 * 0.1 * math.sqrt(2))
    assert effect(before, after[:1], 0.1).high_images == pytest.approx(1)


def test_seeds_that_both_have_are_compared_image_by_image():
    before, after = np.array([[1.0, 2.0], [9.0, 9.0]]), np.array([[0.0, 4.0]])
    found = effect(before, after, NONE)
    assert found.mean == pytest.approx(-0.5)


def test_resamples_are_the_same_every_time():
    values = np.arange(7.0)
    np.testing.assert_array_equal(bootstrap_means(values), bootstrap_means(values))


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=20))
def test_resampled_means_lie_among_the_values(values):
    means = bootstrap_means(np.array(values))
    assert min(values) - 1e-9 <= means.min() <= means.max() <= max(values) + 1e-9


def test_pooled_deviation_by_hand():
    """Squares 2 and 8 with one and two degrees of freedom; a lone value tells nothing."""
    assert pooled_deviation([[1.0, 3.0], [0.0, 2.0, 4.0], [7.0]]) == pytest.approx(math.sqrt((2 + 8) / 3))
    assert math.isnan(pooled_deviation([[1.0], [2.0]]))
