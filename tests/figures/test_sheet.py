import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import LogNorm, Normalize

from packdepth.figures._sheet import PREDICTIONS, depth_scale, far_end, relative_error, split


@pytest.mark.parametrize(
    ("truth", "end"),
    [([[0.0, 2.5, 3.2]], 4), ([[5.0] * 999 + [90.0]], 5), ([[0.0, 0.0]], 1)],
    ids=["whole metres", "one far pixel of a thousand", "no truth at all"],
)
def test_far_end_by_hand(truth: list[list[float]], end: int) -> None:
    assert far_end(np.array(truth)) == end


def test_what_fits_stands_in_one_block() -> None:
    assert split(list("abcdefg")) == [list("abcdefg")]
    assert split(list("abcdefghi")) == [list("abcde"), list("fghi")]


@given(st.lists(st.text(), min_size=1, max_size=40))
def test_blocks_keep_every_variant_in_order(variants: list[str]) -> None:
    blocks = split(variants)
    assert [variant for block in blocks for variant in block] == variants
    assert all(0 < len(block) <= min(PREDICTIONS, len(blocks[0])) for block in blocks)


def test_outdoors_the_scale_is_logarithmic() -> None:
    indoors, outdoors = depth_scale(np.array([0.0, 0.4, 9.5])), depth_scale(np.array([0.0, 3.0, 70.0]))
    assert (type(indoors), indoors.vmin, indoors.vmax) == (Normalize, 0, 10)
    assert isinstance(outdoors, LogNorm)
    assert 3 <= outdoors.vmin < 4
    assert outdoors.vmax == 70


def test_relative_error_by_hand() -> None:
    prediction = np.array([[1.0, 5.0], [3.0, 2.0]], np.float32)
    error = relative_error(prediction, np.array([[2.0, 0.0], [2.0, 2.0]], np.float32))
    np.testing.assert_array_equal(error, [[-0.5, np.nan], [0.5, 0.0]])
