"""Padded convolutions of few channels against torch's own."""

import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from packdepth.models.fast.padded_conv2d import joined_conv2d, one_channel_conv2d
from tests.support.convolutions import assert_same, drawn, plain

Side = st.integers(1, 9)


@given(channels=st.integers(1, 20), height=Side, width=Side)
def test_a_matrix_product_makes_the_convolution_to_one_channel(channels: int, height: int, width: int):
    assert_same(one_channel_conv2d, plain, drawn((2, channels, height, width), (1, channels, 3, 3), (1,)))


@given(channels=st.integers(1, 8), more=st.integers(1, 3), height=Side, width=Side, reach=st.integers(0, 2))
def test_joined_maps_are_convolved_apart(channels: int, more: int, height: int, width: int, reach: int):
    size = 2 * reach + 1
    maps = ((2, channels, height, width), (2, more, height, width))

    def joined_first(x: Tensor, y: Tensor, *of: Tensor) -> Tensor:
        return plain(torch.cat([x, y], dim=1), *of)

    assert_same(joined_conv2d, joined_first, drawn(*maps, (5, channels + more, size, size), (5,)))


def test_a_head_under_autocast_adds_in_single_precision():
    x, weight, bias = (value.float() for value in drawn((1, 64, 12, 16), (1, 64, 3, 3), (1,)))
    truth = plain(x.double(), weight.double(), bias.double())
    with torch.autocast("cpu", torch.bfloat16):
        fast, slow = one_channel_conv2d(x, weight, bias), plain(x, weight, bias)
    assert fast.dtype == torch.float32
    assert (fast - truth).std() < 1.1 * (slow - truth).std()
