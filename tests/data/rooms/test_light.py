"""Light, textures and the sensor of rooms, by hand."""

import math

import numpy as np
import pytest
import torch

from packdepth.data.rooms.furniture import Shape
from packdepth.data.rooms.materials import Material, Pattern, sample_material
from packdepth.data.rooms.render import Surface, illumination, shadow
from packdepth.data.rooms.room import Light, Room, Solid
from packdepth.data.rooms.scene import FLOOR, stack
from packdepth.data.rooms.sensor import develop, sensor_noise
from packdepth.data.rooms.shapes import columns
from packdepth.data.rooms.textures import albedo
from packdepth.data.rooms.trajectory import Motion

STILL = Motion((0, -1.5, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0))
PLAIN = Material(Pattern.PLASTER, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), (1, 1, 1), (0, 0, 0), (1, 0, 1))
BLACK, WHITE = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)


def _scene(*solids, ambient=0.0):
    light = Light((0.0, -2.5, 0.0), (4.0, 3.0, 2.0), (ambient,) * 3, (0.0, -1.0, 0.0))
    return stack([Room((5.0, 1.5, 5.0), PLAIN, PLAIN, PLAIN, list(solids), len(solids), light, WHITE, STILL)], views=1)


def _floor_at(*places):
    """The floor at places (x, z) as a surface."""
    x = torch.tensor([[place[0] for place in places]])
    z = torch.tensor([[place[1] for place in places]])
    zero = torch.zeros_like(x)
    point = (x, zero, z)
    return Surface(zero, torch.full_like(x, FLOOR).long(), point, point, (zero, zero - 1, zero))


def test_lamp_falls_off_with_squared_distance_and_cosine():
    red, green, _ = illumination(_scene(), _floor_at((0.0, 0.0), (2.5, 0.0)))
    assert float(red[0, 0]) == pytest.approx(4 / (2.5**2 + 0.2), rel=1e-5)
    assert float(green[0, 0]) == pytest.approx(3 / (2.5**2 + 0.2), rel=1e-5)
    assert float(red[0, 1]) == pytest.approx(4 * math.sqrt(0.5) / (2 * 2.5**2 + 0.2), rel=1e-5)


def test_table_top_shades_the_floor_under_it_alone():
    """A top of 1 x 1 m, 1.25 m below the lamp, shades 2 x 2 m of the floor, 2.5 m below the lamp."""
    top = Solid(Shape.BOX, (0.0, -1.25, 0.0), (0.5, 0.01, 0.5), 0.0, PLAIN)
    lit = illumination(_scene(top), _floor_at((0.0, 0.0), (0.95, 0.95), (1.1, 0.0), (0.0, -1.1)))[0][0]
    assert lit[:2].tolist() == [0.0, 0.0]
    assert bool((lit[2:] > 0.3).all())


@pytest.mark.parametrize("shape", list(Shape))
def test_solids_beyond_the_surface_cast_no_shadow(shape):
    scene = _scene(Solid(shape, (0.0, -0.3, 0.0), (0.3, 0.3, 0.3), 0.0, PLAIN))
    lamp = columns(scene.lamp)
    towards = columns(torch.tensor([[0.0, 1.5, 0.0]])), columns(torch.tensor([[0.0, 2.5, 0.0]]))
    assert [float(shadow(scene, lamp, ray)) for ray in towards] == [0, 1]


def test_corners_are_darker():
    middle, corner = illumination(_scene(ambient=0.5), _floor_at((2.0, 2.0), (4.9, 4.9)))[2][0]
    assert 0 < float(corner) < 0.7 * float(middle)


def _albedo(pattern, place, footprint=1e-3, across=(1, 0, 0)):
    """Red of a black and white pattern of period 1 m at a place, metres."""
    material = Material(pattern, BLACK, WHITE, (1, 1, 1), (0, 0, 0), across)
    row = tuple(torch.tensor([[value]]) for value in material.row())
    point = tuple(torch.tensor([[value]]) for value in place)
    return float(albedo(row, point, torch.tensor([[footprint]]))[0])


def test_stripes_and_checks_by_hand():
    assert _albedo(Pattern.STRIPES, (0.25, 0.1, 0.7)) == 1
    assert _albedo(Pattern.STRIPES, (0.75, 0.1, 0.7)) == 0
    assert _albedo(Pattern.CHECKS, (0.25, 0.25, 0.25)) == 1
    assert _albedo(Pattern.CHECKS, (0.25, 0.25, 0.75)) == 0
    assert _albedo(Pattern.CHECKS, (0.25, 0.75, 0.75)) == 1


def test_speckle_is_one_value_a_cell():
    assert _albedo(Pattern.SPECKLE, (0.1, 0.1, 0.1)) == _albedo(Pattern.SPECKLE, (0.9, 0.9, 0.9))
    values = [_albedo(Pattern.SPECKLE, (i + 0.5, 0.5, -i + 0.5)) for i in range(200)]
    assert min(values) < 0.05
    assert max(values) > 0.95
    assert np.mean(values) == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("pattern", list(Pattern))
def test_detail_below_the_sampling_limit_is_its_mean(pattern):
    assert _albedo(pattern, (0.3, 0.2, 0.8), footprint=0.5) == 0.5


@pytest.mark.parametrize("finish", ["wall", "floor", "ceiling", "wood", "paint", "fabric", "leaf", "picture", "rug"])
def test_materials_are_possible(finish):
    for seed in range(20):
        row = sample_material(np.random.default_rng(seed), finish).row()
        assert len(row) == 16
        assert np.isfinite(row).all()
        assert all(0 <= value <= 1 for value in row[1:7])


def test_develop_by_hand():
    radiance = torch.full((1, 3, 4, 5), 0.35)
    rgb = develop(radiance, torch.tensor([[2.0, 1.0, 0.0]]), torch.zeros(1, 3, 4, 5))
    assert rgb.shape == (1, 4, 5, 3)
    assert rgb[0, 2, 3].tolist() == [round(255 * math.sqrt(0.5)), round(255 * math.sqrt(1 / 3)), 0]


def test_lens_keeps_the_light_and_spreads_it_to_neighbours():
    radiance = torch.zeros(1, 3, 5, 5)
    radiance[:, :, 2, 2] = 1e-3
    image = develop(radiance, torch.full((1, 3), 1e3), torch.zeros(1, 3, 5, 5))[0, :, :, 0].float() / 255
    light = 0.7 * image**2 / (1 - image**2)
    assert float(light[2, 2]) == pytest.approx(0.75**2, abs=0.02)
    assert float(light[1, 2]) == pytest.approx(0.75 * 0.125, abs=0.01)


def test_noise_is_one_deviation_and_differs_in_time():
    first, second = sensor_noise("a", 0, (60, 80)), sensor_noise("a", 1, (60, 80))
    assert 0.005 < first.std() < 0.021
    assert first.std() == pytest.approx(second.std(), rel=0.05)
    assert abs(np.corrcoef(first.ravel(), second.ravel())[0, 1]) < 0.05
