"""Two-level designs and their effects, by hand and by simulation."""

from math import inf, sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packdepth.analysis.statistics.effects import gain, interaction
from packdepth.analysis.statistics.factorial import Design, analyse, find_design
from packdepth.errors import InputError

HALF = Design("ABCD", {"D": "ABC"})
SIXTEEN = Design("ABCDEFG", {"E": "ABC", "F": "BCD", "G": "ACD"})  # Box, Hunter and Hunter's 2^(7-3)


def lengths(design: Design) -> list[int]:
    return sorted(len(word) for word in design.defining_words)


def test_all_combinations_of_three():
    design = Design("ABC")
    assert design.runs().to_numpy().tolist() == [
        [-1, -1, -1],
        [1, -1, -1],
        [-1, 1, -1],
        [1, 1, -1],
        [-1, -1, 1],
        [1, -1, 1],
        [-1, 1, 1],
        [1, 1, 1],
    ]
    assert design.resolution == inf
    assert design.alias_table().splitlines() == ["A", "B", "C", "A:B", "A:C", "B:C"]


def test_half_of_four_factors():
    runs = HALF.runs()
    assert (runs["D"] == runs["A"] * runs["B"] * runs["C"]).all()
    assert (len(runs), HALF.resolution) == (8, 4)
    assert HALF.alias_table().splitlines() == ["A", "B", "C", "D", "A:B + C:D", "A:C + B:D", "A:D + B:C"]


def test_an_eighth_of_seven_factors():
    assert (len(SIXTEEN.runs()), SIXTEEN.resolution, lengths(SIXTEEN)) == (16, 4, [4] * 7)
    assert SIXTEEN.alias_table().splitlines() == [
        *"ABCDEFG",
        "A:B + C:E + F:G",
        "A:C + B:E + D:G",
        "A:D + C:G + E:F",
        "A:E + B:C + D:F",
        "A:F + B:G + D:E",
        "A:G + B:F + C:D",
        "B:D + C:F + E:G",
    ]


def test_factors_have_names():
    design = Design(["rate", "skips", "swap"], {"swap": ["rate", "skips"]})
    assert design.alias_table().splitlines() == ["rate + skips:swap", "skips + rate:swap", "swap + rate:skips"]


@pytest.mark.parametrize(
    ("factors", "runs", "expected"),
    [
        (3, 8, []),
        (4, 8, [4]),
        (5, 16, [5]),
        (7, 8, [3] * 7 + [4] * 7 + [7]),
        (7, 16, [4] * 7),
        (7, 32, [4, 5, 5]),
        (8, 16, [4] * 14 + [8]),
        (8, 64, [5, 5, 6]),
    ],
)
def test_the_fraction_found_has_minimum_aberration(factors, runs, expected):
    """The numbers of words by length are those of Box, Hunter and Hunter's (2005) and Fries and Hunter's tables."""
    design = find_design("ABCDEFGH"[:factors], runs)
    assert (len(design.runs()), lengths(design)) == (runs, sorted(expected))


@given(st.sampled_from([(4, 8), (5, 8), (5, 16), (6, 8), (6, 16), (7, 16), (8, 16)]))
def test_terms_are_aliased_where_their_columns_are_equal_and_orthogonal_elsewhere(size):
    design = find_design("ABCDEFGH"[: size[0]], size[1])
    runs = design.runs()
    columns = [[runs[list(term)].prod(axis=1) for term in chain] for chain in design.chains]
    for chain in columns:
        assert all((column == chain[0]).all() for column in chain)
        assert sum(abs(int((chain[0] * other[0]).sum())) for other in columns) == size[1]
        assert chain[0].sum() == 0


@pytest.mark.parametrize("generators", [{"D": "ABX"}, {"X": "AB"}, {"C": "D", "D": "AB"}, {"D": "AAB"}])
def test_generators_of_other_factors_are_refused(generators):
    with pytest.raises(InputError, match="generator of"):
        Design("ABCD", generators)


@pytest.mark.parametrize("generators", [{"D": "A"}, {"C": "AB", "D": "AB"}])
def test_designs_that_confuse_main_effects_are_refused(generators):
    with pytest.raises(InputError, match="main effects"):
        Design("ABCD", generators)


@pytest.mark.parametrize("runs", [0, 4, 6, 32])
def test_other_numbers_of_runs_are_refused(runs):
    with pytest.raises(InputError, match="4 factors"):
        find_design("ABCD", runs)


def test_effects_by_hand():
    """y = 3 A - B + 2 A B + seed + error; the residuals are +1 and -1 where A B C is."""
    design = Design("ABC")
    runs = design.runs()
    error = runs.prod(axis=1)
    signal = 3 * runs["A"] - runs["B"] + 2 * runs["A"] * runs["B"] + error
    effects = analyse(design, pd.DataFrame({0: signal + 10, 1: signal - 5}))
    expected = {"A": 6, "B": -2, "C": 0, "A:B": 4, "A:C": 0, "B:C": 0}
    assert {name: effect.mean for name, effect in effects.items()} == pytest.approx(expected)
    for effect in effects.values():  # 16 responses, 6 chains and 2 seeds: 8 degrees of freedom
        assert effect.standard_error == pytest.approx(2 * sqrt(16 / 8 / 16))
        assert (effect.freedom, effect.seeds, effect.images) == (8, 2, 1)


def test_aliased_interactions_are_one_sum():
    runs = HALF.runs()
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
    runs = SIXTEEN.runs()
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
