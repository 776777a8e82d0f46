"""Convolutions of few channels against torch's own."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from packdepth.models.convolutions import banded_conv3d, banded_conv3d_to_space, conv3d, conv_beside, conv_to_one
from packdepth.models.layers import UnpackingBlock
from packdepth.models.matrix_units import dense_conv3d, filled_conv2d

Function = Callable[..., Tensor]
Side = st.integers(1, 9)


def draw_augmentation(*shapes: tuple[int, ...]) -> list[Tensor]:
    torch.manual_seed(0)
    return [torch.randn(shape, dtype=torch.float64) for shape in shapes]


def with_gradients(function: Function, values: list[Tensor]) -> list[Tensor]:
    """The output and the gradients of a fixed random sum of it to every input."""
    values = [value.clone().requires_grad_() for value in values]
    output = function(*values)
    weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(1), dtype=output.dtype)
    return [output.detach(), *torch.autograd.grad(output, values, weights)]


def assert_same(fast: Function, plain: Function, values: list[Tensor]) -> None:
    """In double precision to 1e-12 of the largest value."""
    for a, b in zip(with_gradients(fast, values), with_gradients(plain, values), strict=True):
        assert (a - b).abs().max() <= 1e-12 * b.abs().max()


@given(groups=st.integers(1, 6), height=Side, width=Side, features=st.sampled_from([1, 4, 8]))
def test_groups_of_channels_make_the_3d_convolution(groups: int, height: int, width: int, features: int):
    values = draw_augmentation((2, 4 * groups, height, width), (features, 1, 3, 3, 3), (features,))
    assert_same(banded_conv3d, conv3d, values)
    assert_same(dense_conv3d, conv3d, values)
    assert_same(banded_conv3d_to_space, lambda *inputs: F.pixel_shuffle(conv3d(*inputs), 2), values)


@given(channels=st.integers(1, 20), height=Side, width=Side)
def test_a_matrix_product_makes_the_convolution_to_one_channel(channels: int, height: int, width: int):
    values = draw_augmentation((2, channels, height, width), (1, channels, 3, 3), (1,))
    assert_same(conv_to_one, lambda *inputs: F.conv2d(*inputs, padding=1), values)
    assert_same(lambda x, *of: filled_conv2d([x], *of), lambda *inputs: F.conv2d(*inputs, padding=1), values)


@given(channels=st.integers(1, 8), beside=st.integers(1, 3), height=Side, width=Side, reach=st.integers(0, 2))
def test_what_stands_beside_is_convolved_apart(channels: int, beside: int, height: int, width: int, reach: int):
    size = 2 * reach + 1
    maps = ((2, channels, height, width), (2, beside, height, width))
    values = draw_augmentation(*maps, (5, channels + beside, size, size), (5,))

    def plain(x: Tensor, y: Tensor, *of: Tensor) -> Tensor:
        return F.conv2d(torch.cat([x, y], dim=1), *of, padding=reach)

    assert_same(conv_beside, plain, values)
    assert_same(lambda x, y, *of: filled_conv2d([x, y], *of), plain, values)


def test_a_head_under_autocast_adds_in_single_precision():
    x, weight, bias = (value.float() for value in draw_augmentation((1, 64, 12, 16), (1, 64, 3, 3), (1,)))
    truth = F.conv2d(x.double(), weight.double(), bias.double(), padding=1)
    with torch.autocast("cpu", torch.bfloat16):
        fast, plain = conv_to_one(x, weight, bias), F.conv2d(x, weight, bias, padding=1)
    assert fast.dtype == torch.float32
    assert (fast - truth).std() < 1.1 * (plain - truth).std()


@pytest.mark.parametrize("form", ["auto", "cpu", "gpu", "published"])
def test_an_unpacking_block_gives_the_published_numbers(form: str):
    block = UnpackingBlock(16, 32, features_3d=4).double()
    x = torch.randn(2, 16, 5, 7, dtype=torch.float64)
    plain = F.pixel_shuffle(block.conv3d(block.conv2d(x)[:, None]).flatten(1, 2), 2)
    block.form = form
    torch.testing.assert_close(block(x), plain, rtol=1e-12, atol=1e-12)


def test_channels_that_make_no_groups_are_refused():
    with pytest.raises(ValueError, match="6 channels are no multiple of 4"):
        banded_conv3d(torch.zeros(1, 6, 4, 4), torch.zeros(4, 1, 3, 3, 3), torch.zeros(4))
