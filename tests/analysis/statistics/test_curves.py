"""Learning curves: power laws, what they foretell, and crossings."""

from math import inf, isnan, sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packdepth.analysis.statistics.curves import crossing, extrapolate, fit
from packdepth.errors import InputError

STEPS = np.array([250, 500, 1000, 2000, 4000])


def curve(floor: float, exponent: float, noise: float = 0.0, *, seeds: int = 5, number: int = 0) -> pd.DataFrame:
    """floor + 0.5 (n / 250)^-exponent, and noise for each seed and point."""
    losses = floor + 0.5 * (STEPS / 250.0) ** -exponent
    noises = np.random.default_rng(number).normal(0, noise, (len(STEPS), seeds))
    return pd.DataFrame(losses[:, None] + noises, index=STEPS)


def lines(*losses: list[float]) -> pd.DataFrame:
    """A column per seed, after 100, 200 and 400 steps."""
    return pd.DataFrame(dict(enumerate(losses)), index=[100, 200, 400])


@given(st.floats(0, 1), st.floats(0.2, 1.5))
def test_a_power_law_is_found_again(floor, exponent):
    law = fit(STEPS, curve(floor, exponent)[0])
    assert (law.floor, law.above, law.exponent) == pytest.approx((floor, 0.5, exponent), abs=1e-3)
    assert law.loss(250) == pytest.approx(floor + 0.5, abs=1e-4)


@pytest.mark.parametrize("losses", [[1.0] * 5, [1.0, 1.1, 1.2, 1.3, 1.4]])
def test_a_curve_that_does_not_fall_is_flat(losses):
    assert fit(STEPS, losses).loss(10_000) == pytest.approx(np.mean(losses))


def test_too_few_points_are_refused():
    with pytest.raises(InputError, match="four points"):
        fit(STEPS[:3], [3.0, 2.0, 1.0])
    with pytest.raises(InputError, match="four points"):
        extrapolate(curve(0.1, 0.5).iloc[:4])


def test_the_last_doubling_is_foretold():
    found = extrapolate(curve(0.3, 0.5))
    assert (found.steps, found.found) == (4000, pytest.approx(0.425))
    assert found.predicted == pytest.approx(0.425, abs=1e-4)
    assert (found.low, found.high) == pytest.approx((0, 0), abs=1e-4)


def test_the_last_doubling_is_not_fitted():
    losses = curve(0.3, 0.5)
    losses.loc[4000] += 0.1
    losses.loc[3000] = 9.0
    losses = losses.sort_index()
    found = extrapolate(losses)
    assert found.found - found.predicted == pytest.approx(0.1, abs=1e-4)
    assert found.low > 0.09


@pytest.mark.slow
def test_the_interval_of_the_error_covers_the_truth():
    covered = []
    for number in range(16):
        found = extrapolate(curve(0.3, 0.6, 0.01, seeds=4, number=number))
        assert found.low <= found.found - found.predicted <= found.high
        covered.append(found.low < 0 < found.high)
    assert np.mean(covered) >= 0.75


def test_curves_cross_halfway_between_points_of_the_logarithm():
    """From +1 after 100 steps to -1 after 200: at their geometric mean."""
    zero = lines([0.0, 0.0, 0.0], [0.0, 0.0, 0.0])
    found = crossing(lines([1.0, -1.0, -1.0], [1.0, -1.0, -1.0]), zero)
    where = 100 * sqrt(2)
    assert (found.steps, found.low, found.high, found.share) == pytest.approx((where, where, where, 1))


def test_the_last_of_several_crossings_counts():
    found = crossing(lines([1.0, -1.0, 1.0]), lines([0.0, 0.0, 0.0]))
    assert found.steps == pytest.approx(200 * sqrt(2))
    assert isnan(found.low)  # of one seed


def test_curves_that_do_not_cross():
    found = crossing(lines([1.0, 1.0, 1.0], [2.0, 2.0, 2.0]), lines([0.0, 0.0, 0.0], [0.0, 0.0, 0.0]))
    assert isnan(found.steps)
    assert isnan(found.low)
    assert found.share == 0


def test_a_crossing_may_lie_outside_the_data():
    """One seed crosses early, one never, one was ahead from the start."""
    zero = lines([0.0] * 3, [0.0] * 3, [0.0] * 3)
    found = crossing(lines([1.0, -3.0, -3.0], [1.0, 1.0, 1.0], [-1.0, -1.0, -1.0]), zero)
    assert 100 < found.steps < 200
    assert (found.low, found.high) == (0, inf)
    assert 0 < found.share < 1


def test_seeds_that_one_curve_lacks_are_left_out():
    first, second = lines([1.0, -1.0, -1.0], [9.0, 9.0, 9.0]), lines([0.0, 0.0, 0.0])
    assert crossing(first, second).steps == pytest.approx(100 * sqrt(2))


def test_curves_of_other_steps_or_seeds_are_refused():
    first = lines([1.0, 2.0, 3.0])
    with pytest.raises(InputError, match="numbers of steps"):
        crossing(first, first.rename(index={400: 800}))
    with pytest.raises(InputError, match="no seed in common"):
        crossing(first, first.rename(columns={0: 7}))
