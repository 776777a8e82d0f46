"""The effects of two-level designs, by hand and by simulation."""

from math import sqrt

import numpy as np
import pandas as pd
import pytest

from packdepth.analysis.statistics.effects import gain, interaction
from packdepth.analysis.statistics.factorial import analyse
from packdepth.config.factorial import Design
from packdepth.errors import InputError

HALF = Design("ABCD", {"D": "ABC"})
SIXTEEN = Design("ABCDEFG", {"E": "ABC", "F": "BCD", "G": "ACD"})  # Box, Hunter and Hunter's 2^(7-3)


def table(design: Design) -> pd.DataFrame:
    return pd.DataFrame(design.runs())


def test_effects_by_hand():
    """y = 3 A - B + 2 A B + seed + error; the residuals are +1 and -1 where A B C is."""
    design = Design("ABC")
    runs = table(design)
    error = runs.prod(axis=1)
    signal = 3 * runs["A"] - runs["B"] + 2 * runs["A"] * runs["B"] + error
    effects = analyse(design, pd.DataFrame({0: signal + 10, 1: signal - 5}))
    expected = {"A": 6, "B": -2, "C": 0, "A:B": 4, "A:C": 0, "B:C": 0}
    assert {name: effect.mean for name, effect in effects.items()} == pytest.approx(expected)
    for effect in effects.values():  # 16 responses, 6 chains and 2 seeds: 8 degrees of freedom
        assert effect.standard_error == pytest.approx(2 * sqrt(16 / 8 / 16))
        assert (effect.freedom, effect.seeds, effect.images) == (8, 2, 1)


def test_aliased_interactions_are_one_sum():
    runs = table(HALF)
    response = runs["A"] * runs["B"] + 2 * runs["C"] * runs["D"]
    effects = analyse(HALF, pd.DataFrame({0: response, 1: response}))
    assert list(effects) == HALF.alias_table().splitlines()
    assert effects["A:B + C:D"].mean == pytest.approx(6)


def test_an_interaction_with_the_network_is_half_a_difference_of_differences():
    design = Design(["network", "swap"])
    skills = pd.DataFrame(np.random.default_rng(0).random((4, 3)))  # PackNet's are runs 1 and 3, the swap's 2 and 3
    mean_loss = (1 - skills).to_numpy()[:, None]  # (run, image, seed)
    packnet, densedepth = (
        gain(pd.DataFrame(mean_loss[before]), pd.DataFrame(mean_loss[after]), 1.0) for before, after in ((1, 3), (0, 2))
    )
    expected = interaction(packnet, densedepth)
    found = analyse(design, skills)["network:swap"]
    assert 2 * found.mean == pytest.approx(expected.mean)


@pytest.mark.slow
def test_intervals_cover_the_truth():
    generator = np.random.default_rng(1)
    runs = table(SIXTEEN)
    truth = (0.6 * runs["A"] + 0.1 * runs["B"] * runs["D"]).to_numpy()[:, None]
    covered = []
    for _ in range(200):
        noise = generator.normal(0, 1, (16, 2)) + generator.normal(0, 3, 2)  # and seeds
        effects = analyse(SIXTEEN, pd.DataFrame(truth + noise))
        covered.append([effects["A"].low < 1.2 < effects["A"].high, effects["B"].low < 0 < effects["B"].high])
    assert np.mean(covered) == pytest.approx(0.95, abs=0.025)


@pytest.mark.parametrize(
    ("responses", "message"),
    [
        (pd.DataFrame({0: range(7)}), "every run"),
        (pd.DataFrame({0: [1.0] * 7 + [np.nan]}), "every run"),
        (pd.DataFrame({0: [float(value) for value in range(8)]}), "degrees of freedom"),
    ],
)
def test_responses_that_are_too_few_are_refused(responses, message):
    with pytest.raises(InputError, match=message):
        analyse(HALF, responses)
