"""The Conv3d in groups of channels against torch's own."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from packdepth.models.fast.banded_conv3d import banded_conv3d, banded_conv3d_to_space
from tests.support.convolutions import assert_same, drawn, plain_conv3d

Side = st.integers(1, 9)


@given(groups=st.integers(1, 6), height=Side, width=Side, features=st.sampled_from([1, 4, 8]))
def test_groups_of_channels_make_the_3d_convolution(groups: int, height: int, width: int, features: int):
    values = drawn((2, 4 * groups, height, width), (features, 1, 3, 3, 3), (features,))
    assert_same(banded_conv3d, plain_conv3d, values)
    assert_same(banded_conv3d_to_space, lambda *inputs: F.pixel_shuffle(plain_conv3d(*inputs), 2), values)


def test_channels_that_make_no_groups_are_refused():
    with pytest.raises(ValueError, match="6 channels are no multiple of 4"):
        banded_conv3d(torch.zeros(1, 6, 4, 4), torch.zeros(4, 1, 3, 3, 3), torch.zeros(4))
