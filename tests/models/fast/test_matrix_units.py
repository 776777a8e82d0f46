"""What GPUs do well, on a CPU, against torch's own."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from packdepth.models.fast.matrix_units import dense_conv3d, filled_conv2d
from tests.support.convolutions import assert_same, drawn, plain, plain_conv3d

Side = st.integers(1, 9)


@given(channels=st.integers(1, 24), height=Side, width=Side, features=st.sampled_from([1, 4, 8]))
def test_a_dense_kernel_makes_the_3d_convolution(channels: int, height: int, width: int, features: int):
    values = drawn((2, channels, height, width), (features, 1, 3, 3, 3), (features,))
    assert_same(dense_conv3d, plain_conv3d, values)


@given(channels=st.integers(1, 20), height=Side, width=Side)
def test_zeros_fill_up_the_convolution_to_one_channel(channels: int, height: int, width: int):
    values = drawn((2, channels, height, width), (1, channels, 3, 3), (1,))
    assert_same(lambda x, *of: filled_conv2d([x], *of), plain, values)


@given(channels=st.integers(1, 8), more=st.integers(1, 3), height=Side, width=Side, reach=st.integers(0, 2))
def test_zeros_fill_up_the_convolution_of_two_maps(channels: int, more: int, height: int, width: int, reach: int):
    size = 2 * reach + 1
    maps = ((2, channels, height, width), (2, more, height, width))

    def joined_first(x: Tensor, y: Tensor, *of: Tensor) -> Tensor:
        return plain(torch.cat([x, y], dim=1), *of)

    values = drawn(*maps, (5, channels + more, size, size), (5,))
    assert_same(lambda x, y, *of: filled_conv2d([x, y], *of), joined_first, values)
