"""Synthetic neighbours: what a camera on a smooth motion would have seen before and after a single RGB-D frame."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from packdepth.config.motions import MotionModel
from packdepth.data.context.trajectory import Trajectories, sample
from packdepth.geometry.forward_warp import forward_warp
from packdepth.geometry.rigid import inverse

SEEN = 0.6  # share of the pixels that must be seen in both neighbours
SHORTER = 0.75  # factor that shortens a motion that leaves fewer, repeatedly


@dataclass(frozen=True)
class Synthetic:
    """Frames at t-1 and t+1 (axis 1, where it is 2 long) of B frames at t."""

    rgb: Tensor  # uint8 (B, 2, H, W, 3)
    mask: Tensor  # bool (B, 2, H, W): pixels that were really seen, the others are filled in
    pose: Tensor  # float32 (B, 2, 4, 4): context_from_target, metres
    velocity: Tensor  # float32 (B, 3, 6): at t-1, t, t+1: m/s and rad/s, each in the camera frame of its instant
    time_step: float  # s


def synthesize(
    rgb: Tensor,
    depth: Tensor,
    intrinsics: Tensor,
    ids: Sequence[str],
    model: MotionModel,
    seed: int,
) -> Synthetic:
    """Both neighbours of every frame, on one smooth motion that is a function of the seed and the frame's name.

    A motion that would leave less than 60 % of the pixels seen in either neighbour is shortened until it does not.
    All its velocities and accelerations are scaled, and the returned velocities are the scaled ones. Where depth is
    known for less than 60 % of the pixels, 60 % of those that are known must be seen.

    Args:
        rgb: uint8 (B, H, W, 3).
        depth: (B, H, W), m, 0 where unknown.
        intrinsics: (B, 3, 3), px.
        ids: names of the B frames.
        model: which motions to draw, and how far away in time the neighbours are.
        seed: which motions.

    Raises:
        ValueError: tensors or names that do not match.
    """
    if len(ids) != len(rgb):
        raise ValueError(f"{len(ids)} names for {len(rgb)} frames")
    step = 1 / model.frequency
    motions, factor = sample(model, seed, ids), torch.ones(len(ids), dtype=torch.float64)
    known = (depth > 0).flatten(1).float().mean(1)
    required = torch.where(known < SEEN, SEEN * known, SEEN)
    images = rgb.movedim(-1, 1).float().contiguous()
    made = rgb.new_empty(len(rgb), 2, *rgb.shape[1:])
    mask = torch.empty(made.shape[:-1], dtype=torch.bool, device=rgb.device)
    todo = torch.arange(len(rgb))
    while len(todo):
        context_from_target = _poses(motions.scaled(factor), step)[todo]
        frames = todo.to(rgb.device)
        for side in (0, 1):
            made[frames, side], mask[frames, side] = seen_from(
                images[frames], depth[frames], intrinsics[frames], context_from_target[:, side].to(rgb.device)
            )
        seen = mask[frames].flatten(2).float().mean(2).amin(1)
        todo = todo[(seen < required[frames]).cpu()]
        factor[todo] *= SHORTER
    motions = motions.scaled(factor)
    pose, velocity = _poses(motions, step), motions.velocities((-step, 0.0, step))
    return Synthetic(made, mask, pose.float().to(rgb.device), velocity.float().to(rgb.device), step)


def seen_from(images: Tensor, depth: Tensor, intrinsics: Tensor, context_from_target: Tensor) -> tuple[Tensor, Tensor]:
    """Frames as other cameras see them, uint8 (B, H, W, 3), and where that was really seen, bool (B, H, W).

    As for `forward_warp`; images are (B, 3, H, W), 0 to 255.
    """
    warped = forward_warp(images, depth, intrinsics, context_from_target)
    return warped.rgb.round_().clamp_(0, 255).to(torch.uint8).movedim(1, -1), warped.seen


def _poses(motions: Trajectories, step: float) -> Tensor:
    """context_from_target (B, 2, 4, 4), float64, of the cameras `step` s before and after."""
    return inverse(motions.poses((-step, step)))
