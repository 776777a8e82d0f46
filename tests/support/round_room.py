"""The inside of a textured ball, seen from anywhere in it: images, depth and motion that are true to each other.

Nothing is hidden from any camera, depth is smooth and has much relief, and the texture is smooth.
"""

import torch
from torch import Tensor

from packdepth.geometry.cameras import pixel_rays
from packdepth.geometry.rigid import inverse, rigid, rotation_from_vector

SIZE = HEIGHT, WIDTH = 32, 48
CAMERA = torch.tensor([[18.0, 0.0, 23.0], [0.0, 18.0, 16.0], [0.0, 0.0, 1.0]])[None]
CENTRE, RADIUS = torch.tensor([0.5, -0.3, 0.8]), 2.0  # m, in the target's frame


def true_poses() -> Tensor:
    """context_from_target (1, 2, 4, 4), m: about 0.25 m back and ahead, with a little turning.

    Mostly along the axis, as moving aside and turning look much alike, which makes a fit slow.
    """
    rotation = torch.tensor([[[0.004, -0.020, 0.006], [-0.003, 0.022, -0.005]]])
    translation = torch.tensor([[[0.03, 0.02, 0.25], [-0.04, -0.01, -0.25]]])
    return rigid(rotation_from_vector(rotation), translation)


def look(camera_from_target: Tensor) -> tuple[Tensor, Tensor]:
    """Image (B, 3, H, W) and depth (B, 1, H, W), m, of a camera at (B, 4, 4); the ball is fixed in the target's frame.

    The depth z at which the ray r from c leaves the ball solves |c + z r - centre| = radius.
    """
    target_from_camera = inverse(camera_from_target)
    rays = pixel_rays(CAMERA, SIZE).flatten(1, 2) @ target_from_camera[:, :3, :3].mT
    start = target_from_camera[:, None, :3, 3] - CENTRE
    a, b, c = (rays * rays).sum(-1), (rays * start).sum(-1), (start * start).sum(-1) - RADIUS**2
    depth = (-b + (b * b - a * c).sqrt()) / a
    colours = _texture(start + depth[..., None] * rays)
    return colours.unflatten(1, SIZE).movedim(-1, 1), depth.unflatten(1, SIZE)[:, None]


def _texture(points: Tensor) -> Tensor:
    """Colours (..., 3) in [0, 1] of points (..., 3), m: waves of 0.7 to 2.5 m."""
    directions = torch.tensor([[2.4, 0.7, 1.0], [-1.1, 3.3, 1.5], [3.2, -4.0, 2.5], [6.0, 4.0, 5.0], [-5.0, 4.5, -4.0]])
    waves = torch.sin((points @ directions.T)[..., None] + torch.arange(15.0).view(5, 3))
    return 0.5 + 0.09 * waves.sum(-2)


def frames() -> tuple[Tensor, Tensor, Tensor]:
    """Target (1, 3, H, W), context (1, 2, 3, H, W) and the target's inverse depth (1, 1, H, W), 1/m."""
    image, depth = look(torch.eye(4)[None])
    context, _ = look(true_poses()[0])
    return image, context[None], 1 / depth
