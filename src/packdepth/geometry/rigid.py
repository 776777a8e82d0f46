"""Rigid motion in three dimensions, as (..., 4, 4) matrices.

A motion is written `target_from_source`: it takes points given in the source frame to the target frame, so that
`c_from_b @ b_from_a` is `c_from_a`. Metres and radians.
"""

import torch
from torch import Tensor


def rotation_from_vector(vector: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3) from rotation vectors (..., 3): the axis times the angle in radians.

    Rodrigues' formula, R = I + sin(a)/a [v] + (1 - cos(a))/a^2 [v]^2, with both factors written as sinc so that
    small angles need no special case.
    """
    angle = torch.linalg.vector_norm(vector, dim=-1)[..., None, None]
    x, y, z = vector.unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).unflatten(-1, (3, 3))
    first = torch.sinc(angle / torch.pi)
    second = torch.sinc(angle / (2 * torch.pi)).square() / 2
    identity = torch.eye(3, dtype=vector.dtype, device=vector.device)
    return identity + first * cross + second * (cross @ cross)


def vector_from_rotation(rotation: Tensor) -> Tensor:
    """Rotation vectors (..., 3), of angles from 0 to pi, from rotation matrices (..., 3, 3).

    The inverse of Rodrigues' formula: the antisymmetric part of R is sin(a)/a [v], and cos(a) = (trace R - 1) / 2.
    Exact to rounding for small angles. Towards half a turn sin(a) vanishes, and the axis becomes uncertain: the
    error grows as 1 / (pi - a), and at pi itself the result means nothing.
    """
    doubled = rotation - rotation.mT
    sine = torch.stack([doubled[..., 2, 1], doubled[..., 0, 2], doubled[..., 1, 0]], dim=-1) / 2
    cosine = (rotation.diagonal(dim1=-2, dim2=-1).sum(-1) - 1) / 2
    angle = torch.atan2(torch.linalg.vector_norm(sine, dim=-1), cosine)
    return sine / torch.sinc(angle / torch.pi)[..., None]


def rigid(rotation: Tensor, translation: Tensor) -> Tensor:
    """Motion (..., 4, 4) that rotates by (..., 3, 3), then translates by (..., 3) metres."""
    motion = torch.zeros(*rotation.shape[:-2], 4, 4, dtype=rotation.dtype, device=rotation.device)
    motion[..., :3, :3] = rotation
    motion[..., :3, 3] = translation
    motion[..., 3, 3] = 1
    return motion


def inverse(target_from_source: Tensor) -> Tensor:
    """source_from_target (..., 4, 4): the rotation transposed, no matrix inversion."""
    rotation = target_from_source[..., :3, :3].mT
    translation = target_from_source[..., :3, 3:]
    return rigid(rotation, -(rotation @ translation)[..., 0])


def right_from_left(baseline: float) -> Tensor:
    """Motion (4, 4), m, that takes points of a camera to one `baseline` metres to its right."""
    motion = torch.eye(4)
    motion[0, 3] = -baseline
    return motion


def mirror_motion(motion: Tensor) -> Tensor:
    """The motion (..., 4, 4) between two cameras after the images of both were flipped left and right.

    Right has become left in both frames: conjugation with diag(-1, 1, 1, 1).
    """
    result = motion.clone()
    result[..., 0, :] *= -1
    result[..., :, 0] *= -1
    return result


def transform(target_from_source: Tensor, points: Tensor) -> Tensor:
    """Points (..., N, 3) of the source frame, metres, in the target frame."""
    return points @ target_from_source[..., :3, :3].mT + target_from_source[..., None, :3, 3]


def rotation_from_quaternion(quaternion: Tensor) -> Tensor:
    """Rotation matrices (..., 3, 3) from quaternions (..., 4) in the order x, y, z, w, of any length but 0.

    The Euler-Rodrigues formula, after scaling the quaternion to unit length.
    """
    x, y, z, w = (quaternion / torch.linalg.vector_norm(quaternion, dim=-1, keepdim=True)).unbind(-1)
    rows = [
        *(1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)),
        *(2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)),
        *(2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)),
    ]
    return torch.stack(rows, dim=-1).reshape(*quaternion.shape[:-1], 3, 3)
