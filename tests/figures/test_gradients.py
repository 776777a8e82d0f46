from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

from packdepth.config.study import Study
from packdepth.figures.gradients import colour_range, finding, norms
from packdepth.paths import Run

MakeStudy = Callable[..., Study]


def test_norms_are_means_over_seeds_with_stages_in_the_order_of_the_file(make_study: MakeStudy) -> None:
    study = make_study(seeds=(0, 1))
    for seed, factor in ((0, 1), (1, 3)):
        rows = [f"{step},{name},{factor * step}" for step in (5, 10) for name in ("gradient_norm/stem", "loss_scale")]
        rows += [f"{step},gradient_norm/body,{factor}" for step in (5, 10)]
        Run("smoke", "report", "densedepth", seed).diagnostics.write_text("\n".join(["step,name,value", *rows]))
    table = norms(study, "densedepth")
    assert list(table.index) == ["stem", "body"]
    assert list(table.columns) == [5, 10]
    np.testing.assert_allclose(table, [[10, 20], [2, 2]])


def test_a_training_that_was_never_measured_has_no_norms(make_study: MakeStudy) -> None:
    assert norms(make_study(steps=2), "densedepth").empty


@pytest.mark.parametrize(
    ("values", "expected"),
    [([1e-3, 0.0, 2.0], (1e-3, 2.0)), ([1e-9, 10.0], (1e-5, 10.0)), ([0.0], (1e-3, 1.0)), ([], (1e-3, 1.0))],
    ids=["zeros do not count", "six decades at the most", "all vanished", "nothing measured"],
)
def test_colour_range_by_hand(values: list[float], expected: tuple[float, float]) -> None:
    assert colour_range([pd.DataFrame({5: values}, dtype=float)]) == pytest.approx(expected)


def test_the_finding_compares_the_stages_of_each_network() -> None:
    tables = {
        "a": pd.DataFrame({5: [2.0, 0.01], 10: [4.0, 0.01]}, index=["stem", "body"]),
        "dead": pd.DataFrame({5: [2.0, 0.0]}, index=["stem", "body"]),
        "short": pd.DataFrame(),
    }
    assert (
        finding(tables)
        == "Largest gradient of a stage over the least: 300 in a (least: body), no bound in dead (least: body)"
    )
    assert finding({"short": tables["short"]}) == "No gradient was measured"
