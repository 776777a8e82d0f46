"""The fast forms of the packing blocks' linear part against the published one."""

from collections.abc import Callable

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from packdepth.models.folding import composed, conv3d, folded_packing, folding_pays
from packdepth.models.layers import PackingBlock, UnpackingBlock

Linear = Callable[..., Tensor]


def published(packed: Tensor, w3: Tensor, b3: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    """The two convolutions, one after the other."""
    return F.conv2d(volume(packed, w3, b3), w2, b2, padding=w2.shape[-1] // 2)


def volume(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    return F.conv3d(x[:, None], weight, bias, padding=1).flatten(1, 2)


def inputs(
    size: tuple[int, int],
    kernel_size: int = 3,
    features: int = 4,
    channels: int = 4,
    dtype: torch.dtype = torch.float64,
) -> list[Tensor]:
    """Random packed image, w3, b3, w2, b2; the weights of a size that keeps outputs near 1."""
    torch.manual_seed(0)
    packed = torch.randn(2, 4 * channels, *size, dtype=torch.float64)
    w2 = torch.randn(channels, 4 * features * channels, kernel_size, kernel_size, dtype=torch.float64)
    w2 = w2 / (4 * features * channels * kernel_size**2) ** 0.5
    w3 = torch.randn(features, 1, 3, 3, 3, dtype=torch.float64) / 27**0.5
    return [packed, w3, torch.randn(features, dtype=torch.float64), w2, torch.randn(channels, dtype=torch.float64)]


def with_gradients(linear: Linear, values: list[Tensor]) -> list[Tensor]:
    """The output and the gradients of a fixed random sum of it to every input."""
    values = [value.clone().requires_grad_() for value in values]
    output = linear(*values)
    weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(1))
    return [output.detach(), *torch.autograd.grad(output, values, weights.to(output.dtype))]


def relative_errors(fast: list[Tensor], plain: list[Tensor]) -> list[float]:
    return [float((a - b).abs().max() / b.abs().max()) for a, b in zip(fast, plain, strict=True)]


@given(
    height=st.integers(3, 12),
    width=st.integers(3, 12),
    kernel_size=st.sampled_from([3, 5, 7]),
    features=st.sampled_from([1, 4, 8]),
    channels=st.integers(1, 5),
)
def test_the_fold_is_exact_at_any_shape(height: int, width: int, kernel_size: int, features: int, channels: int):
    values = inputs((height, width), kernel_size, features, channels)
    errors = relative_errors(with_gradients(folded_packing, values), with_gradients(published, values))
    assert max(errors) < 1e-12


@pytest.mark.parametrize(("kernel_size", "features"), [(3, 4), (5, 4), (3, 8), (5, 8)])
def test_the_fold_in_single_precision(kernel_size: int, features: int):
    values = [value.float() for value in inputs((31, 17), kernel_size, features, channels=16)]
    truth = with_gradients(published, [value.double() for value in values])
    assert max(relative_errors(with_gradients(folded_packing, values), truth)) < 1e-5


@pytest.mark.parametrize("kernel_size", [3, 5])
def test_the_fold_under_autocast_errs_as_the_published_form_does(kernel_size: int):
    values = [value.float() for value in inputs((24, 20), kernel_size, features=4, channels=16)]
    truth = published(*(value.double() for value in values))
    with torch.autocast("cpu", torch.bfloat16):
        fast, plain = ((form(*values).double() - truth).std() for form in (folded_packing, published))
    assert fast < 1.1 * plain
    assert plain < 0.01


def test_composed_kernel_of_single_taps():
    """Both kernels 1 at one place: so is W, at the sum of the offsets, unless that is no channel."""
    w2, w3 = torch.zeros(1, 2, 4, 3, 3), torch.zeros(2, 1, 3, 3, 3)
    w2[0, 1, 2, 0, 1] = 1
    w3[1, 0, 0, 2, 1] = 1  # one channel before, one row below, the same column
    expected = torch.zeros(1, 4, 5, 5)
    expected[0, 1, 2, 2] = 1
    torch.testing.assert_close(composed(w2, w3), expected)
    w2[0, 1, 2, 0, 1], w2[0, 1, 0, 0, 1] = 0, 1
    assert not composed(w2, w3).any()


@given(
    channels=st.integers(1, 6).map(lambda groups: 4 * groups),
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    features=st.sampled_from([1, 4, 8]),
)
def test_convolving_groups_of_channels_is_the_3d_convolution(channels: int, height: int, width: int, features: int):
    torch.manual_seed(0)
    shapes = ((2, channels, height, width), (features, 1, 3, 3, 3), (features,))
    values = [torch.randn(shape, dtype=torch.float64) for shape in shapes]
    assert max(relative_errors(with_gradients(conv3d, values), with_gradients(volume, values))) < 1e-12


@pytest.mark.parametrize(
    ("features", "kernel_size", "pixels"), [(4, 3, 982), (4, 5, 1153), (8, 3, 460), (8, 5, 779)], ids=str
)
def test_the_fold_pays_from_so_many_pixels_on(features: int, kernel_size: int, pixels: int):
    assert folding_pays(torch.empty(1, 8, 1, pixels), kernel_size, features)
    assert folding_pays(torch.empty(pixels, 8, 1, 1), kernel_size, features)
    assert not folding_pays(torch.empty(1, 8, 1, pixels - 1), kernel_size, features)


def test_only_cpus_have_been_measured():
    assert not folding_pays(torch.empty(4, 8, 100, 100, device="meta"), 3, 4)


@pytest.mark.parametrize("size", [(128, 96), (8, 6)], ids=["folded", "as published"])
def test_a_packing_block_gives_the_published_numbers_either_way(size: tuple[int, int]):
    block = PackingBlock(16, kernel_size=3, features_3d=4).double()
    x = torch.randn(1, 16, *size, dtype=torch.float64)
    parameters = list(block.parameters())
    linear = block.conv2d.conv(block.conv3d(F.pixel_unshuffle(x, 2)[:, None]).flatten(1, 2))
    plain = block.conv2d.activated(linear)
    fast = block(x)
    torch.testing.assert_close(fast, plain, rtol=1e-12, atol=1e-12)
    for a, b in zip(*(torch.autograd.grad(out.square().sum(), parameters) for out in (fast, plain)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def test_an_unpacking_block_gives_the_published_numbers():
    block = UnpackingBlock(16, 32, features_3d=4).double()
    x = torch.randn(2, 16, 5, 7, dtype=torch.float64)
    plain = F.pixel_shuffle(block.conv3d(block.conv2d(x)[:, None]).flatten(1, 2), 2)
    torch.testing.assert_close(block(x), plain, rtol=1e-12, atol=1e-12)


def test_channels_that_make_no_groups_are_refused():
    with pytest.raises(ValueError, match="6 channels are no multiple of 4"):
        conv3d(torch.zeros(1, 6, 4, 4), torch.zeros(4, 1, 3, 3, 3), torch.zeros(4))
