import math

import pytest
import torch
from torch.nn.functional import grid_sample

from packdepth.data import rooms
from packdepth.data.rooms.room import CLEARANCE, sample_room
from packdepth.geometry.cameras import nyu_intrinsics, project, unproject
from packdepth.geometry.rigid import inverse, right_from_left, transform

SIZE = (48, 64)


@pytest.fixture(scope="module")
def frames():
    return rooms.render(0, "train", range(64), SIZE)


@pytest.fixture(scope="module")
def clips():
    return rooms.render(0, "train", range(24), SIZE, neighbours=True)


def test_shapes_and_types(frames, clips):
    assert (frames.rgb.dtype, frames.rgb.shape) == (torch.uint8, (64, *SIZE, 3))
    assert (frames.depth.dtype, frames.depth.shape) == (torch.float32, (64, *SIZE))
    assert (frames.intrinsics.dtype, frames.intrinsics.shape) == (torch.float32, (64, 3, 3))
    assert (frames.pose.dtype, frames.pose.shape) == (torch.float64, (64, 4, 4))
    assert (frames.time.dtype, frames.time.shape) == (torch.float64, (64,))
    assert frames.id[7] == "rooms/0/train/7"
    assert clips.rgb.shape == (24, 3, *SIZE, 3)
    assert clips.depth.shape == (24, 3, *SIZE)
    assert clips.pose.shape == (24, 3, 4, 4)
    assert clips.time.shape == (24, 3)
    torch.testing.assert_close(frames.intrinsics[3], nyu_intrinsics(SIZE).float())


def test_frame_is_a_function_of_its_index_alone(frames):
    """Alone, in another order, in another company: the same frame."""
    for indices in ([5], [40, 5, 11], list(range(30, 0, -1))):
        again = rooms.render(0, "train", indices, SIZE)
        torch.testing.assert_close(again.depth, frames.depth[indices], atol=1e-6, rtol=0)
        assert (again.rgb.int() - frames.rgb[indices].int()).abs().max() <= 1
        assert torch.equal(again.pose, frames.pose[indices])
        assert torch.equal(again.time, frames.time[indices])


def test_threads_change_no_bit_and_are_given_back(frames):
    before = torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            again = rooms.render(0, "train", range(64), SIZE)
            assert torch.get_num_threads() == threads
            assert torch.equal(again.rgb, frames.rgb)
            assert torch.equal(again.depth, frames.depth)
    finally:
        torch.set_num_threads(before)


@pytest.mark.parametrize(("seed", "split", "index"), [(1, "train", 0), (0, "test", 0), (0, "train", 1)])
def test_seed_split_and_index_each_make_another_room(frames, seed, split, index):
    other = rooms.render(seed, split, [index], SIZE)
    assert (other.depth[0] - frames.depth[0]).abs().mean() > 0.1


def test_depth_is_in_range_and_near_nyu(frames, clips):
    """NYU's median is 2.5 to 3 m; 64 frames leave some play."""
    for depth in (frames.depth, clips.depth):
        assert depth.min() >= 0.5
        assert depth.max() <= 10
    assert 2.3 < frames.depth.median() < 3.2
    assert frames.depth.quantile(0.05) < 1.9
    assert frames.depth.quantile(0.95) > 4.2


def test_no_image_is_black_or_blown_out(frames):
    brightness = frames.rgb.float().mean(dim=(1, 2, 3)) / 255
    assert brightness.min() > 0.08
    assert brightness.max() < 0.92
    clipped = ((frames.rgb == 255) | (frames.rgb == 0)).float().mean(dim=(1, 2, 3))
    assert clipped.max() < 0.05


@pytest.fixture(scope="module")
def sampled():
    return [sample_room(f"rooms/3/train/{index}") for index in range(300)]


def test_rooms_have_4_to_12_pieces_standing_inside(sampled):
    assert {room.pieces for room in sampled} == set(range(4, 13))
    for room in sampled:
        for solid in room.solids:
            assert abs(solid.centre[0]) < room.half[0]
            assert abs(solid.centre[2]) < room.half[2]
            assert solid.centre[1] + solid.half[1] < 1e-9, "nothing below the floor"
            assert solid.centre[1] - solid.half[1] > room.light.lamp[1], "nothing as high as the lamp"


def test_nothing_comes_near_the_camera(sampled):
    """The nearest point of each solid's bounding cylinder keeps the clearance."""
    for room in sampled:
        x, y, z = room.motion.position
        assert 1.0 <= -y <= 1.8
        assert min(room.half[0] - abs(x), room.half[2] - abs(z), 2 * room.half[1] + y) >= CLEARANCE
        for solid in room.solids:
            radius = math.hypot(solid.half[0], solid.half[2]) if solid.shape == 0 else solid.half[0]
            aside = math.hypot(x - solid.centre[0], z - solid.centre[2]) - radius
            above = solid.centre[1] - solid.half[1] - y
            if solid.half[2] > 0.015:  # fixtures are flat on a wall or the floor, which keep clear themselves
                assert math.hypot(max(aside, 0), max(above, 0)) > CLEARANCE - 1e-9


