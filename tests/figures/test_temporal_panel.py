import numpy as np
import pytest

from packdepth.figures.temporal_panel import factor, median_factor, remark


def test_factor_counts_known_truth_alone() -> None:
    truth = np.array([[2.0, 4.0, 0.0], [6.0, 0.0, 0.0]])
    prediction = np.array([[1.0, 2.0, 50.0], [8.0, 50.0, 50.0]])
    assert factor(truth, prediction) == 2
    assert remark(truth, prediction) == "2.00"


def test_without_truth_there_is_no_factor() -> None:
    assert remark(np.zeros((2, 3)), np.ones((2, 3))) == ""


def test_the_median_is_over_images_with_truth() -> None:
    truth = np.array([2.0, 3.0, 8.0, 0.0])[:, None, None] * np.ones((2, 2))
    samples = {"truth": truth, "prediction": np.ones((4, 2, 2))}
    assert median_factor(samples) == pytest.approx(3)
    assert np.isnan(median_factor({name: values[3:] for name, values in samples.items()}))
