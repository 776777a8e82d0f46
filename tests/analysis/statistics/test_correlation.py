"""Rank correlation over images, with seeds."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from packdepth.analysis.statistics.correlation import spearman


def test_the_mean_over_seeds_is_scipys_with_ties_too():
    generator = np.random.default_rng(0)
    first = pd.DataFrame(generator.integers(0, 9, (50, 3)))
    second = first + pd.DataFrame(generator.normal(0, 5, (50, 3)))
    expected = [spearmanr(first[seed], second[seed]).statistic for seed in range(3)]
    mean, low, high = spearman(first, second)
    assert mean == pytest.approx(np.mean(expected))
    assert low < mean < high


def test_what_orders_alike_has_a_correlation_of_one_and_noise_has_none():
    values = pd.DataFrame(np.random.default_rng(1).uniform(size=(200, 3)))
    assert spearman(values, values**3) == pytest.approx((1.0, 1.0, 1.0))
    noise = pd.DataFrame(np.random.default_rng(2).uniform(size=(200, 3)))
    mean, low, high = spearman(values, noise)
    assert low < 0 < high
    assert abs(mean) < 0.15


def test_one_seed_has_no_interval_and_equal_values_no_correlation():
    values = pd.DataFrame({0: [1.0, 2.0, 3.0]})
    mean, low, high = spearman(values, values)
    assert mean == 1
    assert np.isnan([low, high]).all()
    assert np.isnan(spearman(values, values * 0)[0])
