import numpy as np
import pytest

from packdepth.figures.panel import far_end


@pytest.mark.parametrize(
    ("truth", "end"),
    [([[0.0, 2.5, 3.2]], 4), ([[5.0] * 999 + [90.0]], 5), ([[0.0, 0.0]], 1)],
    ids=["whole metres", "one far pixel of a thousand", "no truth at all"],
)
def test_far_end_by_hand(truth: list[list[float]], end: int) -> None:
    assert far_end(np.array(truth)) == end
