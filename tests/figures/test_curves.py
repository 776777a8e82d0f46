import numpy as np
import pandas as pd
import pytest

from packdepth.figures.curves import moving_average, window


@pytest.mark.parametrize(("steps", "width"), [(1, 1), (8, 1), (40, 2), (600, 30), (5000, 250)])
def test_window_is_a_twentieth_of_the_training(steps: int, width: int) -> None:
    assert window(steps) == width


def test_moving_average_by_hand() -> None:
    table = pd.DataFrame({0: [4.0, 2.0, 0.0, 4.0], 1: [1.0, 1.0, 4.0, 1.0]}, index=[1, 2, 3, 4])
    average = moving_average(table, 3)
    np.testing.assert_allclose(average[0], [4, 3, 2, 2])
    np.testing.assert_allclose(average[1], [1, 1, 2, 2])
    assert list(average.index) == [1, 2, 3, 4]


def test_a_window_of_one_step_changes_nothing() -> None:
    table = pd.DataFrame({0: [4.0, 2.0, 0.5]})
    pd.testing.assert_frame_equal(moving_average(table, 1), table)
