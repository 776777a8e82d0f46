import pandas as pd

from packdepth.figures.bars import numbers


def test_prefixes_stand_before_the_numbers() -> None:
    values = pd.Series([0.401, 0.66, 1.21, float("nan")])
    assert numbers(values, "{:.3g}", pd.Series(["", "~", ">", ""])) == ["0.401", "~0.66", ">1.21", ""]


def test_numbers_without_prefixes() -> None:
    assert numbers(pd.Series([1.0, 1.526]), "{:.2f}") == ["1.00", "1.53"]
