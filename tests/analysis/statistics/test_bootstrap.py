"""Resampling and the interval of what comes of it."""

from math import inf, isnan, nan

import numpy as np
import pytest

from packdepth.analysis.statistics.bootstrap import RESAMPLES, interval, shares


def test_shares_are_those_of_samples_with_replacement():
    found = shares(4, np.random.default_rng(0))
    assert found.shape == (RESAMPLES, 4)
    np.testing.assert_allclose(found.sum(axis=1), 1)
    assert set(np.unique(found)) == {0, 0.25, 0.5, 0.75, 1}
    np.testing.assert_allclose(found.mean(axis=0), 0.25, atol=0.02)


def test_many_seeds_have_the_percentiles_of_the_values():
    assert interval(np.arange(1001.0), 10_000) == pytest.approx((25, 975), abs=1)


def test_few_seeds_have_wider_intervals():
    """With five seeds Student's t and sqrt(5 / 4) lead to a tail of 0.00096 (the normal one beyond 3.104)."""
    assert interval(np.arange(10_001.0), 5) == pytest.approx((9.6, 9990.4), abs=1)
    assert interval([3.0, 1.0, 2.0], 2) == (1, 3)


def test_one_seed_has_no_interval_and_values_that_are_none_do_not_count():
    assert all(map(isnan, interval([1.0, 2.0], 1)))
    assert all(map(isnan, interval([nan], 5)))
    assert interval([nan, 1.0, inf], 2) == (1, inf)


def test_the_interval_of_a_mean_covers_the_truth():
    generator = np.random.default_rng(1)
    covered = []
    for _ in range(400):
        values = generator.normal(0, 1, 6)
        low, high = interval(shares(6, generator) @ values, 6)
        covered.append(low < 0 < high)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.03)
