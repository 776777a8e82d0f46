import pandas as pd

from packdepth.figures.bars import finding, numbers


def test_prefixes_stand_before_the_numbers() -> None:
    values = pd.Series([0.401, 0.66, 1.21, float("nan")])
    assert numbers(values, "{:.3g}", pd.Series(["", "~", ">", ""])) == ["0.401", "~0.66", ">1.21", ""]


def test_numbers_without_prefixes() -> None:
    assert numbers(pd.Series([1.0, 1.526]), "{:.2f}") == ["1.00", "1.53"]


def test_the_finding_names_the_best_and_counts_those_without_skill() -> None:
    rows = pd.DataFrame({"variant": ["a", "b", "c", "diverged"], "skill": [0.2, 0.0, -0.3, float("nan")]})
    assert finding(rows) == "a has the most skill, 0.20; 3 of 4 variants have none"
    assert finding(rows[3:]) == "No variant has a loss to compare"
