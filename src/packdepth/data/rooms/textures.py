"""Procedural solid textures: the albedo of a point from its position in its solid.

A material mixes two colours by a pattern's value, -1 to 1. There is no supersampling, so every pattern fades to its
mean, 0, before its detail becomes smaller than a pixel, and edges between checks or stripes are as soft as a pixel
is wide. An integer hash distinguishes cells; it is the same on every device.
"""

import math

import torch
from torch import Tensor

from packdepth.data.rooms.materials import Pattern
from packdepth.data.rooms.shapes import Triple, dot

TURN = 2 * math.pi


def albedo(material: tuple[Tensor, ...], point: Triple, footprint: Tensor) -> Triple:
    """Linear RGB albedo, 0..1, of points (V, P) in metres in their solids' frames.

    Args:
        material: the 16 columns of `Material.row`, each (V, P).
        footprint: size of a pixel on the surface, metres (V, P).
    """
    kind, *rest = material
    base, accent, frequency, phase = rest[:3], rest[3:6], rest[6:9], rest[9:12]
    across = rest[12], rest[13], rest[14]
    x, y, z = (p * f + shift for p, f, shift in zip(point, frequency, phase, strict=True))
    blur = footprint * torch.maximum(torch.maximum(frequency[0], frequency[1]), frequency[2])
    value = torch.zeros_like(blur)
    for pattern, function in _PATTERNS.items():
        value = torch.where(kind == pattern, function((x, y, z), across, blur), value)
    mix = value.mul_(0.5).add_(0.5)
    red, green, blue = (torch.lerp(a, b, mix) for a, b in zip(base, accent, strict=True))
    return red, green, blue


# Each pattern maps a place in periods (x, y, z), the axes across its stripes or grain (weights 0 or 1), and the blur
# (periods in a pixel) to a value of -1 to 1. All tensors are (V, P).


def _plaster(periods: Triple, across: Triple, blur: Tensor) -> Tensor:
    """Smooth cloudiness: three sines, each bent by another axis."""
    x, y, z = periods
    cloud = _sine(x + 0.4 * _sine(0.61 * y + 0.37 * z)) + _sine(1.31 * y + 0.5 * _sine(0.73 * z - 0.41 * x))
    return (cloud + _sine(0.83 * z + 0.45 * _sine(1.17 * x + 0.53 * y))) * _fade(1.5 * blur) / 3


def _wood(periods: Triple, across: Triple, blur: Tensor) -> Tensor:
    """Planks of different brightness with wavy grain along them."""
    plank = _cell(periods)
    over = dot(periods, across)
    along = periods[0] + periods[1] + periods[2] - over
    grain = _sine(3 * over + 0.6 * _sine(along + plank) + 5 * plank)
    return 0.55 * plank * _fade(blur) + 0.45 * grain * _fade(3 * blur)


def _checks(periods: Triple, across: Triple, blur: Tensor) -> Tensor:
    x, y, z = (_square(axis, blur) for axis in periods)
    return x * y * z * _fade(blur)


def _stripes(periods: Triple, across: Triple, blur: Tensor) -> Tensor:
    return _square(dot(periods, across), blur) * _fade(blur)


def _speckle(periods: Triple, across: Triple, blur: Tensor) -> Tensor:
    """Every cell of the grid with its own brightness."""
    return _cell(periods) * _fade(blur)


_PATTERNS = {
    Pattern.PLASTER: _plaster,
    Pattern.WOOD: _wood,
    Pattern.CHECKS: _checks,
    Pattern.STRIPES: _stripes,
    Pattern.SPECKLE: _speckle,
}


def _sine(periods: Tensor) -> Tensor:
    return (periods * TURN).sin_()


def _square(periods: Tensor, blur: Tensor) -> Tensor:
    """A square wave of -1 and 1 whose steps are one pixel wide."""
    return _sine(periods).div_(math.pi * blur).clamp_(-1, 1)


def _fade(blur: Tensor) -> Tensor:
    """1 where a period is 6 pixels or more, 0 where it is 2 or less (the sampling limit)."""
    return (1.5 - 3 * blur).clamp_(0, 1)


def _cell(periods: Triple) -> Tensor:
    """-1 to 1, at random for each unit cell: a hash of its three whole coordinates."""
    x, y, z = (axis.floor().int() for axis in periods)
    key = (x * 73856093).bitwise_xor_(y * 19349663).bitwise_xor_(z * 83492791)
    key = (key ^ (key >> 13)) * 1540483477
    key = (key ^ (key >> 15)) & 0xFFFF
    return key.float().div_(32767.5).sub_(1)
