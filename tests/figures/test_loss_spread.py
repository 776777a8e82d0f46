import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from packdepth.figures.loss_spread import by_fifth, finding


def test_fifths_by_hand() -> None:
    table = pd.DataFrame({0: range(10), 1: range(10, 20)})
    assert [list(fifth) for fifth in by_fifth(table)] == [
        [0, 10, 1, 11],
        [2, 12, 3, 13],
        [4, 14, 5, 15],
        [6, 16, 7, 17],
        [8, 18, 9, 19],
    ]


@given(st.integers(1, 200))
def test_fifths_share_the_steps_evenly_and_lose_none(steps: int) -> None:
    fifths = by_fifth(pd.DataFrame({0: range(steps)}))
    assert [step for fifth in fifths for step in fifth] == list(range(steps))
    assert max(map(len, fifths)) - min(map(len, fifths)) <= 1


def test_the_finding_names_whose_median_falls_most() -> None:
    fifths = {
        "a": [np.array([4.0]), *[np.array([3.0])] * 4],
        "b": [np.array([4.0, 2.0]), *[np.array([1.5])] * 4],
        "short": [np.array([9.0]), *[np.array([])] * 4],
        "diverged": [np.array([9.0]), *[np.array([np.nan])] * 4],
    }
    assert finding(fifths) == "b's loss falls most: its median by 50% from the first to the last fifth"
    assert finding({"short": fifths["short"]}) == "Too few steps to compare"
    assert finding({"worse": fifths["a"][::-1]}) == "No variant's median loss falls from the first to the last fifth"
