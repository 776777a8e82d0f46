"""Rooms as one batch of padded tensors, which the ray caster reads."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from packdepth.data.rooms.furniture import Shape
from packdepth.data.rooms.materials import Material
from packdepth.data.rooms.room import Room, Vector

WALL, FLOOR, CEILING, FURNITURE = 0, 1, 2, 3  # slots: the room itself three times, then everything in it
NOWHERE = (0.0, 1e4, 0.0, 1e-3, 1e-3, 1e-3, 1.0, 0.0) + (0.0,) * 16  # a solid that no ray meets


@dataclass(frozen=True)
class Scene:
    """V views with K slots of solids each: the room, then boxes, then cylinders, then spheres."""

    centre: Tensor  # (V, K, 3) m, world
    half: Tensor  # (V, K, 3) m, half sizes
    heading: Tensor  # (V, K, 2) cosine and sine
    material: Tensor  # (V, K, 16) as `Material.row`
    lamp: Tensor  # (V, 3) m, world
    power: Tensor  # (V, 3) linear RGB, as in `room.Light`
    ambient: Tensor  # (V, 3) linear RGB
    window: Tensor  # (V, 3) unit vector, world
    exposure: Tensor  # (V, 3) gain of each channel
    boxes: range  # slots
    cylinders: range
    spheres: range


def stack(rooms: Sequence[Room], views: int, device: str | torch.device = "cpu") -> Scene:
    """The rooms as one float32 scene, every room repeated for its `views` views in a row."""

    def tensor(rows: Sequence[Vector] | np.typing.NDArray[np.float64]) -> Tensor:
        return torch.tensor(np.array(rows), dtype=torch.float32).repeat_interleave(views, dim=0).to(device)

    boxes, cylinders, spheres = slots = _slots(rooms)
    table = tensor(np.stack([_table(room, slots) for room in rooms]))
    centre, half, heading, material = (part.contiguous() for part in table.split([3, 3, 2, 16], dim=-1))
    lights = [room.light for room in rooms]
    return Scene(
        centre=centre,
        half=half,
        heading=heading,
        material=material,
        lamp=tensor([light.lamp for light in lights]),
        power=tensor([light.power for light in lights]),
        ambient=tensor([light.ambient for light in lights]),
        window=tensor([light.window for light in lights]),
        exposure=tensor([room.exposure for room in rooms]),
        boxes=boxes,
        cylinders=cylinders,
        spheres=spheres,
    )


def _slots(rooms: Sequence[Room]) -> list[range]:
    """The slots of each shape: as many as the room with most of it needs."""
    slots, first = [], FURNITURE
    for shape in Shape:
        most = max(sum(solid.shape == shape for solid in room.solids) for room in rooms)
        slots.append(range(first, first + most))
        first += most
    return slots


def _table(room: Room, slots: Sequence[range]) -> np.typing.NDArray[np.float64]:
    """One row for each slot: centre, half sizes, cosine and sine of the heading, material."""
    table = np.array([NOWHERE] * slots[-1].stop)
    middle = (0.0, -room.half[1], 0.0)
    for slot, material in ((WALL, room.wall), (FLOOR, room.floor), (CEILING, room.ceiling)):
        table[slot] = _row(middle, room.half, 0.0, material)
    for shape in Shape:
        solids = [solid for solid in room.solids if solid.shape == shape]
        for slot, solid in zip(slots[shape], solids, strict=False):  # remaining slots stay NOWHERE
            table[slot] = _row(solid.centre, solid.half, solid.heading, solid.material)
    return table


def _row(centre: Vector, half: Vector, heading: float, material: Material) -> list[float]:
    return [*centre, *half, math.cos(heading), math.sin(heading), *material.row()]
