from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure

from packdepth.config.study import Study
from packdepth.figures._logs import logarithmic, losses


def test_losses_are_a_row_a_step_and_a_column_a_seed(make_study: Callable[..., Study]) -> None:
    table = losses(make_study(seeds=(2, 5), steps=3), "constant")
    assert list(table.columns) == [2, 5]
    assert list(table.index) == [1, 2, 3]
    np.testing.assert_allclose(table[5], [13 / 11, 13 / 12, 13 / 13])  # as conftest wrote them


def test_either_axis_can_be_logarithmic() -> None:
    axes = Figure().add_subplot()
    axes.set_xlim(1, 10)
    logarithmic(axes, "x", (1, 2))
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    assert {1, 2, 10} <= set(axes.get_xticks())
    assert not {3, 5} & set(axes.get_xticks())
    logarithmic(axes)
    assert axes.get_yscale() == "log"
