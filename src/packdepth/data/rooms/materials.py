"""What surfaces are made of: a pattern, its size and its two colours, drawn to suit walls, floors, wood, fabric..."""

import colorsys
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from packdepth.data.rooms.seeds import uniform

Vector = tuple[float, float, float]
Range = tuple[float, float]


class Pattern(IntEnum):
    """How the two colours of a material mix; `textures` has the formulas."""

    PLASTER = 0
    WOOD = 1
    CHECKS = 2
    STRIPES = 3
    SPECKLE = 4


@dataclass(frozen=True)
class Material:
    """A solid texture: a pattern in space, in the frame of its solid."""

    pattern: Pattern
    base: Vector  # albedo, linear RGB, 0..1
    accent: Vector
    frequency: Vector  # periods per metre along x, y, z
    phase: Vector  # periods
    across: Vector  # 0 or 1 for each axis: the axes across stripes and across the grain of wood

    def row(self) -> list[float]:
        """The material as one row of a scene's table: 16 numbers in the order of the fields."""
        vectors = (self.base, self.accent, self.frequency, self.phase, self.across)
        return [float(self.pattern), *(value for vector in vectors for value in vector)]


def sample_material(rng: np.random.Generator, finish: str) -> Material:
    """A random material for a finish.

    Finishes are "wall", "floor" and "ceiling" of a room; "wood", "paint", "fabric" and "leaf" of furniture; "picture"
    and "rug".
    """
    return _FINISHES[finish](rng)


def _material(
    rng: np.random.Generator,
    pattern: Pattern,
    base: Vector,
    contrast: Range,
    period: Range,
    *,
    stretch: Vector = (1, 1, 1),
    across: Vector = (1, 0, 1),
    accent: Vector | None = None,
) -> Material:
    """A material whose accent colour is `accent`, else the base darkened by a factor drawn from `contrast`.

    `period` is in metres, and longer by `stretch` along each axis (infinite: the pattern ignores the axis).
    """
    if accent is None:
        factor = uniform(rng, *contrast)
        accent = (base[0] * factor, base[1] * factor, base[2] * factor)
    frequency = 1 / uniform(rng, *period)
    x, y, z = (float(value) for value in rng.integers(0, 8, 3))
    return Material(
        pattern,
        base,
        accent,
        (frequency / stretch[0], frequency / stretch[1], frequency / stretch[2]),
        (x + rng.random(), y + 0.25, z + rng.random()),  # a quarter, because there a square wave is 1 and does not jump
        across,
    )


def _colour(rng: np.random.Generator, hue: Range, saturation: Range, value: Range) -> Vector:
    return colorsys.hsv_to_rgb(uniform(rng, *hue) % 1, uniform(rng, *saturation), uniform(rng, *value))


def _choose(rng: np.random.Generator, *patterns: Pattern) -> Pattern:
    return patterns[int(rng.integers(len(patterns)))]


def _wall(rng: np.random.Generator) -> Material:
    pattern = _choose(rng, Pattern.PLASTER, Pattern.PLASTER, Pattern.STRIPES, Pattern.SPECKLE)
    period = {Pattern.PLASTER: (0.4, 1.0), Pattern.STRIPES: (0.15, 0.5), Pattern.SPECKLE: (0.03, 0.15)}[pattern]
    return _material(rng, pattern, _colour(rng, (0, 1), (0.03, 0.45), (0.5, 0.9)), (0.6, 0.9), period)


def _floor(rng: np.random.Generator) -> Material:
    """Planks, tiles or carpet."""
    pattern = _choose(rng, Pattern.WOOD, Pattern.WOOD, Pattern.CHECKS, Pattern.SPECKLE)
    if pattern == Pattern.WOOD:
        along_x = rng.random() < 0.5
        return _planks(rng, (0.1, 0.2), (10, math.inf, 1) if along_x else (1, math.inf, 10))
    flat = (1, math.inf, 1)
    if pattern == Pattern.CHECKS:  # a period is two tiles
        base = _colour(rng, (0, 1), (0.0, 0.2), (0.4, 0.8))
        return _material(rng, pattern, base, (0.3, 0.8), (0.5, 1.2), stretch=flat)
    base = _colour(rng, (0, 1), (0.1, 0.5), (0.25, 0.6))
    return _material(rng, pattern, base, (0.5, 0.8), (0.03, 0.08), stretch=flat)


def _ceiling(rng: np.random.Generator) -> Material:
    return _material(rng, Pattern.PLASTER, _colour(rng, (0, 1), (0, 0.06), (0.75, 0.9)), (0.85, 0.95), (0.4, 0.9))


def _planks(rng: np.random.Generator, width: Range, stretch: Vector) -> Material:
    """Wood in planks of a width drawn from a range (m), longer by `stretch`; the grain runs along stretched axes."""
    base = _colour(rng, (0.04, 0.1), (0.35, 0.65), (0.3, 0.75))
    across = (float(stretch[0] == 1), float(stretch[1] == 1), float(stretch[2] == 1))
    return _material(rng, Pattern.WOOD, base, (0.45, 0.7), width, stretch=stretch, across=across)


def _wood(rng: np.random.Generator) -> Material:
    return _planks(rng, (0.25, 0.6), ((6, 1, 1), (1, 6, 1), (1, 1, 6))[int(rng.integers(3))])


def _paint(rng: np.random.Generator) -> Material:
    base = _colour(rng, (0, 1), (0.0, 0.85), (0.15, 0.9))
    return _material(rng, _choose(rng, Pattern.PLASTER, Pattern.SPECKLE), base, (0.7, 0.9), (0.1, 0.5))


def _fabric(rng: np.random.Generator) -> Material:
    pattern = _choose(rng, Pattern.CHECKS, Pattern.STRIPES, Pattern.SPECKLE, Pattern.PLASTER)
    base, accent = (_colour(rng, (0, 1), (0.2, 0.9), (0.1, 0.85)) for _ in range(2))
    mixed = (accent[0] + base[0]) / 2, (accent[1] + base[1]) / 2, (accent[2] + base[2]) / 2
    across = ((1, 0, 1), (0, 1, 0), (1, 1, 1))[int(rng.integers(3))]
    return _material(rng, pattern, base, (1, 1), (0.08, 0.35), across=across, accent=mixed)


def _leaf(rng: np.random.Generator) -> Material:
    return _material(rng, Pattern.SPECKLE, _colour(rng, (0.22, 0.4), (0.4, 0.8), (0.3, 0.6)), (0.3, 0.5), (0.04, 0.1))


def _picture(rng: np.random.Generator) -> Material:
    pattern = _choose(rng, Pattern.CHECKS, Pattern.SPECKLE, Pattern.PLASTER, Pattern.STRIPES)
    base, accent = (_colour(rng, (0, 1), (0.2, 0.9), (0.1, 0.95)) for _ in range(2))
    return _material(rng, pattern, base, (1, 1), (0.1, 0.4), accent=accent)


_FINISHES: dict[str, Callable[[np.random.Generator], Material]] = {
    "wall": _wall, "floor": _floor, "ceiling": _ceiling, "wood": _wood, "paint": _paint, "fabric": _fabric,
    "leaf": _leaf, "picture": _picture, "rug": _picture,
}  # fmt: skip
