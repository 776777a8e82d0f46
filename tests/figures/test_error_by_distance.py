from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from packdepth.config.study import Study
from packdepth.figures.error_by_distance import by_distance, mean_error
from packdepth.paths import Run


def test_errors_are_a_row_a_bin_and_a_column_a_seed(make_study: Callable[..., Study]) -> None:
    study = make_study(seeds=(0, 1))
    header = "near,far,pixels,abs_error,abs_rel,bias"
    Path(Run("smoke", "report", "constant", 0).error_by_distance).write_text(
        f"{header}\n1,1.5,9,0.5,1,1\n3,4,9,0.25,1,1\n"
    )
    Path(Run("smoke", "report", "constant", 1).error_by_distance).write_text(f"{header}\n1,1.5,9,0.75,1,1\n")
    table = by_distance(study, "constant")
    assert list(table.index) == [1.25, 3.5]
    np.testing.assert_array_equal(table, [[0.5, 0.75], [0.25, np.nan]])


def test_the_mean_error_weighs_bins_by_their_pixels(make_study: Callable[..., Study]) -> None:
    study = make_study()
    Path(Run("smoke", "report", "constant", 0).error_by_distance).write_text(
        "near,far,pixels,abs_error,abs_rel,bias\n1,1.5,9,0.5,1,1\n1.5,2,0,,,\n3,4,1,1.5,1,1\n"
    )
    assert mean_error(study, "constant") == pytest.approx(0.6)
    Path(Run("smoke", "report", "constant", 0).error_by_distance).write_text(
        "near,far,pixels,abs_error,abs_rel,bias\n1,1.5,9,0.5,1,1\n3,4,1,,1,1\n"
    )
    assert np.isnan(mean_error(study, "constant"))
