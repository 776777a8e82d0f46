"""Two-level designs: their runs, aliases and how they are found, by hand and against published tables."""

from math import inf

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packdepth.config.factorial import Design, find_design
from packdepth.errors import InputError

HALF = Design("ABCD", {"D": "ABC"})
SIXTEEN = Design("ABCDEFG", {"E": "ABC", "F": "BCD", "G": "ACD"})  # Box, Hunter and Hunter's 2^(7-3)


def table(design: Design) -> pd.DataFrame:
    return pd.DataFrame(design.runs())


def lengths(design: Design) -> list[int]:
    return sorted(len(word) for word in design.defining_words)


def test_all_combinations_of_three():
    design = Design("ABC")
    assert table(design).to_numpy().tolist() == [
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
    runs = table(HALF)
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
    runs = table(design)
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


def test_the_first_factor_is_in_no_short_word():
    """So whether a change hurts one network more is told apart from all other interactions of two factors."""
    design = find_design("NABCDEF", 32)
    assert all(len(chain) == 1 for chain in design.chains if any("N" in term for term in chain))
    assert [len(chain) for chain in design.chains].count(2) == 3


def test_a_large_design_is_found_soon():
    assert find_design("ABCDEFGHIJ", 32).resolution == 4
