"""Drawing one room: its size, the camera in it, its lamp, and furniture that keeps clear of the camera."""

import math
from dataclasses import dataclass

import numpy as np

from packdepth.data.rooms.furniture import Part, Piece, Shape, sample_piece
from packdepth.data.rooms.materials import Material, sample_material
from packdepth.data.rooms.seeds import generator, uniform
from packdepth.data.rooms.trajectory import Motion, sample_motion, sample_position

Vector = tuple[float, float, float]

# Nothing comes nearer to the camera than this at the time of the frame (m). A neighbouring frame is at most 0.045 m
# away, and depth is at least the distance / 1.28 (the image's farthest corner), so depth stays over 0.5 m.
CLEARANCE = 0.72
HALF_LENGTH = (1.7, 4.4)  # m, in x
HALF_WIDTH = (1.5, 2.7)  # m, in z; with the above and 3.1 m of height, no room is 10 m across from 0.8 m inside
MAX_BOXES = 28  # the ray caster's time grows with the boxes of the fullest room
WALLS = ((0, 0, 1), (math.pi / 2, 1, 0), (math.pi, 0, -1), (-math.pi / 2, -1, 0))  # heading, outward x and z


@dataclass(frozen=True)
class Solid:
    """A box, cylinder or sphere in the room, turned by `heading` radians about the vertical (to the right)."""

    shape: Shape
    centre: Vector  # m, world
    half: Vector  # m
    heading: float
    material: Material


@dataclass(frozen=True)
class Light:
    """One lamp and the light from everywhere, in units where 1 lights a white surface fully."""

    lamp: Vector  # m, world
    power: Vector  # linear RGB: what the lamp gives a surface that faces it from 1 m
    ambient: Vector  # linear RGB
    window: Vector  # unit vector to where most of the ambient light comes from


@dataclass(frozen=True)
class Room:
    """Everything that a frame shows and the camera that sees it."""

    half: Vector  # m; the room spans -half to half in x and z, -2 half to 0 in y
    wall: Material
    floor: Material
    ceiling: Material
    solids: list[Solid]
    pieces: int  # of furniture
    light: Light
    exposure: Vector  # gain of each colour channel: exposure time and white balance
    motion: Motion


def sample_room(name: str) -> Room:
    """The room of the frame of this name (see `seeds.frame_id`), the same on every call."""
    rng = generator(name, "room")
    half = uniform(rng, *HALF_LENGTH), uniform(rng, 1.25, 1.55), uniform(rng, *HALF_WIDTH)
    eye = sample_position(rng, half)
    solids, places = _furnish(rng, half, eye)
    motion = sample_motion(rng, eye, places)
    solids += _fixtures(rng, half)
    wall, floor, ceiling = (sample_material(rng, finish) for finish in ("wall", "floor", "ceiling"))
    gain = 1.25 * math.exp(0.15 * float(rng.standard_normal()))
    exposure = gain * uniform(rng, 0.95, 1.05), gain, gain * uniform(rng, 0.95, 1.05)
    return Room(half, wall, floor, ceiling, solids, len(places), _light(rng, half), exposure, motion)


def _light(rng: np.random.Generator, half: Vector) -> Light:
    """A lamp near the ceiling, warmer than the ambient light; together they light what is 2 m below to 1 or 2."""
    lamp = (
        uniform(rng, -0.6, 0.6) * half[0],
        -2 * half[1] + uniform(rng, 0.15, 0.3),
        uniform(rng, -0.6, 0.6) * half[2],
    )
    power, ambient, warmth = uniform(rng, 3.0, 7.0), uniform(rng, 0.2, 0.6), uniform(rng, 0.0, 0.25)
    angle = uniform(rng, 0, 2 * math.pi)
    return Light(
        lamp,
        (power, power * (1 - 0.55 * warmth), power * (1 - warmth)),
        (ambient * (1 - 0.25 * warmth), ambient * (1 - 0.1 * warmth), ambient),
        (0.95 * math.cos(angle), -0.3, 0.95 * math.sin(angle)),
    )


