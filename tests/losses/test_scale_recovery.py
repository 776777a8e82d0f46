"""Depth and motion learnt together from three images: up to scale from the images, metric with the camera's speed.

Or depth alone from two, a known distance apart.
"""

import pytest
import torch
from torch import Tensor
from torch.nn import functional as F

from packdepth.geometry.euler import rotation_from_euler
from packdepth.geometry.rigid import rigid
from packdepth.losses.photometric import PhotometricLoss
from packdepth.losses.velocity import velocity_loss
from tests.support.round_room import CAMERA, SIZE, frames, look, true_poses

LOSS = PhotometricLoss(ssim=0.85, smoothness=0.001)
MASK = torch.ones(1, 2, 1, *SIZE)
STEPS, VELOCITY_WEIGHT = 250, 0.05


def fitted_factors(velocity_weight: float) -> Tensor:
    """True depth over the depth that Adam finds, per pixel, from 1.35 m everywhere and hardly any motion.

    Free are 4 x 6 values of log inverse depth, between which it is linear, and each context frame's six numbers.
    """
    image, context, truth = frames()
    distance = torch.linalg.vector_norm(true_poses()[..., :3, 3], dim=-1)
    relief = torch.full((1, 1, 4, 6), -0.3, requires_grad=True)
    start = 0.001 * torch.randn(2, 1, 2, 3, generator=torch.Generator().manual_seed(0))
    translation, angles = (x.clone().requires_grad_() for x in start)
    rates = ((relief, 0.05), (translation, 0.01), (angles, 0.0025))
    optimiser = torch.optim.Adam([{"params": [x], "lr": rate} for x, rate in rates], betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        poses = rigid(rotation_from_euler(angles), translation)
        inverse_depth = F.interpolate(relief, SIZE, mode="bilinear", align_corners=True).exp()
        loss = LOSS([inverse_depth], image, context, MASK, CAMERA, poses)[0]
        loss = loss + velocity_weight * velocity_loss(poses, distance)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    return inverse_depth.detach() / truth


@pytest.mark.slow
def test_with_the_speed_depth_is_metric() -> None:
    factors = fitted_factors(VELOCITY_WEIGHT)
    assert abs(factors.median() - 1) < 0.05
    assert factors.std() < 0.1


@pytest.mark.slow
def test_without_it_only_the_shape_is_right() -> None:
    factors = fitted_factors(0.0)
    assert abs(factors.median() - 1) > 0.2
    assert factors.std() / factors.mean() < 0.1


@pytest.mark.slow
def test_with_a_second_camera_depth_is_metric_without_any_motion() -> None:
    """From 1.35 m everywhere, as above, and only the known pose of a camera 0.2 m to the right."""
    image, depth = look(torch.eye(4)[None])
    beside = torch.eye(4)[None]
    beside[:, 0, 3] = -0.2
    context, _ = look(beside)
    relief = torch.full((1, 1, 4, 6), -0.3, requires_grad=True)
    optimiser = torch.optim.Adam([relief], lr=0.05, betas=(0.9, 0.99))
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, STEPS)
    for _ in range(STEPS):
        inverse_depth = F.interpolate(relief, SIZE, mode="bilinear", align_corners=True).exp()
        arguments = ([inverse_depth], image, context[:, None], MASK[:, :1], CAMERA, beside[:, None])
        loss = LOSS(*arguments, in_time=0)[0]
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    factors = inverse_depth.detach() * depth
    assert abs(factors.median() - 1) < 0.05
    assert factors.std() < 0.1


def test_a_scene_twice_as_large_with_twice_the_motion_looks_exactly_the_same() -> None:
    """To the last bit, as halving and doubling are exact: no image can tell scale, and only the velocity loss does."""
    image, context, truth = frames()
    rotation, translation = true_poses()[..., :3, :3], true_poses()[..., :3, 3]
    losses, velocities = [], []
    for size in (0.5, 1.0, 2.0):
        poses = rigid(rotation, size * translation)
        scales = [inverse / size for inverse in (truth, F.avg_pool2d(truth, 2))]
        losses.append(LOSS(scales, image, context, MASK, CAMERA, poses)[0].item())
        velocities.append(velocity_loss(poses, torch.linalg.vector_norm(translation, dim=-1)).item())
    assert losses[0] == losses[1] == losses[2] > 0
    assert velocities[1] < 1e-6 < 0.1 < min(velocities[0], velocities[2])
