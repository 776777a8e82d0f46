"""How much a change does, by hand and by property."""

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packdepth.analysis.effects import SeedNoise, bootstrap_means, effect, seed_noise
from packdepth.errors import InputError

UNKNOWN = SeedNoise(math.nan, 0)
KNOWN = SeedNoise(0.1, 8)
T_8 = 2.306004  # the 97.5 % quantile of Student's t with 8 degrees of freedom


def table(*seeds: list[float]) -> pd.DataFrame:
    """A column a seed, a row an image."""
    return pd.DataFrame({number: values for number, values in enumerate(seeds)}).rename(index=str)


def test_a_change_that_does_the_same_to_every_image_is_certain():
    before = table([1.0, 3.0, 8.0])
    found = effect(before, before - 0.5, UNKNOWN)
    assert (found.mean, found.low, found.high) == pytest.approx((0.5, 0.5, 0.5))
    assert (found.low_images, found.high_images) == pytest.approx((0.5, 0.5))


def test_the_interval_over_images_is_that_of_a_mean():
    before = table(np.random.default_rng(1).normal(2.0, 1.0, 400).tolist())
    found = effect(before, 0 * before, UNKNOWN)
    half = 1.96 * before[0].std() / math.sqrt(400)
    assert found.mean == pytest.approx(before[0].mean())
    assert found.high - found.mean == pytest.approx(half, rel=0.05)
    assert found.mean - found.low_images == pytest.approx(half, rel=0.08)


def test_seeds_widen_the_interval_and_more_of_them_less_so():
    """With images alike, the difference of means over n and m seeds has the variance s^2 (1 / n + 1 / m)."""
    before, after = table([2.0] * 5, [2.0] * 5, [2.0] * 5), table([1.0] * 5)
    found = effect(before, after, KNOWN)
    assert found.high == pytest.approx(1 + T_8 * 0.1 * math.sqrt(1 / 3 + 1))
    assert found.high_images == pytest.approx(1)
    assert effect(before, before - 1, KNOWN).low == pytest.approx(1 - T_8 * 0.1 * math.sqrt(2 / 3))


def test_images_are_paired_by_name_whatever_their_order():
    before = pd.DataFrame({0: [1.0, 2.0]}, index=["a", "b"])
    after = pd.DataFrame({0: [1.5, 0.5], 7: [1.5, 0.5]}, index=["b", "a"])
    found = effect(before, after, UNKNOWN)
    assert (found.mean, found.low_images) == pytest.approx((0.5, 0.5))


def test_other_images_are_refused():
    with pytest.raises(InputError, match="different test images"):
        effect(pd.DataFrame({0: [1.0]}, index=["a"]), pd.DataFrame({0: [1.0]}, index=["b"]), UNKNOWN)


def test_resamples_are_the_same_every_time():
    values = np.arange(7.0)
    np.testing.assert_array_equal(bootstrap_means(values), bootstrap_means(values))


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=20))
def test_resampled_means_lie_among_the_values(values):
    means = bootstrap_means(np.array(values))
    assert min(values) - 1e-9 <= means.min() <= means.max() <= max(values) + 1e-9


def test_seed_noise_by_hand():
    """Squares 2 and 8 with one and two degrees of freedom; a lone value tells nothing."""
    noise = seed_noise([[1.0, 3.0], [0.0, 2.0, 4.0], [7.0]])
    assert (noise.deviation, noise.freedom) == (pytest.approx(math.sqrt((2 + 8) / 3)), 3)
    nothing = seed_noise([[1.0], [2.0]])
    assert math.isnan(nothing.deviation)
    assert nothing.half_width(1, 1) == 0
