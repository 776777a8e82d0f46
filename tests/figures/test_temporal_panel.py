import numpy as np

from packdepth.figures.temporal_panel import factor


def test_factor_counts_known_truth_alone() -> None:
    truth = np.array([[2.0, 4.0, 0.0], [6.0, 0.0, 0.0]])
    prediction = np.array([[1.0, 2.0, 50.0], [8.0, 50.0, 50.0]])
    assert factor(truth, prediction) == "2.00"


def test_without_truth_there_is_no_factor() -> None:
    assert factor(np.zeros((2, 3)), np.ones((2, 3))) == ""
