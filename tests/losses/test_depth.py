"""The DenseDepth loss: values by hand, gradients, masks."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from packdepth.config.losses import LossSettings
from packdepth.losses.depth import DepthLoss, Ssim, gradient, l1, silog

ALL = DepthLoss(LossSettings(l1=0.1, ssim=1.0, gradient=1.0, silog=1.0), 10.0)
HANDOUT = DepthLoss(
    LossSettings(target="eight-bit", l1=0.1, ssim=1.0, gradient=1.0, ssim_range=1.0, ssim_border="zeros"), 10.0
)
PAPERS = Ssim(100.0, "inside")


def maps(seed: int = 0, size: int = 13, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    draw = torch.rand(2, 2, 1, size, size + 2, generator=generator, dtype=dtype) * 9 + 1
    return draw[0], draw[1]


def test_l1_by_hand_leaves_unknown_pixels_out():
    output, target = torch.tensor([1.0, 2.0, 9.0]), torch.tensor([2.0, 4.0, 0.0])
    mask = torch.tensor([1.0, 1.0, 0.0])
    assert l1(*(x.reshape(1, 1, 1, 3) for x in (output, target, mask))).item() == 1.5


def test_gradient_by_hand_is_summed_per_pixel():
    output = torch.tensor([[0.0, 1.0], [0.0, 4.0]]).reshape(1, 1, 2, 2)
    zeros, full = torch.zeros_like(output), torch.ones_like(output)
    assert gradient(output, zeros, full).item() == ((1 + 4) + (0 + 3)) / 4
    assert gradient(output + 7, zeros, full).item() == gradient(output, zeros, full).item()
    one_known = torch.tensor([[1.0, 0.0], [1.0, 0.0]]).reshape(1, 1, 2, 2)
    assert gradient(output, zeros, one_known).item() == 0


def test_silog_by_hand_image_by_image():
    """Of the first image d is 1, 1, 3 over known pixels: 11/3 - (5/3)^2 / 2; of the second, 2 everywhere: 4 - 2."""
    difference = torch.tensor([[1.0, 1.0, 3.0, 9.0], [2.0, 2.0, 2.0, 2.0]], dtype=torch.float64)
    mask = torch.tensor([[1.0, 1.0, 1.0, 0.0], [1.0, 1.0, 1.0, 1.0]], dtype=torch.float64)
    target = torch.full_like(difference, 3.0)
    output = target * difference.exp()
    found = silog(*(x.reshape(2, 1, 1, 4) for x in (output, target, mask)))
    assert found.item() == pytest.approx(((11 / 3 - 25 / 18) + 2) / 2)


def test_silog_of_outputs_without_a_logarithm_is_finite():
    output = torch.tensor([-5.0, 0.0, 1.0]).reshape(1, 1, 1, 3).requires_grad_()
    loss = silog(output, torch.full((1, 1, 1, 3), 2.0), torch.ones(1, 1, 1, 3))
    loss.backward()
    assert loss.isfinite()
    assert output.grad is not None
    assert output.grad.isfinite().all()


def test_ssim_of_constants_by_hand():
    """Without variance SSIM is its luminance term, (2ab + c1) / (a^2 + b^2 + c1) with c1 = (0.01 * 100)^2."""
    a, b = torch.full((1, 1, 12, 12), 3.0), torch.full((1, 1, 12, 12), 5.0)
    expected = (2 * 15 + 1) / (9 + 25 + 1)
    assert PAPERS.mean(a, b, torch.ones_like(a)).item() == pytest.approx(expected, rel=1e-5)
    assert PAPERS.dissimilarity(a, b, torch.ones_like(a)).item() == pytest.approx((1 - expected) / 2, rel=1e-5)


def window() -> torch.Tensor:
    """The 11x11 Gaussian of SSIM."""
    offsets = range(-5, 6)
    weights = torch.tensor(
        [[math.exp(-(i * i + j * j) / (2 * 1.5**2)) for j in offsets] for i in offsets], dtype=torch.float64
    )
    return weights / weights.sum()


def test_ssim_against_the_definition_written_out():
    """One 11x11 window, straight from the paper's sums."""
    a, b = (x[:1, :, :11, :11] for x in maps())
    weights = window()

    def mean(x: torch.Tensor) -> float:
        return float((weights * x[0, 0]).sum())

    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b, cov = mean((a - mean_a) ** 2), mean((b - mean_b) ** 2), mean((a - mean_a) * (b - mean_b))
    c1, c2 = 1.0, 9.0
    expected = (2 * mean_a * mean_b + c1) * (2 * cov + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    assert PAPERS.mean(a, b, torch.ones_like(a)).item() == pytest.approx(expected, rel=1e-9)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000))
