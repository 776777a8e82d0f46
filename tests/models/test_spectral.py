"""Convolution by Fourier transforms against torch's own."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from packdepth.models import spectral
from packdepth.models.spectral import spectral_conv2d, spectral_pays


def results(by_spectra: bool, x: Tensor, weight: Tensor) -> list[Tensor]:
    """The convolution, and the gradients of a fixed random sum of it."""
    x, weight = x.clone().requires_grad_(), weight.clone().requires_grad_()
    y = spectral_conv2d(x, weight) if by_spectra else F.conv2d(x, weight, padding=weight.shape[-1] // 2)
    random = torch.randn(y.shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    return [y.detach(), *torch.autograd.grad(y, [x, weight], random.to(y.dtype))]


def errors(fast: list[Tensor], plain: list[Tensor]) -> list[float]:
    return [float((a - b).abs().max() / b.abs().max()) for a, b in zip(fast, plain, strict=True)]


@settings(deadline=None)
@given(
    batch=st.integers(1, 2),
    channels=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    size=st.tuples(st.integers(1, 70), st.integers(1, 70)),
    kernel_size=st.sampled_from([1, 3, 5, 7, 9, 15]),
)
def test_it_is_exact_at_any_shape(batch: int, channels: tuple[int, int], size: tuple[int, int], kernel_size: int):
    torch.manual_seed(0)
    x = torch.randn(batch, channels[0], *size, dtype=torch.float64)
    weight = torch.randn(channels[1], channels[0], kernel_size, kernel_size, dtype=torch.float64)
    assert max(errors(results(True, x, weight), results(False, x, weight))) < 1e-12


def test_in_single_precision():
    torch.manual_seed(0)
    x, weight = torch.randn(2, 32, 120, 100), torch.randn(32, 32, 7, 7) / (32 * 49) ** 0.5
    truth = results(False, x.double(), weight.double())
    assert max(errors(results(True, x, weight), truth)) < 2e-6


def test_rows_of_tiles_may_be_taken_one_or_all_at_once(monkeypatch: pytest.MonkeyPatch):
    torch.manual_seed(0)
    x, weight = torch.randn(1, 2, 90, 60, dtype=torch.float64), torch.randn(3, 2, 7, 7, dtype=torch.float64)
    made = []
    for at_once in (1, 2**30):
        monkeypatch.setattr(spectral, "AT_ONCE", at_once)
        made.append(results(True, x, weight))
    assert max(errors(*made)) < 1e-13


def test_gradients_against_differences():
    x = torch.randn(1, 2, 5, 6, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(spectral_conv2d, (x, weight))


def test_it_pays_for_large_kernels_on_large_images():
    assert spectral_pays(480 * 640, 32, 32, 7)
    assert spectral_pays(240 * 320, 128, 32, 7)
    assert not spectral_pays(4 * 96 * 128, 16, 16, 7)  # the first level at `small`
    assert not spectral_pays(120 * 160, 256, 64, 5)
    assert not spectral_pays(2**40, 512, 512, 3)
    assert spectral_pays(50868, 32, 32, 7)
    assert not spectral_pays(50867, 32, 32, 7)
