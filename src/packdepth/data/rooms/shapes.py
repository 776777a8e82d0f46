"""Where rays meet solids, in closed form.

Every solid is a unit shape in its own frame: the box |x|, |y|, |z| <= 1, the upright cylinder x^2 + z^2 <= 1,
|y| <= 1, the sphere of radius 1. `local_ray` brings rays into that frame; they keep their parameter t there, so the
t of a hit needs no conversion back. Rays start outside every shape.

Origins are three tensors (V, 1), directions three tensors (V, P): x, y, z. Nothing is stacked and every step is one
elementwise operation, because memory traffic is the cost of a ray here.
"""

import torch
from torch import Tensor

from packdepth.data.rooms.scene import Scene

Triple = tuple[Tensor, Tensor, Tensor]

HUGE = 1e12  # stands for 1 / 0, for rays along a slab: finite, so that times 0 it is 0


def columns(vectors: Tensor) -> Triple:
    """Vectors (V, 3) as three tensors (V, 1)."""
    x, y, z = vectors[:, :, None].unbind(1)
    return x, y, z


def dot(a: Triple, b: Triple) -> Tensor:
    """The scalar product of two vectors."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def local_ray(scene: Scene, slot: int, origin: Triple, direction: Triple) -> tuple[Triple, Triple]:
    """Origin (V, 1) and direction (V, P) of rays in the frame of the solids in one slot."""
    centre, half, heading = scene.centre[:, slot], scene.half[:, slot], scene.heading[:, slot]
    half_x, half_y, half_z = half[:, 0:1], half[:, 1:2], half[:, 2:3]
    cos, sin = heading[:, 0:1], heading[:, 1:2]
    x, y, z = (origin[axis] - centre[:, axis : axis + 1] for axis in range(3))
    dx, dy, dz = direction
    return (
        ((x * cos - z * sin) / half_x, y / half_y, (x * sin + z * cos) / half_z),
        (
            (dx * (cos / half_x)).addcmul_(dz, -sin / half_x),
            dy / half_y,
            (dx * (sin / half_z)).addcmul_(dz, cos / half_z),
        ),
    )


def slab(origin: Tensor, direction: Tensor) -> tuple[Tensor, Tensor]:
    """Where a ray enters and leaves the slab -1 <= x <= 1."""
    inverse = direction.reciprocal().clamp_(-HUGE, HUGE)
    middle = inverse * -origin
    reach = inverse.abs_()
    return middle - reach, middle.add_(reach)


def box_span(origin: Triple, direction: Triple) -> tuple[Tensor, Tensor]:
    """Where a ray enters and leaves the unit box; a miss leaves before it enters."""
    enter, leave = slab(origin[0], direction[0])
    for axis in (1, 2):
        near, far = slab(origin[axis], direction[axis])
        torch.maximum(enter, near, out=enter)
        torch.minimum(leave, far, out=leave)
    return enter, leave


def cylinder_span(origin: Triple, direction: Triple) -> tuple[Tensor, Tensor]:
    """Where a ray enters and leaves the unit upright cylinder; a miss leaves before it enters."""
    flat = torch.zeros_like(origin[1])
    enter, leave = sphere_span((origin[0], flat, origin[2]), (direction[0], flat, direction[2]))
    near, far = slab(origin[1], direction[1])
    return torch.maximum(enter, near), torch.minimum(leave, far)


def sphere_span(origin: Triple, direction: Triple) -> tuple[Tensor, Tensor]:
    """Where a ray enters and leaves the unit sphere; a miss leaves before it enters.

    Computed from the ray's nearest point to the centre, not from b^2 - 4ac, which loses the digits of small far shapes
    in float32 (Haines et al., Precision Improvements for Ray/Sphere Intersection, Ray Tracing Gems, 2019).
    """
    squared = dot(direction, direction).clamp_(min=1 / HUGE)
    nearest = dot(direction, origin).div_(squared).neg_()
    x, y, z = (o + nearest * d for o, d in zip(origin, direction, strict=True))
    inside = 1 - dot((x, y, z), (x, y, z))
    reach = (inside.abs() / squared).sqrt_().copysign_(inside)  # negative: leaves before it enters
    return nearest - reach, nearest + reach
