import numpy as np
import pytest

from packdepth.figures.panel import abs_rel, chosen


def test_the_pair_and_those_that_err_least_are_shown() -> None:
    errors = {"a": 0.5, "b": 0.4, "c": 0.3, "d": 0.2, "e": 0.1, "f": 0.6}
    assert chosen(errors, ("f", "b")) == ["b", "d", "e", "f"]
    assert chosen({"a": 0.5, "b": 0.4}, ("a", "constant")) == ["a", "b"]


def test_abs_rel_by_hand() -> None:
    truth = np.array([[[1.0, 0.0, 2.0, 4.0]]], np.float32)
    prediction = np.array([[[1.5, 9.0, 1.0, 4.0]]], np.float32)
    assert abs_rel({"truth": truth, "prediction": prediction}) == pytest.approx(1 / 3)