def _furnish(rng: np.random.Generator, half: Vector, eye: Vector) -> tuple[list[Solid], list[tuple[float, float]]]:
    """4 to 12 pieces where there is room: clear of the camera, of walls, and of each other.

    Returns the solids and the pieces' places, (x, z).
    """
    wanted = int(rng.integers(4, 13))
    solids, boxes = list[Solid](), 0
    placed: list[tuple[float, float, float, float]] = []  # x, z, half sizes in x and z
    for _ in range(12 * wanted):
        piece = sample_piece(rng)
        x, z, heading = _place(rng, piece, half)
        spread = _spread(piece, heading)
        if (
            boxes + piece.boxes <= MAX_BOXES
            and abs(x) + spread[0] < half[0]
            and abs(z) + spread[1] < half[2]
            and _is_clear(piece, x, z, eye)
            and all(abs(x - px) > spread[0] + pw or abs(z - pz) > spread[1] + pd for px, pz, pw, pd in placed)
        ):
            solids += _solids(rng, piece.parts, x, z, heading)
            placed.append((x, z, *spread))
            boxes += piece.boxes
        if len(placed) == wanted:
            break
    return solids, [(x, z) for x, z, _, _ in placed]


def _place(rng: np.random.Generator, piece: Piece, half: Vector) -> tuple[float, float, float]:
    """A random place, (x, z, heading): with the back to a wall, or anywhere at any angle."""
    if not piece.by_wall:
        return (
            uniform(rng, -half[0], half[0]), uniform(rng, -half[2], half[2]), uniform(rng, -math.pi, math.pi)
        )  # fmt: skip
    heading, out_x, out_z = WALLS[int(rng.integers(4))]
    gap = piece.half[1] + uniform(rng, 0.01, 0.06)
    along = uniform(rng, -1, 1)
    if out_x:
        return out_x * (half[0] - gap), along * (half[2] - piece.half[0]), heading
    return along * (half[0] - piece.half[0]), out_z * (half[2] - gap), heading


def _spread(piece: Piece, heading: float) -> tuple[float, float]:
    """Half sizes in x and z of the upright box around a piece's footprint."""
    cos, sin = abs(math.cos(heading)), abs(math.sin(heading))
    return cos * piece.half[0] + sin * piece.half[1], sin * piece.half[0] + cos * piece.half[1]


def _is_clear(piece: Piece, x: float, z: float, eye: Vector) -> bool:
    """Whether the upright cylinder around the piece keeps CLEARANCE from the camera."""
    beside = math.hypot(x - eye[0], z - eye[2]) - math.hypot(*piece.half)
    above = -eye[1] - piece.height
    return math.hypot(max(beside, 0), max(above, 0)) > CLEARANCE


def _solids(rng: np.random.Generator, parts: list[Part], x: float, z: float, heading: float) -> list[Solid]:
    """The parts at their place in the room, with one material for each of the piece's finishes."""
    materials = {finish: sample_material(rng, finish) for finish in dict.fromkeys(part.finish for part in parts)}
    cos, sin = math.cos(heading), math.sin(heading)
    solids = []
    for part in parts:
        px, py, pz = part.centre
        centre = (x + cos * px + sin * pz, py, z - sin * px + cos * pz)
        solids.append(Solid(part.shape, centre, part.half, heading, materials[part.finish]))
    return solids


def _fixtures(rng: np.random.Generator, half: Vector) -> list[Solid]:
    """A door, up to two pictures, and perhaps a rug: thin boxes on a wall and on the floor."""
    solids = []
    sizes = [(0.45, 1.0, 1.0, "wood")]  # half width, half height, height of the middle (m), finish
    for _ in range(int(rng.integers(0, 3))):
        sizes.append((uniform(rng, 0.2, 0.6), uniform(rng, 0.15, 0.4), uniform(rng, 1.4, 1.7), "picture"))
    for half_x, half_y, height, finish in sizes:
        part = Part(Shape.BOX, (0, -height, 0), (half_x, half_y, 0.015), finish)
        x, z, heading = _place(rng, Piece([part], (half_x, 0.015), 0, by_wall=True), half)
        solids += _solids(rng, [part], x, z, heading)
    if rng.random() < 0.5:
        part = Part(Shape.BOX, (0, -0.006, 0), (uniform(rng, 0.6, 1.2), 0.006, uniform(rng, 0.4, 0.9)), "rug")
        x, z = uniform(rng, -0.4, 0.4) * half[0], uniform(rng, -0.4, 0.4) * half[2]
        solids += _solids(rng, [part], x, z, 0.0)
    return solids
