"""The furniture: every piece is a few solids standing on the floor, of realistic sizes."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from packdepth.data.rooms.seeds import uniform

Vector = tuple[float, float, float]


class Shape(IntEnum):
    """The shape of a solid, in the order of solids in a scene."""

    BOX = 0
    CYLINDER = 1  # upright
    SPHERE = 2


@dataclass(frozen=True)
class Part:
    """One solid of a piece, in the piece's frame: x right, y down, z to its back, origin on the floor."""

    shape: Shape
    centre: Vector  # m
    half: Vector  # m; for cylinders and spheres x and z are the radius
    finish: str  # "wood", "paint", "fabric" or "leaf"; parts of a piece with the same finish share one material


@dataclass(frozen=True)
class Piece:
    """A piece of furniture; `by_wall` means that its back is against a wall."""

    parts: list[Part]
    half: tuple[float, float]  # m, x and z, of the footprint
    height: float  # m
    by_wall: bool = False

    @property
    def boxes(self) -> int:
        """How many of its parts are boxes."""
        return sum(part.shape == Shape.BOX for part in self.parts)


def sample_piece(rng: np.random.Generator) -> Piece:
    """A random piece of a random kind."""
    return _KINDS[int(rng.integers(len(_KINDS)))](rng)


def _block(x: float, z: float, bottom: float, top: float, half_x: float, half_z: float, finish: str) -> Part:
    """An upright box from height `bottom` to `top`, its middle at (x, z)."""
    return Part(Shape.BOX, (x, -(bottom + top) / 2, z), (half_x, (top - bottom) / 2, half_z), finish)


def _column(bottom: float, top: float, radius: float, finish: str) -> Part:
    return Part(Shape.CYLINDER, (0.0, -(bottom + top) / 2, 0.0), (radius, (top - bottom) / 2, radius), finish)


def _ball(height: float, radius: float, finish: str) -> Part:
    return Part(Shape.SPHERE, (0.0, -height, 0.0), (radius, radius, radius), finish)


def _some(rng: np.random.Generator, *finishes: str) -> str:
    return finishes[int(rng.integers(len(finishes)))]


def _carton(rng: np.random.Generator) -> Piece:
    half_x, half_z, height = uniform(rng, 0.15, 0.4), uniform(rng, 0.15, 0.4), uniform(rng, 0.2, 0.7)
    finish = _some(rng, "wood", "paint", "fabric")
    return Piece([_block(0, 0, 0, height, half_x, half_z, finish)], (half_x, half_z), height)


def _cabinet(rng: np.random.Generator) -> Piece:
    half_x, half_z, height = uniform(rng, 0.3, 0.9), uniform(rng, 0.2, 0.32), uniform(rng, 0.7, 2.0)
    finish = _some(rng, "wood", "paint")
    return Piece([_block(0, 0, 0, height, half_x, half_z, finish)], (half_x, half_z), height, by_wall=True)


def _table(rng: np.random.Generator) -> Piece:
    half_x, half_z, height = uniform(rng, 0.35, 0.9), uniform(rng, 0.3, 0.5), uniform(rng, 0.42, 0.78)
    finish, leg = _some(rng, "wood", "wood", "paint"), uniform(rng, 0.02, 0.04)
    top = _block(0, 0, height - 0.04, height, half_x, half_z, finish)
    legs = [
        _block(x * (half_x - leg), z * (half_z - leg), 0, height - 0.04, leg, leg, finish)
        for x in (-1, 1)
        for z in (-1, 1)
    ]
    return Piece([top, *legs], (half_x, half_z), height)


def _shelf(rng: np.random.Generator) -> Piece:
    half_x, half_z, height = uniform(rng, 0.3, 0.6), uniform(rng, 0.14, 0.2), uniform(rng, 0.9, 2.0)
    finish, boards = _some(rng, "wood", "paint"), 3 if height < 1.4 else 4
    sides = [_block(x * (half_x - 0.015), 0, 0, height, 0.015, half_z, finish) for x in (-1, 1)]
    tops = [0.08 + (height - 0.08) * i / (boards - 1) for i in range(boards)]
    shelves = [_block(0, 0, top - 0.03, top, half_x - 0.03, half_z, finish) for top in tops]
    return Piece([*sides, *shelves], (half_x, half_z), height, by_wall=True)


def _sofa(rng: np.random.Generator) -> Piece:
    half_x, half_z, height = uniform(rng, 0.45, 1.0), uniform(rng, 0.4, 0.48), uniform(rng, 0.7, 0.9)
    parts = [
        _block(0, 0, 0.05, 0.43, half_x, half_z, "fabric"),
        _block(0, half_z - 0.1, 0.43, height, half_x, 0.1, "fabric"),
        *(_block(x * (half_x - 0.09), -0.1, 0.43, 0.62, 0.09, half_z - 0.1, "fabric") for x in (-1, 1)),
    ]
    return Piece(parts, (half_x, half_z), height, by_wall=True)


def _bed(rng: np.random.Generator) -> Piece:
    half_x, height = uniform(rng, 0.45, 0.85), uniform(rng, 0.4, 0.6)
    parts = [
        _block(0, -0.03, 0, 0.25, half_x, 1.0, "wood"),
        _block(0, -0.03, 0.25, height, half_x - 0.02, 0.98, "fabric"),
        _block(0, 1.0, 0, height + 0.4, half_x, 0.03, "wood"),
    ]
    return Piece(parts, (half_x, 1.03), height + 0.4, by_wall=True)


def _chair(rng: np.random.Generator) -> Piece:
    half, height = uniform(rng, 0.2, 0.25), uniform(rng, 0.8, 1.0)
    parts = [
        _block(0, 0, 0.41, 0.46, half, half, "wood"),
        _block(0, half - 0.02, 0, height, half, 0.02, "wood"),
        *(_block(x * (half - 0.02), -half + 0.02, 0, 0.41, 0.02, 0.02, "wood") for x in (-1, 1)),
    ]
    return Piece(parts, (half, half), height)


def _stool(rng: np.random.Generator) -> Piece:
    radius, height = uniform(rng, 0.15, 0.4), uniform(rng, 0.3, 0.65)
    return Piece([_column(0, height, radius, _some(rng, "wood", "paint", "fabric"))], (radius, radius), height)


def _floor_lamp(rng: np.random.Generator) -> Piece:
    radius, height = uniform(rng, 0.14, 0.2), uniform(rng, 1.3, 1.7)
    parts = [_column(0, 0.03, 0.15, "wood"), _column(0.03, height, 0.02, "wood"),
             _ball(height + radius, radius, "paint")]  # fmt: skip
    return Piece(parts, (radius, radius), height + 2 * radius)


def _plant(rng: np.random.Generator) -> Piece:
    pot, crown, height = uniform(rng, 0.12, 0.2), uniform(rng, 0.2, 0.35), uniform(rng, 0.25, 0.5)
    parts = [_column(0, height, pot, "paint"), _ball(height + 0.8 * crown, crown, "leaf")]
    return Piece(parts, (crown, crown), height + 1.8 * crown)


def _exercise_ball(rng: np.random.Generator) -> Piece:
    radius = uniform(rng, 0.12, 0.38)
    return Piece([_ball(radius, radius, _some(rng, "paint", "fabric"))], (radius, radius), 2 * radius)


_KINDS: list[Callable[[np.random.Generator], Piece]] = [
    _carton, _cabinet, _cabinet, _table, _table, _shelf, _sofa, _bed, _chair, _chair, _stool, _floor_lamp, _plant,
    _exercise_ball,
]  # fmt: skip
