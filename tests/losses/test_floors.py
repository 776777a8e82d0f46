"""Floors: by hand, and in the order that they must have."""

import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from packdepth.config.losses import LossSettings
from packdepth.losses import floors
from packdepth.losses.depth import DepthLoss

L1 = DepthLoss(LossSettings(l1=1.0), max_depth=10.0)
HANDOUT = DepthLoss(
    LossSettings(target="eight-bit", l1=0.1, ssim=1.0, gradient=1.0, ssim_range=1.0, ssim_border="zeros"), 10.0
)


def maps(seed: int) -> torch.Tensor:
    return torch.rand(3, 1, 12, 14, generator=torch.Generator().manual_seed(seed)) * 9 + 1


def test_the_best_constant_of_l1_is_the_median():
    target = torch.tensor([2.0, 3.0, 3.0, 3.0, 90.0]).reshape(1, 1, 1, 5)
    assert abs(floors.best_constant(L1, target, torch.ones_like(target)) - 3) < 0.02


def test_the_fixed_map_of_l1_is_the_median_of_every_pixel():
    target = torch.tensor([[1.0, 4.0], [2.0, 5.0], [9.0, 6.0]]).reshape(3, 1, 1, 2)
    mask = torch.ones_like(target)
    assert floors.fixed_map(L1, target, mask).flatten().tolist() == [2, 5]


def test_a_pixel_that_no_image_knows_gets_the_mean_of_all():
    target = torch.tensor([[1.0, 7.0], [3.0, 7.0]]).reshape(2, 1, 1, 2)
    mask = torch.tensor([[1.0, 0.0], [1.0, 0.0]]).reshape(2, 1, 1, 2)
    assert floors.fixed_map(L1, target, mask)[0, 0, 0, 1].item() == 2


def test_image_medians_by_hand():
    target = torch.tensor([[1.0, 4.0, 5.0], [2.0, 8.0, 8.0]]).reshape(2, 1, 1, 3)
    mask = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, 0.0]]).reshape(2, 1, 1, 3)
    assert floors.image_medians(target, mask).flatten().tolist() == [4, 2]
    assert floors.image_medians(target, 0 * mask).flatten().tolist() == [1, 1]


def test_losses_image_by_image():
    target = maps(0)
    losses = floors.image_losses(HANDOUT, torch.full((1, 1, 1, 1), 2.0), target, torch.ones_like(target))
    for index in range(3):
        one = target[index : index + 1]
        torch.testing.assert_close(losses[index], HANDOUT(torch.full_like(one, 2.0), one, torch.ones_like(one))[0])


@settings(max_examples=10)
@given(st.integers(0, 1000))
def test_a_perfect_network_below_a_ceiling_is_no_worse_than_the_ceiling_and_best_without(seed):
    target = maps(seed)
    mask = torch.ones_like(target)

    def mean(output: torch.Tensor) -> float:
        return float(floors.image_losses(HANDOUT, output, target, mask).mean())

    ceiling = torch.full((1, 1, 1, 1), 2.0)
    assert mean(target) < 1e-6 < mean(floors.clipped_truth(target, 2.0)) <= mean(ceiling) + 1e-6
    best = torch.full((1, 1, 1, 1), floors.best_constant(HANDOUT, target, mask))
    assert mean(best) <= mean(ceiling) + 1e-6