def test_middle_frame_of_a_clip_is_the_frame(frames, clips):
    torch.testing.assert_close(clips.depth[:, 1], frames.depth[:24], atol=1e-6, rtol=0)
    assert (clips.rgb[:, 1].int() - frames.rgb[:24].int()).abs().max() <= 1
    assert torch.equal(clips.pose[:, 1], frames.pose[:24])


def test_neighbours_move_as_a_hand_does(clips):
    step = torch.diff(clips.time, dim=1)
    torch.testing.assert_close(step, torch.full_like(step, 1 / 30))
    moved = inverse(clips.pose[:, :-1]) @ clips.pose[:, 1:]
    speed = moved[..., :3, 3].norm(dim=-1) * 30
    assert speed.min() >= 0.2
    assert speed.max() <= 1.2
    cosine = (moved[..., [0, 1, 2], [0, 1, 2]].sum(-1) - 1) / 2
    turn = torch.rad2deg(cosine.clamp(-1, 1).acos()) * 30
    assert 5 < turn.max() <= 40


@pytest.mark.parametrize("neighbour", [0, 2])
def test_depth_and_pose_of_neighbours_agree(clips, neighbour):
    """Points of frame t, seen from its neighbour, have the neighbour's depth.

    Inverse depth is affine in the image on every plane, so that linear interpolation of it is exact there: most of
    the pixels agree to rounding. The rest are edges, round shapes and what one of the two does not see.
    """
    intrinsics = clips.intrinsics.double()
    points = unproject(clips.depth[:, 1].double(), intrinsics).flatten(1, 2)
    moved = transform(inverse(clips.pose[:, neighbour]) @ clips.pose[:, 1], points).unflatten(1, SIZE)
    pixels, depth = project(moved, intrinsics)
    scale = torch.tensor([SIZE[1] - 1, SIZE[0] - 1])
    grid = 2 * pixels / scale - 1
    other = 1 / clips.depth[:, neighbour, None].double()
    seen = 1 / grid_sample(other, grid, align_corners=True, mode="bilinear", padding_mode="border")[:, 0]
    visible = (grid.abs() <= 1).all(-1)
    assert visible.float().mean() > 0.9
    error = ((seen - depth).abs() / depth)[visible]
    assert (error < 1e-4).float().mean() > 0.7
    assert ((clips.depth[:, neighbour] - clips.depth[:, 1]).abs() / clips.depth[:, 1] > 1e-3).float().mean() > 0.5


@pytest.mark.parametrize(
    ("split", "indices", "size", "words"),
    [
        ("train", [0], (0, 64), "image size must be"),
        ("train", [0], (48.0, 64), "image size must be"),
        ("", [0], SIZE, "split must be a name"),
        ("a/b", [0], SIZE, "split must be a name"),
        ("train", [3, -1], SIZE, "index must be 0 or more, got -1"),
        ("train", [], SIZE, "indices is empty"),
    ],
)
def test_bad_input_is_named(split, indices, size, words):
    with pytest.raises(ValueError, match=words):
        rooms.render(0, split, indices, size)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_gpu_renders_the_same_numbers(frames):
    """To 1e-4, but for pixels on an edge, which rounding may put on either side."""
    gpu = rooms.render(0, "train", range(64), SIZE, device="cuda")
    assert ((gpu.depth.cpu() - frames.depth).abs() > 1e-4).float().mean() < 1e-3
    assert ((gpu.rgb.cpu().int() - frames.rgb.int()).abs() > 1).float().mean() < 2e-3


def test_the_second_camera_stands_to_the_right(frames):
    """What lies at a depth z moves to the left by focal length * baseline / z."""
    baseline, focal = 0.2, float(frames.intrinsics[0, 0, 0])
    seen = rooms.render_right(0, "train", range(8), SIZE, baseline)
    right = seen.rgb
    assert (right.dtype, right.shape) == (torch.uint8, (8, *SIZE, 3))
    assert seen.id == frames.id[:8]
    left_from_right = inverse(frames.pose[:8]) @ seen.pose
    torch.testing.assert_close(left_from_right, inverse(right_from_left(baseline).double()).expand(8, 4, 4))
    left, columns = frames.rgb[:8].float(), torch.arange(SIZE[1])
    found = (columns - focal * baseline / frames.depth[:8]).round().long()
    inside = (found >= 0)[..., None].expand_as(left)
    there = right.float().gather(2, found.clamp_min(0)[..., None].expand_as(left))
    assert (there - left)[inside].abs().mean() < 0.6 * (right - left)[inside].abs().mean()


def test_the_second_camera_has_noise_of_its_own(frames):
    """In the frame's very place its image differs from the frame, and from that of either time."""
    here = torch.eye(4).expand(4, 2, 4, 4)
    others = [frames.rgb[:4], *rooms.render_neighbours(0, "train", range(4), SIZE, here).unbind(1)]
    right = rooms.render_right(0, "train", range(4), SIZE, 1e-9).rgb.float()
    noise = [(right - other).abs().mean() for other in others]
    between = (others[1].float() - others[2]).abs().mean()
    assert all(0.5 * between < difference < 2 * between for difference in noise)
