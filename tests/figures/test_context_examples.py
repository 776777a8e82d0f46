import numpy as np

from packdepth.figures.context_examples import difference


def test_difference_by_hand() -> None:
    made = np.array([[[[250, 0, 10]]]], np.uint8)
    true = np.array([[[[0, 250, 10]]]], np.uint8)
    np.testing.assert_allclose(difference(made, true), [[[500 / 3]]], rtol=1e-6)
