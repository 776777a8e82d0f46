"""The packing blocks' linear part as one convolution against the plain two."""

from collections.abc import Callable
from typing import get_args

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from packdepth.config.variants import Implementation
from packdepth.models.fast import accelerate
from packdepth.models.fast.fused_packing import compose, fused_packing, fusing_pays, fusing_pays_on_gpus, paths
from packdepth.models.layers import PackingBlock

Linear = Callable[..., Tensor]


def plain(image: Tensor, w3: Tensor, b3: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    """Space to depth and the two convolutions, one after the other."""
    volume = F.conv3d(F.pixel_unshuffle(image, 2)[:, None], w3, b3, padding=1)
    return F.conv2d(volume.flatten(1, 2), w2, b2, padding=w2.shape[-1] // 2)


def fused(image: Tensor, w3: Tensor, b3: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    return fused_packing(image, b2, compose(w3, b3, w2, paths(w2.shape[-1]).to(w2)))


def inputs(
    size: tuple[int, int],
    kernel_size: int = 3,
    features: int = 4,
    channels: int = 4,
    dtype: torch.dtype = torch.float64,
) -> list[Tensor]:
    """Random image of twice the `size`, w3, b3, w2, b2; the weights of a size that keeps outputs near 1."""
    torch.manual_seed(0)
    image = torch.randn(2, channels, 2 * size[0], 2 * size[1], dtype=torch.float64)
    w2 = torch.randn(channels, 4 * features * channels, kernel_size, kernel_size, dtype=torch.float64)
    w2 = w2 / (4 * features * channels * kernel_size**2) ** 0.5
    w3 = torch.randn(features, 1, 3, 3, 3, dtype=torch.float64) / 27**0.5
    return [image, w3, torch.randn(features, dtype=torch.float64), w2, torch.randn(channels, dtype=torch.float64)]


def with_gradients(linear: Linear, values: list[Tensor]) -> list[Tensor]:
    """The output and the gradients of a fixed random sum of it to every input."""
    values = [value.clone().requires_grad_() for value in values]
    output = linear(*values)
    weights = torch.randn(output.shape, generator=torch.Generator().manual_seed(1))
    return [output.detach(), *torch.autograd.grad(output, values, weights.to(output.dtype))]


def relative_errors(fast: list[Tensor], plain: list[Tensor]) -> list[float]:
    return [float((a - b).abs().max() / b.abs().max()) for a, b in zip(fast, plain, strict=True)]


@pytest.mark.slow
@given(
    height=st.integers(3, 12),
    width=st.integers(3, 12),
    kernel_size=st.sampled_from([3, 5, 7]),
    features=st.sampled_from([1, 4, 8]),
    channels=st.integers(1, 5),
)
def test_it_is_exact_at_any_shape(height: int, width: int, kernel_size: int, features: int, channels: int):
    values = inputs((height, width), kernel_size, features, channels)
    errors = relative_errors(with_gradients(fused, values), with_gradients(plain, values))
    assert max(errors) < 1e-12


@pytest.mark.parametrize(("kernel_size", "features"), [(3, 4), (5, 4), (3, 8), (5, 8)])
def test_in_single_precision(kernel_size: int, features: int):
    values = [value.float() for value in inputs((31, 17), kernel_size, features, channels=16)]
    truth = with_gradients(plain, [value.double() for value in values])
    assert max(relative_errors(with_gradients(fused, values), truth)) < 1e-5


@pytest.mark.parametrize("kernel_size", [3, 5])
def test_under_autocast_it_errs_as_the_plain_two_do(kernel_size: int):
    values = [value.float() for value in inputs((24, 20), kernel_size, features=4, channels=16)]
    truth = plain(*(value.double() for value in values))
    with torch.autocast("cpu", torch.bfloat16):
        of_one, of_two = ((linear(*values).double() - truth).std() for linear in (fused, plain))
    assert of_one < 1.1 * of_two
    assert of_two < 0.01


def test_composed_kernel_of_single_taps():
    """Both kernels 1 at one place: so is W, at the sum of the offsets, unless that is no channel."""
    w2, w3 = torch.zeros(1, 2, 4, 3, 3), torch.zeros(2, 1, 3, 3, 3)
    w2[0, 1, 2, 0, 1] = 1
    w3[1, 0, 0, 2, 1] = 1  # one channel before, one row below, the same column
    expected = torch.zeros(1, 4, 5, 5)
    expected[0, 1, 2, 2] = 1
    torch.testing.assert_close(compose(w3, torch.zeros(2), w2.flatten(1, 2), paths(3)).kernel, expected)
    w2[0, 1, 2, 0, 1], w2[0, 1, 0, 0, 1] = 0, 1
    assert not compose(w3, torch.zeros(2), w2.flatten(1, 2), paths(3)).kernel.any()


@pytest.mark.parametrize(
    ("features", "kernel_size", "pixels"), [(4, 3, 1424), (4, 5, 2148), (8, 3, 667), (8, 5, 1451)], ids=str
)
def test_it_pays_from_so_many_pixels_on(features: int, kernel_size: int, pixels: int):
    assert fusing_pays(pixels, kernel_size, features)
    assert not fusing_pays(pixels - 1, kernel_size, features)
    assert fusing_pays(1, kernel_size, features, composing=False)


@pytest.mark.parametrize(("kernel_size", "channels", "pixels"), [(3, 256, 3475), (5, 32, 3037)], ids=str)
def test_on_a_gpu_it_pays_from_so_many_pixels_on(kernel_size: int, channels: int, pixels: int):
    """0.026 C k^2 for each of 58 taps (k = 3: 25 of W, 4 x 5 of edges, 4 of corners, 9 of the bias) or 146 (k = 5)."""
    assert fusing_pays_on_gpus(pixels, kernel_size, channels)
    assert not fusing_pays_on_gpus(pixels - 1, kernel_size, channels)
    assert fusing_pays_on_gpus(1, kernel_size, channels, composing=False)


def block_and_image(size: tuple[int, int]) -> tuple[PackingBlock, Tensor]:
    torch.manual_seed(0)
    return PackingBlock(16, kernel_size=3, features_3d=4).double(), torch.randn(1, 16, *size, dtype=torch.float64)


@pytest.mark.parametrize("implementation", get_args(Implementation))
@pytest.mark.parametrize("size", [(128, 96), (8, 6), (4, 2)])
def test_a_packing_block_gives_the_plain_numbers(size: tuple[int, int], implementation: Implementation):
    block, x = block_and_image(size)
    slow = block(x)
    accelerate(block, implementation)
    fast = block(x)
    torch.testing.assert_close(fast, slow, rtol=1e-12, atol=1e-12)
    parameters = list(block.parameters())
    for a, b in zip(*(torch.autograd.grad(out.square().sum(), parameters) for out in (fast, slow)), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-10, atol=1e-10)


def test_gradients_against_differences():
    values = [value.requires_grad_() for value in inputs((2, 3), kernel_size=3, features=2, channels=1)]
    assert torch.autograd.gradcheck(fused, values)


def line_convolutions(block: PackingBlock, x: Tensor) -> int:
    """How often a convolution along one dimension, which composing is, runs in a block."""
    with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile, torch.no_grad():
        block(x)
    return sum(event.name == "aten::conv1d" for event in profile.events())


def test_in_evaluation_the_kernel_is_composed_once():
    block, x = block_and_image((16, 16))
    accelerate(block, "auto")
    block.eval()
    assert [line_convolutions(block, x) for _ in range(2)] == [5, 4]  # the four edges every time
    block.train()
    assert line_convolutions(block, x) == 0  # so few pixels do not pay for composing


@pytest.mark.parametrize("change", ["in place", "loaded", "moved"])
def test_a_kernel_that_was_kept_follows_the_weights(change: str):
    block, x = block_and_image((16, 16))
    other, _ = block_and_image((16, 16))
    accelerate(block, "auto")
    with torch.no_grad():
        before = block.eval()(x)
        for parameter in other.parameters():
            parameter.add_(torch.randn_like(parameter))
        if change == "in place":
            for parameter, to in zip(block.parameters(), other.parameters(), strict=True):
                parameter.copy_(to)
        elif change == "loaded":
            block.load_state_dict(other.state_dict())
        else:
            block.load_state_dict(other.state_dict(), assign=True)
        after = block(x)
    assert not torch.allclose(before, after)
    torch.testing.assert_close(after, other(x).detach())


def test_gradients_flow_after_an_evaluation():
    block, x = block_and_image((16, 16))
    accelerate(block, "auto")
    with torch.inference_mode():
        block.eval()(x)
    block.train()(x).sum().backward()
    assert all(parameter.grad is not None for parameter in block.parameters())
