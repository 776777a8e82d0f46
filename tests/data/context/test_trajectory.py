import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from packdepth.config.motions import MotionModel
from packdepth.data.context.trajectory import Trajectories, sample
from packdepth.data.rooms.seeds import generator
from packdepth.data.rooms.trajectory import poses as rooms_poses
from packdepth.data.rooms.trajectory import sample_motion
from tests.config.test_motions import STILL, shipped_models
from tests.support.stores import central_difference

MODELS = shipped_models()
NAMES = [f"frame {index}" for index in range(200)]
seeds = st.integers(0, 1000)
times = st.floats(-0.2, 0.2)


def _rows(*vectors):
    return [torch.tensor([vector], dtype=torch.float64) for vector in vectors]


def test_a_motion_by_hand():
    """Ahead at 2 m/s, faster by 4 m/s each second, turning to the right by a quarter turn a second; after a second."""
    quarter = math.pi / 2
    motion = Trajectories(*_rows((0, 0, 2), (0, 0, 4), (0, quarter, 0), (0, 0, 0)))
    pose = motion.poses((1.0,))[0, 0]
    expected = [[0, 0, 1, 0], [0, 1, 0, 0], [-1, 0, 0, 4], [0, 0, 0, 1]]
    torch.testing.assert_close(pose, torch.tensor(expected, dtype=torch.float64), atol=1e-12, rtol=0)
    speed = torch.tensor([[[-6, 0, 0, 0, quarter, 0]]], dtype=torch.float64)  # what was ahead is now to the left
    torch.testing.assert_close(motion.velocities((1.0,)), speed, atol=1e-12, rtol=0)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS.keys())
def test_the_frame_itself_is_the_reference(model):
    pose = sample(model, 0, NAMES).poses((0.0,))
    assert torch.equal(pose, torch.eye(4, dtype=torch.float64).expand(200, 1, 4, 4))


@settings(deadline=None, max_examples=30)
@given(seed=seeds, time=times, model=st.sampled_from(list(MODELS.values())))
def test_velocities_are_the_differences_of_poses(seed, time, model):
    motion, step = sample(model, seed, NAMES[:4]), 1e-4
    before, at, after = motion.poses((time - step, time, time + step)).unbind(1)
    exact = motion.velocities((time,))[:, 0]
    torch.testing.assert_close(central_difference(before, after, at, 2 * step), exact, atol=1e-6, rtol=1e-6)


@settings(deadline=None, max_examples=30)
@given(seed=seeds, first=st.text(min_size=1, max_size=8), second=st.text(min_size=1, max_size=8))
def test_a_motion_depends_on_seed_and_name_alone(seed, first, second):
    def moves(seed, names):
        return sample(MODELS["handheld"], seed, names).poses((0.1,))

    both = moves(seed, [first, second])
    assert torch.equal(both[1:], moves(seed, [second]))
    assert torch.equal(both.flip(0), moves(seed, [second, first]))
    assert torch.equal(both[0], both[1]) == (first == second)
    assert not torch.equal(both[:1], moves(seed + 1, [first]))


@settings(deadline=None, max_examples=30)
@given(seed=seeds, factor=st.floats(0, 1), time=times)
def test_a_scaled_motion_is_slower_and_takes_the_same_way(seed, factor, time):
    motion = sample(MODELS["vehicle"], seed, NAMES[:3])
    slower = motion.scaled(torch.tensor([factor, 1.0, 0.0]))
    speeds, slow = motion.velocities((0.0,)), slower.velocities((0.0,))
    torch.testing.assert_close(slow[0], factor * speeds[0])
    torch.testing.assert_close(slower.poses((time,))[0, 0, :3, 3], factor * motion.poses((time,))[0, 0, :3, 3])
    assert torch.equal(slow[1], speeds[1])
    assert torch.equal(slower.poses((time,))[2, 0], torch.eye(4, dtype=torch.float64))


def test_draws_keep_to_the_model():
    model = MotionModel.model_validate(
        STILL | {"speed": [3, 5], "acceleration": 2, "turn": 90, "turn_acceleration": 180, "turn_axes": [0, 1, 0]}
    )
    motion = sample(model, 0, NAMES)
    speed = motion.velocity.norm(dim=1)
    assert 3 <= speed.min() < 3.1
    assert 4.9 < speed.max() <= 5
    torch.testing.assert_close(motion.velocity[:, 2], speed)  # straight ahead
    assert 1.9 < motion.acceleration.norm(dim=1).max() <= 2
    assert not motion.turn[:, [0, 2]].any()
    turn, change = motion.turn[:, 1], motion.turn_acceleration[:, 1]
    assert 1.5 < turn.abs().max() <= math.pi / 2
    assert 3 < change.abs().max() <= math.pi
    for values in (turn, change, turn * change):  # to the left as often as to the right, faster as often as slower
        assert 0.4 < (values > 0).double().mean() < 0.6


def test_a_vehicle_goes_ahead_and_steers():
    motion = sample(MODELS["vehicle"], 0, NAMES)
    share = motion.velocity / motion.velocity.norm(dim=1, keepdim=True)
    assert share[:, 2].min() > 0.99
    axis = motion.turn / motion.turn.norm(dim=1, keepdim=True)
    assert (axis[:, 1].abs() > 0.9).double().mean() > 0.9
    assert torch.rad2deg(motion.turn.norm(dim=1)).max() < 15


def test_handheld_resembles_the_camera_of_rooms():
    """Quartiles of the translation and of the rotation over one period."""
    rng = generator("a test", "motions")
    rooms = [sample_motion(rng, (0.0, -1.5, 0.0), [(1.0, 2.0)]) for _ in range(1000)]
    start, end = rooms_poses(rooms, (0.0, 1 / 30)).unbind(1)
    ours = sample(MODELS["handheld"], 0, [str(index) for index in range(1000)]).poses((0.0, 1 / 30)).unbind(1)
    share = torch.tensor([0.25, 0.5, 0.75], dtype=torch.float64)
    true, made = (
        central_difference(first, last, first, 1 / 30).unflatten(1, (2, 3)) for first, last in ((start, end), ours)
    )
    quartiles = [values.norm(dim=2).quantile(share, dim=0) for values in (true, made)]
    torch.testing.assert_close(*quartiles, rtol=0.15, atol=0)
