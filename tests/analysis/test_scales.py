"""The order of variants at two scales."""

import re

import pandas as pd
import pytest

from packdepth.analysis.scales import compare, other_scales
from tests.support.stores import TOP


def test_tau_and_flips_by_hand():
    """Of six pairs one flips: (5 - 1) / 6."""
    here = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4, "alone": 9.0}
    table = compare(here, {"there": {"a": 1.0, "b": 3.0, "c": 2.0, "d": 4.0}, "none": {"a": 1.0}})
    (row,) = table.to_dict("records")
    assert (row["scale"], row["variants"], row["flipped"]) == ("there", 4, "b < c")
    assert row["tau"] == pytest.approx(4 / 6)


def test_ties_flip_nothing():
    table = compare({"a": 0.1, "b": 0.2, "c": 0.3}, {"there": {"a": 1.0, "b": 1.0, "c": 2.0}})
    assert table["flipped"].tolist() == [""]
    assert table["tau"].iloc[0] == pytest.approx(2 / 6**0.5)


def test_no_other_scale_is_an_empty_table():
    assert compare({"a": 0.1, "b": 0.2}, {}).empty


def test_the_numbers_of_medium_are_those_of_its_document():
    rows = re.findall(r"^\| (\S+) \|(?:[^|]*\|){5} ([\d.]+) \|", (TOP / "docs" / "medium.md").read_text(), re.MULTILINE)
    assert {name: float(value) for name, value in rows} == other_scales()["medium"]


def test_the_numbers_of_smoke_are_those_that_were_published():
    table = pd.read_csv(TOP / "docs/results/smoke/tables/report.csv", index_col="variant")
    assert table["final_loss"].round(3).to_dict() == other_scales()["smoke"]
