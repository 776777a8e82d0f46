"""The expected best of several trials."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packdepth.analysis.statistics.best_of import expected_best
from packdepth.errors import InputError


def test_three_trials_by_hand():
    """Of two draws the lowest is 1 with 5/9, 2 with 3/9 and 3 with 1/9; of three with 19/27, 7/27 and 1/27."""
    found = expected_best([3.0, 1.0, 2.0])
    assert found.to_dict() == pytest.approx({1: 2.0, 2: 14 / 9, 3: 36 / 27})


@given(st.lists(st.floats(0, 10), min_size=1, max_size=4))
def test_it_is_the_mean_over_all_draws(losses):
    found = expected_best(losses)
    for n, value in found.items():
        assert value == pytest.approx(np.mean([min(drawn) for drawn in product(losses, repeat=n)]), abs=1e-9)


@given(st.lists(st.floats(0, 10), min_size=1, max_size=30))
def test_more_trials_never_make_it_worse(losses):
    found = expected_best(losses)
    assert found[1] == pytest.approx(np.mean(losses))
    assert (found.diff().dropna() <= 1e-9).all()
    assert found.iloc[-1] >= min(losses) - 1e-9


def test_no_trial_is_refused():
    with pytest.raises(InputError, match="no trials"):
        expected_best([])
