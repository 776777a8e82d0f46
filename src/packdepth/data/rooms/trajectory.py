"""The hand-held camera: where it stands in a room, where it looks, and how it moves."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from packdepth.data.rooms.seeds import uniform
from packdepth.geometry.rigid import rigid, rotation_from_vector

FRAME_PERIOD = 1 / 30  # s
WALL_CLEARANCE = 0.8  # m

Vector = tuple[float, float, float]


@dataclass(frozen=True)
class Motion:
    """A smooth camera motion: position and rotation are quadratic in time, s seconds after the frame."""

    position: Vector  # m, world
    angles: Vector  # rad: yaw (to the right), pitch (up), roll (clockwise)
    velocity: Vector  # m/s, world
    acceleration: Vector  # m/s^2, world
    turn: Vector  # rad/s, rotation vector in the camera frame
    turn_rate: Vector  # rad/s^2


def sample_position(rng: np.random.Generator, half: Vector) -> Vector:
    """Where a person holds a camera in a room of half sizes `half` (x, y, z in metres, y half the height).

    1.0 to 1.8 m above the floor and `WALL_CLEARANCE` or more from walls and ceiling; world frame, metres.
    """
    height = uniform(rng, 1.0, min(1.8, 2 * half[1] - WALL_CLEARANCE))
    reach_x, reach_z = half[0] - WALL_CLEARANCE, half[2] - WALL_CLEARANCE
    return uniform(rng, -reach_x, reach_x), -height, uniform(rng, -reach_z, reach_z)


def sample_motion(rng: np.random.Generator, position: Vector, places: Sequence[tuple[float, float]]) -> Motion:
    """A hand-held camera's motion, looking at a piece of furniture, but not at the nearest third of them.

    Held level to a few degrees, moving at 0.2 to 1.2 m/s and turning at up to 40 degrees/s.

    Args:
        position: of the camera, world, metres.
        places: (x, z) of every piece of furniture, world, metres; at least one.
    """
    by_distance = sorted((math.hypot(x - position[0], z - position[2]), x, z) for x, z in places)
    farther = by_distance[len(by_distance) // 3 :]
    distance, x, z = farther[int(rng.integers(len(farther)))]
    yaw = math.atan2(x - position[0], z - position[2]) + uniform(rng, -0.3, 0.3)
    pitch = math.atan2(position[1] + uniform(rng, 0.2, 1.4), distance)
    roll = math.radians(2.5) * float(np.clip(rng.standard_normal(), -3, 3))
    return Motion(
        position,
        (yaw, pitch, roll),
        velocity=_vector(rng, uniform(rng, 0.23, 1.16), (1.0, 0.3, 1.0)),
        acceleration=_vector(rng, uniform(rng, 0.0, 1.5), (1.0, 1.0, 1.0)),
        turn=_vector(rng, math.radians(uniform(rng, 0.0, 38.0)), (0.6, 1.0, 0.3)),
        turn_rate=_vector(rng, math.radians(uniform(rng, 0.0, 60.0)), (1.0, 1.0, 1.0)),
    )


def poses(motions: Sequence[Motion], offsets: Sequence[float]) -> Tensor:
    """world_from_camera (B, T, 4, 4), float64, metres, of B motions at T offsets in seconds from the frame."""

    def column(field: str) -> Tensor:
        return torch.tensor([getattr(motion, field) for motion in motions], dtype=torch.float64)[:, None]

    time = torch.tensor(offsets, dtype=torch.float64)[:, None]
    position = column("position") + column("velocity") * time + column("acceleration") * time**2 / 2
    turn = column("turn") * time + column("turn_rate") * time**2 / 2
    yaw, pitch, roll = column("angles")[..., None].unbind(2)
    right, down, ahead = torch.eye(3, dtype=torch.float64)
    start = rotation_from_vector(yaw * down) @ rotation_from_vector(pitch * right) @ rotation_from_vector(roll * ahead)
    return rigid(start @ rotation_from_vector(turn), position)


def _vector(rng: np.random.Generator, length: float, shape: Vector) -> Vector:
    """A random vector of the given length, its direction a normal draw stretched by `shape`."""
    x, y, z = (float(value) for value in rng.standard_normal(3))
    x, y, z = x * shape[0], y * shape[1], z * shape[2]
    scale = length / math.sqrt(x * x + y * y + z * z)
    return x * scale, y * scale, z * scale
