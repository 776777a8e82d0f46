"""Depth of the ray caster against closed-form answers, in a room of 10 x 3 x 10 m seen from its middle."""

import math

import pytest
import torch

from packdepth.data.rooms.furniture import Shape
from packdepth.data.rooms.materials import Material, Pattern
from packdepth.data.rooms.render import cast
from packdepth.data.rooms.room import Light, Room, Solid
from packdepth.data.rooms.scene import stack
from packdepth.data.rooms.shapes import box_span, cylinder_span
from packdepth.data.rooms.trajectory import Motion
from packdepth.geometry.cameras import nyu_intrinsics, pixel_rays
from packdepth.geometry.rigid import rigid, rotation_from_vector

SIZE = (48, 64)
EYE = (0.0, -1.5, 0.0)
PLAIN = Material(Pattern.PLASTER, (0.5, 0.5, 0.5), (0.5, 0.5, 0.5), (1, 1, 1), (0, 0, 0), (1, 0, 1))
LIGHT = Light((0.0, -2.8, 0.0), (4.0, 4.0, 4.0), (0.3, 0.3, 0.3), (0.0, -1.0, 0.0))
STILL = Motion(EYE, (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0), (0, 0, 0))


def depth_of(*solids, turn=(0.0, 0.0, 0.0)):
    """Depth (H, W) from the middle of the room, the camera looking along z and turned by a rotation vector."""
    room = Room((5.0, 1.5, 5.0), PLAIN, PLAIN, PLAIN, list(solids), len(solids), LIGHT, (1, 1, 1), STILL)
    pose = rigid(rotation_from_vector(torch.tensor(turn)), torch.tensor(EYE))
    return cast(stack([room], views=1), pose[None], SIZE)[0][0]


def rays():
    return pixel_rays(nyu_intrinsics(SIZE), SIZE).float()


def solid(shape, centre, half, heading=0.0):
    return Solid(shape, centre, half, heading, PLAIN)


def nearest_pixel():
    """The pixel (row, column) of the ray that is nearest to the optical axis."""
    return divmod(int(rays()[..., :2].norm(dim=-1).argmin()), SIZE[1])


def test_wall_seen_squarely_has_its_distance_everywhere():
    room = depth_of()
    ray = rays()
    on_wall = (5 * ray[..., 1]).abs() < 1.5
    assert on_wall.float().mean() > 0.5
    torch.testing.assert_close(room[on_wall], torch.full_like(room[on_wall], 5.0), atol=1e-5, rtol=0)
    torch.testing.assert_close(room[~on_wall], 1.5 / ray[..., 1].abs()[~on_wall], atol=1e-5, rtol=0)


@pytest.mark.parametrize("tilt", [0.3, 0.7])
def test_floor_under_a_tilted_camera(tilt):
    """A ray's drop is y cos + sin for a camera tilted down by `tilt`; the floor is 1.5 m below."""
    depth = depth_of(turn=(-tilt, 0.0, 0.0))
    ray = rays()
    drop = ray[..., 1] * math.cos(tilt) + math.sin(tilt)
    ahead = math.cos(tilt) - ray[..., 1] * math.sin(tilt)
    floor = (drop > 0) & (1.5 / drop * ahead < 5) & ((1.5 / drop * ray[..., 0]).abs() < 5)
    assert floor.float().mean() > 0.4
    torch.testing.assert_close(depth[floor], 1.5 / drop[floor], atol=2e-5, rtol=0)


def test_sphere_on_the_axis():
    """|t d - c| = r with c = (0, 0, 3): t = (3 - sqrt(9 - |d|^2 (9 - r^2))) / |d|^2."""
    radius = 0.5
    depth = depth_of(solid(Shape.SPHERE, (0.0, -1.5, 3.0), (radius,) * 3))
    squared = rays().square().sum(-1)
    root = 9 - squared * (9 - radius**2)
    inside = root > 1e-3
    assert inside.sum() > 50
    torch.testing.assert_close(depth[inside], (3 - root[inside].sqrt()) / squared[inside], atol=2e-5, rtol=0)
    assert torch.equal(depth[root < -1e-3], depth_of()[root < -1e-3])
    assert float(depth[nearest_pixel()]) == pytest.approx(3 - radius, abs=1e-3)


