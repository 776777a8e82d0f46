"""The ray caster: what every pixel sees, and how it is lit."""

from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor

from packdepth.data.rooms import shapes
from packdepth.data.rooms.scene import CEILING, FLOOR, WALL, Scene
from packdepth.data.rooms.shapes import Triple, columns, dot
from packdepth.data.rooms.textures import albedo
from packdepth.geometry.cameras import nyu_intrinsics, pixel_rays

SHADOW_MARGIN = 2e-3  # of the distance from lamp to surface: keeps a surface from shadowing itself by rounding
CORNER = 0.2  # m; how far the darkening of corners and of the foot of furniture reaches


@dataclass(frozen=True)
class Surface:
    """What V views see at P pixels each; all tensors are (V, P)."""

    depth: Tensor  # m
    slot: Tensor  # of the scene, int64
    point: Triple  # m, world
    local: Triple  # m, in the solid's own frame
    normal: Triple  # world, towards the camera's side


def cast(scene: Scene, world_from_camera: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Cast one ray through every pixel centre.

    Args:
        scene: V views.
        world_from_camera: (V, 4, 4), float32, on the scene's device.
        size: (height, width).

    Returns:
        Depth (V, H, W) in metres and radiance (V, 3, H, W), linear RGB before exposure.
    """
    intrinsics = nyu_intrinsics(size)
    rays = pixel_rays(intrinsics, size).float().to(world_from_camera.device).flatten(0, 1)
    rotation = world_from_camera[:, :3, :3, None]
    x, y, z = (
        rotation[:, axis, 0] * rays[:, 0] + rotation[:, axis, 1] * rays[:, 1] + rotation[:, axis, 2]
        for axis in range(3)
    )
    origin = columns(world_from_camera[:, :3, 3])
    surface = see(scene, origin, (x, y, z))
    facing = dot(surface.normal, (x, y, z)).abs_() / rays.norm(dim=1)  # cosine of incidence
    footprint = surface.depth / float(intrinsics[0, 0]) * facing.clamp_(min=0.05).rsqrt_()
    colours = albedo(pick(scene.material, surface.slot), surface.local, footprint)
    light = illumination(scene, surface)
    radiance = torch.stack([colour * lit for colour, lit in zip(colours, light, strict=True)], dim=1)
    return surface.depth.unflatten(1, size), radiance.unflatten(2, size)


def see(scene: Scene, origin: Triple, direction: Triple) -> Surface:
    """The nearest surface along rays whose parameter is depth: origin (V, 1), direction (V, P), world frame."""
    _, depth = shapes.box_span(*shapes.local_ray(scene, FLOOR, origin, direction))  # out of the room
    slot = torch.zeros_like(depth)
    for k, enter, leave in _spans(scene, origin, direction):
        nearer = torch.minimum(leave, depth).ge_(enter)
        depth.lerp_(enter, nearer)
        slot.lerp_(slot.new_tensor(k), nearer)
    return _surface(scene, slot.long(), depth, origin, direction)


def shadow(scene: Scene, origin: Triple, direction: Triple) -> Tensor:
    """1 where furniture stands between the origin (V, 1) and the point at t = 1 of a ray, else 0: (V, P)."""
    darkness = torch.zeros_like(direction[0])
    for _, enter, leave in _spans(scene, origin, direction):
        between = leave.clamp_(max=1 - SHADOW_MARGIN).ge_(enter)
        torch.maximum(darkness, between, out=darkness)
    return darkness


def illumination(scene: Scene, surface: Surface) -> Triple:
    """Light on each surface, linear RGB as three tensors (V, P): the lamp, and ambient light.

    The lamp falls off with the squared distance and casts hard shadows. Ambient light comes more from the window's
    side, and less where walls, floor or ceiling are near: the darkening of corners.
    """
    lamp = columns(scene.lamp)
    x, y, z = (p - o for p, o in zip(surface.point, lamp, strict=True))
    ray = x, y, z
    squared = dot(ray, ray)
    direct = (-dot(surface.normal, ray)).clamp_(min=0).div_(squared.sqrt() * (squared + 0.2))
    direct *= 1 - shadow(scene, lamp, ray)
    ambient = 0.75 + 0.25 * dot(surface.normal, columns(scene.window))
    room = zip(surface.point, columns(scene.centre[:, WALL]), columns(scene.half[:, WALL]), strict=True)
    for point, centre, half in room:
        gap = (half - (point - centre).abs_()).clamp_(min=0)
        ambient *= 0.6 + 0.4 * gap / (gap + CORNER)
    power, everywhere = columns(scene.power), columns(scene.ambient)
    red, green, blue = (p * direct + e * ambient for p, e in zip(power, everywhere, strict=True))
    return red, green, blue


def _spans(scene: Scene, origin: Triple, direction: Triple) -> Iterator[tuple[int, Tensor, Tensor]]:
    """Slot, entry and exit of the rays, solid after solid; a ray misses a solid if it would leave before it enters.

    Rays start outside all solids, so a solid behind the start has its exit there too. With the entry moved up to the
    start it counts as missed. Callers turn this into weights of 0 and 1, not masks: comparing, selecting and filling
    with masks takes several times as long.
    """
    for slots, span in (
        (scene.boxes, shapes.box_span),
        (scene.cylinders, shapes.cylinder_span),
        (scene.spheres, shapes.sphere_span),
    ):
        for slot in slots:
            enter, leave = span(*shapes.local_ray(scene, slot, origin, direction))
            yield slot, enter.clamp_(min=0), leave


def _surface(scene: Scene, slot: Tensor, depth: Tensor, origin: Triple, direction: Triple) -> Surface:
    """The surface at the hits; a hit on the room's box becomes one on wall, floor or ceiling."""
    px, py, pz = (o + depth * d for o, d in zip(origin, direction, strict=True))
    cos, sin = pick(scene.heading, slot)
    x, y, z = (p - c for p, c in zip((px, py, pz), pick(scene.centre, slot), strict=True))
    local = (x * cos - z * sin, y, x * sin + z * cos)
    x, y, z = (p / h for p, h in zip(local, pick(scene.half, slot), strict=True))
    x, y, z = _unit_normal((x, y, z), slot >= scene.cylinders.start, slot >= scene.spheres.start)
    room = slot == WALL  # the camera is inside the room's box, whose faces therefore look inwards
    slot = slot + room * ((y > 0.5) * FLOOR + (y < -0.5) * CEILING)
    sign = 1 - 2 * room.float()
    normal = (sign * (x * cos + z * sin), sign * y, sign * (z * cos - x * sin))
    return Surface(depth, slot, (px, py, pz), local, normal)


def _unit_normal(point: Triple, is_round: Tensor, is_sphere: Tensor) -> Triple:
    """Outward normal at a point of the unit box, cylinder (`is_round`) or sphere."""
    x, y, z = point
    width = torch.where(is_round, (x * x + z * z).sqrt_(), torch.maximum(x.abs(), z.abs()))
    on_end = (y.abs() > width) & ~is_sphere
    on_side = ~on_end
    wide = x.abs() >= z.abs()
    return (
        on_side * torch.where(is_round, x, x.sign() * wide),
        torch.where(is_sphere, y, y.sign() * on_end),
        on_side * torch.where(is_round, z, z.sign() * ~wide),
    )


def pick(table: Tensor, slot: Tensor) -> tuple[Tensor, ...]:
    """The columns of a table (V, K, C) at a slot for each pixel (V, P), as C tensors (V, P)."""
    views, slots, _ = table.shape
    flat = slot + slots * torch.arange(views, device=slot.device)[:, None]
    return tuple(column.take(flat) for column in table.flatten(0, 1).mT.contiguous())
