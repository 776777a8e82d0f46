"""Convolution by Fourier transforms against torch's own."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from packdepth.models.fast import fft_conv
from packdepth.models.fast.fft_conv import fft_conv2d, fft_pays
from tests.support.convolutions import errors, plain, results


@pytest.mark.slow
@given(
    batch=st.integers(1, 2),
    channels=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    kernel_size=st.sampled_from([1, 3, 5, 7, 9, 15, 19]),
)
def test_it_is_exact_at_any_shape(batch: int, channels: tuple[int, int], size: tuple[int, int], kernel_size: int):
    torch.manual_seed(0)
    x = torch.randn(batch, channels[0], *size, dtype=torch.float64)
    weight = torch.randn(channels[1], channels[0], kernel_size, kernel_size, dtype=torch.float64)
    assert max(errors(results(fft_conv2d, x, weight), results(plain, x, weight))) < 1e-12


@given(channels=st.integers(1, 3), patch=st.integers(2, 3), size=st.tuples(st.integers(1, 40), st.integers(1, 40)))
def test_space_to_depth_comes_first(channels: int, patch: int, size: tuple[int, int]):
    torch.manual_seed(0)
    x = torch.randn(2, channels, patch * size[0], patch * size[1], dtype=torch.float64)
    weight = torch.randn(2, patch**2 * channels, 5, 5, dtype=torch.float64)
    fast = results(lambda x, weight: fft_conv2d(x, weight, patch), x, weight)
    assert max(errors(fast, results(lambda x, weight: plain(F.pixel_unshuffle(x, patch), weight), x, weight))) < 1e-12


def test_in_single_precision():
    torch.manual_seed(0)
    x, weight = torch.randn(2, 32, 120, 100), torch.randn(32, 32, 7, 7) / (32 * 49) ** 0.5
    truth = results(plain, x.double(), weight.double())
    assert max(errors(results(fft_conv2d, x, weight), truth)) < 2e-6


@pytest.mark.parametrize("patch", [1, 2])
def test_rows_of_tiles_may_be_taken_one_or_all_at_once(monkeypatch: pytest.MonkeyPatch, patch: int):
    torch.manual_seed(0)
    x = torch.randn(1, 2, 90, 60, dtype=torch.float64)
    weight = torch.randn(3, 2 * patch**2, 7, 7, dtype=torch.float64)
    made = []
    for at_once in (1, 2**30):
        monkeypatch.setattr(fft_conv, "AT_ONCE", at_once)
        made.append(results(lambda x, weight: fft_conv2d(x, weight, patch), x, weight))
    assert max(errors(*made)) < 1e-13


def test_gradients_against_differences():
    x = torch.randn(1, 2, 5, 6, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(fft_conv2d, (x, weight))


def test_it_pays_for_large_kernels_on_large_images():
    assert fft_pays(480 * 640, 32, 32, 7)
    assert fft_pays(240 * 320, 128, 32, 7)
    assert not fft_pays(4 * 96 * 128, 16, 16, 7)  # the first level at `small`
    assert not fft_pays(120 * 160, 256, 64, 5)
    assert not fft_pays(2**40, 512, 512, 3)
    assert not fft_pays(480 * 640, 32, 32, 21)  # larger than a tile
    assert fft_pays(19632, 32, 32, 7)
    assert not fft_pays(19631, 32, 32, 7)
