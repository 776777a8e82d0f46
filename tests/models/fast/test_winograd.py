"""Convolution by Winograd's filtering against torch's own."""

import pytest
import torch
import torch.nn.functional as F
from hypothesis import given
from hypothesis import strategies as st

from packdepth.models.fast import winograd
from packdepth.models.fast.padded_conv2d import padded_conv2d, runs_by_winograd
from packdepth.models.fast.winograd import winograd_conv2d, winograd_pays
from tests.support.convolutions import errors, plain, results


@given(
    batch=st.integers(1, 2),
    channels=st.tuples(st.integers(1, 4), st.integers(1, 4)),
    size=st.tuples(st.integers(1, 18), st.integers(1, 9)),
)
def test_it_is_exact_at_any_shape(batch: int, channels: tuple[int, int], size: tuple[int, int]):
    torch.manual_seed(0)
    x = torch.randn(batch, channels[0], *size, dtype=torch.float64)
    weight = torch.randn(channels[1], channels[0], 3, 3, dtype=torch.float64)
    assert max(errors(results(winograd_conv2d, x, weight), results(plain, x, weight))) < 1e-12


def test_in_single_precision():
    torch.manual_seed(0)
    x, weight = torch.randn(2, 128, 30, 40), torch.randn(128, 128, 3, 3) / (128 * 9) ** 0.5
    truth = results(plain, x.double(), weight.double())
    assert max(errors(results(winograd_conv2d, x, weight), truth)) < 2e-6


def test_a_column_of_ones_by_hand():
    x, weight = torch.ones(1, 1, 5, 1), torch.tensor([1.0, 10.0, 100.0]).view(1, 1, 3, 1) * torch.tensor([0.0, 1, 0])
    assert winograd_conv2d(x, weight).flatten().tolist() == pytest.approx([110, 111, 111, 111, 11])


def test_rows_of_tiles_may_be_taken_one_or_all_at_once(monkeypatch: pytest.MonkeyPatch):
    torch.manual_seed(0)
    x, weight = torch.randn(2, 5, 9, 6, dtype=torch.float64), torch.randn(3, 5, 3, 3, dtype=torch.float64)
    made = []
    for at_once in (1, 2**30):
        monkeypatch.setattr(winograd, "AT_ONCE", at_once)
        made.append(results(winograd_conv2d, x, weight))
    assert max(errors(*made)) < 1e-13


def test_gradients_against_differences():
    x = torch.randn(1, 2, 6, 3, dtype=torch.float64, requires_grad=True)
    weight = torch.randn(2, 2, 3, 3, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(winograd_conv2d, (x, weight))


@pytest.mark.parametrize("height", [8, 10])
def test_a_bias_is_added_where_it_goes_this_way(height: int):
    torch.manual_seed(0)
    values = [torch.randn(shape, dtype=torch.float64) for shape in ((2, 3, height, 5), (4, 3, 3, 3), (4,))]
    fast, direct = ([value.clone().requires_grad_() for value in values] for _ in range(2))
    assert runs_by_winograd(fast[0], fast[1], "cpu")
    assert not runs_by_winograd(fast[0], fast[1], "plain")
    padded_conv2d(*fast, "cpu").square().sum().backward()
    F.conv2d(*direct, padding=1).square().sum().backward()
    for a, b in zip(fast, direct, strict=True):
        assert a.grad is not None
        assert b.grad is not None
        assert torch.allclose(a.grad, b.grad, rtol=0, atol=1e-12 * float(b.grad.abs().max()))


def test_it_pays_for_many_channels_and_many_pixels_a_pair():
    assert winograd_pays(60 * 80, 256, 256)
    assert winograd_pays(120 * 160, 64, 128)
    assert not winograd_pays(240 * 320, 64, 64)  # combining rows
    assert not winograd_pays(8 * 10, 512, 512)  # making kernels
    assert not winograd_pays(15 * 20, 8192, 512)
    assert not winograd_pays(96 * 128, 16, 16)  # at `small`
    # 4.5 * n * 128 * 128 > n * 256 * 150 + 128 * 128 * 3400 from n = 1576.8 on
    assert winograd_pays(1577, 128, 128)
    assert not winograd_pays(1576, 128, 128)
