"""Targets: by hand, and the 8-bit resizing against Pillow's, to the bit."""

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st
from PIL import Image

from packdepth.losses.targets import metric_depth, of_eight_bits, of_known_pixels, resized_in_eight_bits, unit_of


def test_target_of_known_pixels_by_hand():
    depth = torch.tensor([[2.0, 5.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0]]).reshape(1, 1, 2, 4)
    target, mask = of_known_pixels(depth, 10.0, (1, 2))
    assert mask.flatten().tolist() == [1, 0]
    assert target[0, 0, 0, 0].item() == pytest.approx((5 + 2 + 5) / 3)


@pytest.mark.parametrize("target_of", [of_known_pixels, of_eight_bits])
def test_depth_is_clamped_so_that_targets_lie_in_1_to_100(target_of):
    depth = torch.tensor([0.001, 0.02, 10.0, 80.0]).reshape(1, 1, 1, 4)
    target, _ = target_of(depth, 10.0, (1, 4))
    torch.testing.assert_close(target.flatten(), torch.tensor([100.0, 100.0, 1.0, 1.0]))


def test_target_of_eight_bits_by_hand():
    """2 m is 51 of 255, 4.9 m rounds to 125 of 255; a hole is the nearest depth, and counts."""
    depth = torch.tensor([2.0, 4.9, 0.0]).reshape(1, 1, 1, 3)
    target, mask = of_eight_bits(depth, 10.0, (1, 3))
    torch.testing.assert_close(target.flatten(), torch.tensor([5.0, 255 / 125, 100.0]))
    assert mask.flatten().tolist() == [1, 1, 1]


@given(st.integers(2, 40), st.integers(0, 40), st.integers(1, 4), st.integers(0, 2**32 - 1))
@example(240, 80, 2, 0)
def test_eight_bit_resizing_is_pillows_to_the_bit(height, wider, factor, seed):
    """A wide image to a whole fraction of it. Of others, Pillow 13 resizes rows first where that is cheaper."""
    width = height + wider
    grey = np.random.default_rng(seed).integers(0, 256, (factor * height, factor * width), dtype=np.uint8)
    ours = resized_in_eight_bits(torch.from_numpy(grey)[None, None], (height, width))[0, 0]
    assert np.array_equal(ours.numpy(), np.asarray(Image.fromarray(grey).resize((width, height))))


@given(st.floats(0.1, 10.0))
def test_metric_depth_undoes_the_target(depth):
    target, _ = of_known_pixels(torch.full((1, 1, 2, 2), depth), 10.0, (1, 1))
    assert metric_depth(target, 10.0).item() == pytest.approx(depth, rel=1e-5)


def test_outputs_outside_the_targets_are_held_to_them():
    output = torch.tensor([-3.0, 0.5, 2.0, 1000.0])
    torch.testing.assert_close(metric_depth(output, 10.0), torch.tensor([10.0, 10.0, 5.0, 0.1]))


def test_a_published_head_in_its_own_unit_reaches_half_a_metre():
    """Its output ends at 2: 2/m, or 2 max_depth/m."""
    for max_depth in (10.0, 80.0):
        assert metric_depth(torch.tensor(2.0) * unit_of("1/m", max_depth), max_depth).item() == pytest.approx(
            max(0.5, max_depth / 100)
        )
        assert unit_of("max_depth/m", max_depth) == 1
