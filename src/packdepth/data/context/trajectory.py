"""Smooth motions of a camera around a frame, sampled from a motion model."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Tensor

from packdepth.config.motions import MotionModel
from packdepth.geometry.rigid import rigid, rotation_from_vector

Array = np.typing.NDArray[np.float64]


@dataclass(frozen=True)
class Trajectories:
    """B motions, each as a function of the seconds since its frame; float64, on the CPU.

    The reference frame is the camera's at the frame itself. Position is quadratic in time. The rotation is about one
    fixed axis, so its rate is the angular velocity at every instant.
    """

    velocity: Tensor  # (B, 3) m/s
    acceleration: Tensor  # (B, 3) m/s^2, in the reference frame
    turn: Tensor  # (B, 3) rad/s, rotation vector
    turn_acceleration: Tensor  # (B, 3) rad/s^2, along `turn`'s axis

    def poses(self, times: Sequence[float]) -> Tensor:
        """reference_from_camera (B, T, 4, 4), metres, at T times in seconds from the frame."""
        time = torch.tensor(times, dtype=torch.float64)[:, None]
        position = self.velocity[:, None] * time + self.acceleration[:, None] * time**2 / 2
        turned = self.turn[:, None] * time + self.turn_acceleration[:, None] * time**2 / 2
        return rigid(rotation_from_vector(turned), position)

    def velocities(self, times: Sequence[float]) -> Tensor:
        """(B, T, 6): linear in m/s, angular in rad/s, each in the camera frame of its instant."""
        time = torch.tensor(times, dtype=torch.float64)[:, None]
        linear = self.velocity[:, None] + self.acceleration[:, None] * time
        angular = self.turn[:, None] + self.turn_acceleration[:, None] * time
        camera_from_reference = self.poses(times)[..., :3, :3].mT
        return torch.cat([(camera_from_reference @ linear[..., None])[..., 0], angular], dim=-1)

    def scaled(self, factor: Tensor) -> "Trajectories":
        """The same motions with all velocities and accelerations times a factor (B,) each."""
        scale = factor.to(torch.float64)[:, None]
        fields = ("velocity", "acceleration", "turn", "turn_acceleration")
        return replace(self, **{name: getattr(self, name) * scale for name in fields})


def sample(model: MotionModel, seed: int, ids: Sequence[str]) -> Trajectories:
    """A motion for every frame, a function of only the model, the seed and the frame's name."""
    draws = [_draw(model, _generator(seed, name)) for name in ids]
    return Trajectories(*(torch.from_numpy(np.stack(column)) for column in zip(*draws, strict=True)))


def _draw(model: MotionModel, rng: np.random.Generator) -> tuple[Array, Array, Array, Array]:
    """Velocity, acceleration, turn and its acceleration of one motion, each (3,)."""
    spread = np.multiply(model.direction_spread, rng.standard_normal(3))
    velocity = rng.uniform(*model.speed) * _direction(np.add(model.mean_direction, spread))
    acceleration = rng.uniform(0, model.acceleration) * _direction(rng.standard_normal(3))
    axis = _direction(np.multiply(model.turn_axes, rng.standard_normal(3)))
    turn = math.radians(rng.uniform(0, model.turn)) * axis
    return velocity, acceleration, turn, math.radians(rng.uniform(-1, 1) * model.turn_acceleration) * axis


def _direction(vector: Array) -> Array:
    return vector / np.linalg.norm(vector)


def _generator(seed: int, name: str) -> np.random.Generator:
    digest = hashlib.sha256(f"motion {seed} {name}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))
