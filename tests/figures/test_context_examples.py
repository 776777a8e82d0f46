import numpy as np

from packdepth.figures.context_examples import difference, finding


def test_difference_by_hand() -> None:
    made = np.array([[[[250, 0, 10]]]], np.uint8)
    true = np.array([[[[0, 250, 10]]]], np.uint8)
    np.testing.assert_allclose(difference(made, true), [[[500 / 3]]], rtol=1e-6)


def test_the_finding_says_what_was_seen() -> None:
    assert finding(np.array([4.0, 8.0])) == "What these frames show differs from the true frames by 6 of 255 on average"
    assert finding(np.array([])) == "These frames show nothing that was seen"