def test_box_face_seen_squarely():
    depth = depth_of(solid(Shape.BOX, (0.2, -1.4, 3.0), (0.4, 0.3, 0.5)))
    x, y = 2.5 * rays()[..., 0], 2.5 * rays()[..., 1]
    face = ((x - 0.2).abs() < 0.4) & ((y - 0.1).abs() < 0.3)
    assert face.sum() > 50
    torch.testing.assert_close(depth[face], torch.full_like(depth[face], 2.5), atol=1e-5, rtol=0)
    assert bool((depth[~face] > 2.51).all())


def test_box_edge_towards_the_camera():
    """A square pillar turned by 45 degrees: left and right faces are z = 3 - a sqrt(2) + |x|."""
    depth = depth_of(solid(Shape.BOX, (0.0, -1.5, 3.0), (0.4, 2.0, 0.4), heading=math.pi / 4))
    slope = rays()[..., 0].abs()
    expected = (3 - 0.4 * math.sqrt(2)) / (1 - slope)
    face = slope * expected < 0.4 * math.sqrt(2) - 1e-3
    assert face.sum() > 50
    torch.testing.assert_close(depth[face], expected[face], atol=2e-5, rtol=0)


def test_heading_turns_to_the_right():
    """A long thin box turned by 30 degrees has its far end, its local z, on the right."""
    depth = depth_of(solid(Shape.BOX, (0.0, -1.5, 3.0), (0.02, 0.3, 0.8), heading=math.pi / 6))
    row = nearest_pixel()[0]
    seen = (depth[row] < 4.5).nonzero().flatten()
    assert depth[row, seen[-1]] > depth[row, seen[0]] + 0.8


def test_cylinder_side_and_top():
    """Side: a circle of radius r around (0, 3) in plan. Top: a plane 0.5 m below the camera."""
    radius = 0.4
    depth = depth_of(solid(Shape.CYLINDER, (0.0, -0.5, 3.0), (radius, 0.5, radius)))
    x, y, _ = rays().unbind(-1)
    squared = x * x + 1
    root = 9 - squared * (9 - radius**2)
    side_depth = (3 - root.clamp(min=0).sqrt()) / squared
    height = 1.5 - side_depth * y
    side = (root > 1e-3) & (height > 0.01) & (height < 0.99)
    assert side.sum() > 50
    torch.testing.assert_close(depth[side], side_depth[side], atol=2e-5, rtol=0)
    top_depth = 0.5 / y
    top = (y > 0) & ((top_depth * x) ** 2 + (top_depth - 3) ** 2 < 0.99 * radius**2)
    assert top.sum() > 5
    torch.testing.assert_close(depth[top], top_depth[top], atol=2e-5, rtol=0)


def test_nearer_solid_hides_the_farther():
    wall = solid(Shape.BOX, (0.0, -1.5, 4.0), (1.0, 1.0, 0.2))
    ball = solid(Shape.SPHERE, (0.0, -1.5, 2.0), (0.2,) * 3)
    for order in ((wall, ball), (ball, wall)):
        both = depth_of(*order)
        torch.testing.assert_close(both, torch.minimum(depth_of(wall), depth_of(ball)), atol=0, rtol=0)
        assert float(both[nearest_pixel()]) == pytest.approx(1.8, abs=1e-3)


@pytest.mark.parametrize(("height", "hit"), [(0.0, True), (0.5, True), (2.0, False)])
def test_ray_along_two_axes_of_a_box(height, hit):
    """A ray that runs exactly along two of the slabs: no 0 / 0, a hit where it is between their planes."""
    zero, one = torch.zeros(1, 1), torch.ones(1, 1)
    enter, leave = box_span((zero, zero + height, zero - 3), (zero, zero, one))
    assert bool(enter <= leave) == hit
    if hit:
        assert (float(enter), float(leave)) == (2.0, 4.0)


@pytest.mark.parametrize(("aside", "hit"), [(0.5, True), (1.5, False)])
def test_ray_straight_down_on_a_cylinder(aside, hit):
    zero, one = torch.zeros(1, 1), torch.ones(1, 1)
    enter, leave = cylinder_span((zero + aside, zero - 3, zero), (zero, one, zero))
    assert bool(enter <= leave) == hit
    if hit:
        assert (float(enter), float(leave)) == (2.0, 4.0)