def test_perfect_is_zero_and_terms_are_symmetric(seed):
    a, b = maps(seed)
    full = torch.ones_like(a)
    loss = ALL
    assert loss(a, a, full)[0].item() == pytest.approx(0, abs=1e-12)
    assert loss(a, b, full)[0].item() == pytest.approx(loss(b, a, full)[0].item(), rel=1e-9)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000))
def test_what_stands_in_unknown_pixels_does_not_matter(seed):
    a, b = maps(seed)
    generator = torch.Generator().manual_seed(seed)
    mask = (torch.rand(a.shape, generator=generator) < 0.7).double()
    loss = ALL
    wild = b + 50 * (1 - mask)
    assert loss(a, b, mask)[0].item() == pytest.approx(loss(a, wild, mask)[0].item(), rel=1e-9)


def test_terms_are_weighted_and_reported():
    a, b = maps()
    full = torch.ones_like(a)
    total, terms = DepthLoss(LossSettings(l1=0.1, ssim=2.0), 10.0)(a, b, full)
    assert set(terms) == {"l1", "ssim"}
    assert total.item() == pytest.approx(0.1 * l1(a, b, full).item() + 2 * PAPERS.dissimilarity(a, b, full).item())


@pytest.mark.parametrize("masked", [False, True])
def test_gradcheck(masked):
    a, b = (x[:1] for x in maps())
    mask = torch.ones_like(a)
    if masked:
        mask[..., ::3, ::2] = 0
    loss = ALL
    assert torch.autograd.gradcheck(lambda x: loss(x, b, mask)[0], a.clone().requires_grad_())


def test_a_batch_without_truth_gives_zero_not_nan():
    a, b = maps()
    a.requires_grad_()
    total, _ = ALL(a, b, torch.zeros_like(a))
    total.backward()
    assert total.item() == 0
    assert a.grad is not None
    assert not a.grad.isnan().any()


def test_the_handouts_ssim_against_the_definition_written_out():
    """A window around a corner: what lies outside the map is 0, and C1 and C2 are those of a range of 1."""
    a, b = (x[:1] for x in maps())
    weights = window()[5:, 5:]

    def mean(x: torch.Tensor) -> float:
        return float((weights * x[0, 0, :6, :6]).sum())

    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b, cov = mean(a * a) - mean_a**2, mean(b * b) - mean_b**2, mean(a * b) - mean_a * mean_b
    c1, c2 = 1e-4, 9e-4
    expected = (2 * mean_a * mean_b + c1) * (2 * cov + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    corner = torch.zeros_like(a)
    corner[0, 0, 0, 0] = 1
    similarity, centres = Ssim(1.0, "zeros")._similarity(a, b, torch.ones_like(a))
    assert centres.shape == a.shape
    assert similarity[0, 0, 0, 0].item() == pytest.approx(expected, rel=1e-9)


def test_the_handouts_loss_of_constants_by_hand():
    """Deep inside, SSIM of 2 and 4 is its luminance (16 + c1) / (20 + c1); L1 is 2; gradients are 0."""
    size = 240
    a, b = torch.full((1, 1, size, size), 2.0), torch.full((1, 1, size, size), 4.0)
    total, terms = HANDOUT(a, b, torch.ones_like(a))
    assert terms["l1"].item() == 2
    assert terms["gradient"].item() == 0
    assert terms["ssim"].item() == pytest.approx((1 - 0.8) / 2, abs=0.02)  # the border sees zeros, too
    assert total.item() == pytest.approx(0.2 + terms["ssim"].item())


def test_a_flat_map_far_from_zero_has_no_variance_by_rounding():
    """In float32, E[x^2] - E[x]^2 of 100 is off by more than C2."""
    a = torch.full((1, 1, 32, 32), 100.0)
    b = torch.full((1, 1, 32, 32), 99.0)
    inside = slice(10, -10)
    similarity, _ = Ssim(1.0, "zeros")._similarity(a, b, torch.ones_like(a))
    expected = (2 * 100 * 99 + 1e-4) / (100**2 + 99**2 + 1e-4)
    torch.testing.assert_close(similarity[..., inside, inside], torch.full((1, 1, 12, 12), expected))
