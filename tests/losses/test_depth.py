"""The DenseDepth loss: values by hand, gradients, masks."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from packdepth.losses.depth import (
    DepthLoss,
    dissimilarity,
    gradient,
    l1,
    metric_depth,
    normalised_inverse_depth,
    silog,
    ssim,
)


def maps(seed: int = 0, size: int = 13, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    draw = torch.rand(2, 2, 1, size, size + 2, generator=generator, dtype=dtype) * 9 + 1
    return draw[0], draw[1]


def test_target_by_hand():
    depth = torch.tensor([[2.0, 5.0, 0.0, 0.0], [2.0, 0.0, 0.0, 0.0]]).reshape(1, 1, 2, 4)
    target, mask = normalised_inverse_depth(depth, 10.0, (1, 2))
    assert mask.flatten().tolist() == [1, 0]
    assert target[0, 0, 0, 0].item() == pytest.approx((5 + 2 + 5) / 3)


def test_depth_is_clamped_so_that_targets_lie_in_1_to_100():
    depth = torch.tensor([0.001, 0.1, 10.0, 80.0]).reshape(1, 1, 1, 4)
    target, _ = normalised_inverse_depth(depth, 10.0, (1, 4))
    torch.testing.assert_close(target.flatten(), torch.tensor([100.0, 100.0, 1.0, 1.0]))


@given(st.floats(0.1, 10.0))
def test_metric_depth_undoes_the_target(depth):
    target, _ = normalised_inverse_depth(torch.full((1, 1, 2, 2), depth), 10.0, (1, 1))
    assert metric_depth(target, 10.0).item() == pytest.approx(depth, rel=1e-5)


def test_outputs_outside_the_targets_are_held_to_them():
    output = torch.tensor([-3.0, 0.5, 2.0, 1000.0])
    torch.testing.assert_close(metric_depth(output, 10.0), torch.tensor([10.0, 10.0, 5.0, 0.1]))


def test_l1_by_hand_leaves_unknown_pixels_out():
    output, target = torch.tensor([1.0, 2.0, 9.0]), torch.tensor([2.0, 4.0, 0.0])
    mask = torch.tensor([1.0, 1.0, 0.0])
    assert l1(*(x.reshape(1, 1, 1, 3) for x in (output, target, mask))).item() == 1.5


def test_gradient_by_hand():
    output = torch.tensor([[0.0, 1.0], [0.0, 4.0]]).reshape(1, 1, 2, 2)
    zeros, full = torch.zeros_like(output), torch.ones_like(output)
    assert gradient(output, zeros, full).item() == (1 + 4) / 2 + (0 + 3) / 2
    assert gradient(output + 7, zeros, full).item() == gradient(output, zeros, full).item()


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
    assert ssim(a, b, torch.ones_like(a)).item() == pytest.approx(expected, rel=1e-5)
    assert dissimilarity(a, b, torch.ones_like(a)).item() == pytest.approx((1 - expected) / 2, rel=1e-5)


def test_ssim_against_the_definition_written_out():
    """One 11x11 window, straight from the paper's sums."""
    a, b = (x[:1, :, :11, :11] for x in maps())
    offsets = range(-5, 6)
    weights = torch.tensor(
        [[math.exp(-(i * i + j * j) / (2 * 1.5**2)) for j in offsets] for i in offsets], dtype=torch.float64
    )
    weights /= weights.sum()

    def mean(x: torch.Tensor) -> float:
        return float((weights * x[0, 0]).sum())

    mean_a, mean_b = mean(a), mean(b)
    var_a, var_b, cov = mean((a - mean_a) ** 2), mean((b - mean_b) ** 2), mean((a - mean_a) * (b - mean_b))
    c1, c2 = 1.0, 9.0
    expected = (2 * mean_a * mean_b + c1) * (2 * cov + c2) / ((mean_a**2 + mean_b**2 + c1) * (var_a + var_b + c2))
    assert ssim(a, b, torch.ones_like(a)).item() == pytest.approx(expected, rel=1e-9)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000))
def test_perfect_is_zero_and_terms_are_symmetric(seed):
    a, b = maps(seed)
    full = torch.ones_like(a)
    loss = DepthLoss(l1=0.1, ssim=1.0, gradient=1.0, silog=1.0)
    assert loss(a, a, full)[0].item() == pytest.approx(0, abs=1e-12)
    assert loss(a, b, full)[0].item() == pytest.approx(loss(b, a, full)[0].item(), rel=1e-9)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 1000))
def test_what_stands_in_unknown_pixels_does_not_matter(seed):
    a, b = maps(seed)
    generator = torch.Generator().manual_seed(seed)
    mask = (torch.rand(a.shape, generator=generator) < 0.7).double()
    loss = DepthLoss(l1=0.1, ssim=1.0, gradient=1.0, silog=1.0)
    wild = b + 50 * (1 - mask)
    assert loss(a, b, mask)[0].item() == pytest.approx(loss(a, wild, mask)[0].item(), rel=1e-9)


def test_terms_are_weighted_and_reported():
    a, b = maps()
    full = torch.ones_like(a)
    total, terms = DepthLoss(l1=0.1, ssim=2.0, gradient=0.0)(a, b, full)
    assert set(terms) == {"l1", "ssim"}
    assert total.item() == pytest.approx(0.1 * l1(a, b, full).item() + 2 * dissimilarity(a, b, full).item())


@pytest.mark.parametrize("masked", [False, True])
def test_gradcheck(masked):
    a, b = (x[:1] for x in maps())
    mask = torch.ones_like(a)
    if masked:
        mask[..., ::3, ::2] = 0
    loss = DepthLoss(l1=0.1, ssim=1.0, gradient=1.0, silog=1.0)
    assert torch.autograd.gradcheck(lambda x: loss(x, b, mask)[0], a.clone().requires_grad_())


def test_a_batch_without_truth_gives_zero_not_nan():
    a, b = maps()
    a.requires_grad_()
    total, _ = DepthLoss(l1=0.1, ssim=1.0, gradient=1.0, silog=1.0)(a, b, torch.zeros_like(a))
    total.backward()
    assert total.item() == 0
    assert a.grad is not None
    assert not a.grad.isnan().any()
