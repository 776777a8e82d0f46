"""Rotations from Euler angles, in the order of PackNet's published pose network."""

import torch
from torch import Tensor


def rotation_from_euler(angles: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3) from angles (..., 3) about the x, y and z axis, in radians.

    R = R_x R_y R_z, so a point is turned about z first: the order of SfMLearner's and packnet-sfm's pose
    networks. The product is written out, which keeps full precision under autocast.
    """
    (sin_x, sin_y, sin_z), (cos_x, cos_y, cos_z) = angles.sin().unbind(-1), angles.cos().unbind(-1)
    rows = [
        *(cos_y * cos_z, -cos_y * sin_z, sin_y),
        *(cos_x * sin_z + sin_x * sin_y * cos_z, cos_x * cos_z - sin_x * sin_y * sin_z, -sin_x * cos_y),
        *(sin_x * sin_z - cos_x * sin_y * cos_z, sin_x * cos_z + cos_x * sin_y * sin_z, cos_x * cos_y),
    ]
    return torch.stack(rows, dim=-1).unflatten(-1, (3, 3))
