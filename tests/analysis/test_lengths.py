"""Learning curves over lengths of training: forecast and crossing."""

import numpy as np
import pandas as pd
import pytest

from packdepth.analysis.lengths import crossed, foretold, learning_curves

STEPS = [250, 500, 1000, 2000, 4000]


def curve(floor: float, above: float) -> pd.DataFrame:
    """A power law with a little noise by seed."""
    losses = floor + above * (np.array(STEPS) / 250.0) ** -0.5
    return pd.DataFrame({seed: losses + 1e-4 * seed for seed in (1, 2)}, index=STEPS)


def test_a_power_law_foretells_itself():
    table = foretold({"packnet": curve(0.3, 0.4)})
    assert table["steps"].tolist() == [4000]
    assert table["predicted"].iloc[0] == pytest.approx(table["found"].iloc[0], abs=1e-4)


def test_four_points_foretell_nothing():
    assert foretold({"packnet": curve(0.3, 0.4).iloc[1:]}).empty


def test_curves_cross_where_one_falls_below_the_other():
    table = crossed({"packnet": curve(0.3, 0.4), "densedepth": curve(0.4, 0.2)})
    assert (table["first"].iloc[0], table["second"].iloc[0]) == ("packnet", "densedepth")
    assert table["steps"].iloc[0] == pytest.approx(250 * (0.2 / 0.1) ** 2, rel=0.02)  # 0.4 x - 0.2 x = 0.1


def test_one_curve_or_other_lengths_cross_nothing():
    assert crossed({"packnet": curve(0.3, 0.4)}).empty
    assert crossed({"packnet": curve(0.3, 0.4), "densedepth": curve(0.4, 0.2).iloc[1:]}).empty


def test_curves_are_sorted_by_steps_with_a_column_for_a_seed(study):
    steps = {"packnet-usual": 400.0, "packnet-longest": 1600.0, "densedepth-usual": 400.0, "densedepth-longest": 1600.0}
    curves = learning_curves(study, steps)
    assert list(curves) == ["packnet", "densedepth"]
    assert curves["packnet"].index.tolist() == [400, 1600]
    assert curves["packnet"].columns.tolist() == study.seeds_of("packnet-usual")
    assert curves["packnet"].loc[1600].mean() < curves["packnet"].loc[400].mean()
