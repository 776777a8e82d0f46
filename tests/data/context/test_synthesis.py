import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from packdepth.config.motions import MotionModel
from packdepth.data import rooms
from packdepth.data.context.synthesis import synthesize
from packdepth.data.context.trajectory import sample
from packdepth.geometry.rigid import inverse
from tests.config.test_motions import STILL, shipped_models
from tests.support.stores import central_difference

MODELS = shipped_models()
SIZE = (48, 64)


@pytest.fixture(scope="module")
def frames():
    return rooms.render(0, "synthesis", range(6), SIZE)


def _made(frames, model, seed=0, frequency=10.0, keep=slice(None), depth=None):
    depth = frames.depth if depth is None else depth
    motions = MODELS[model].model_copy(update={"frequency": frequency})
    return synthesize(frames.rgb[keep], depth[keep], frames.intrinsics[keep], frames.id[keep], motions, seed)


def test_shapes_and_types(frames):
    made = _made(frames, "handheld")
    told = {name: (value.dtype, tuple(value.shape)) for name, value in vars(made).items() if name != "time_step"}
    assert told == {
        "rgb": (torch.uint8, (6, 2, *SIZE, 3)),
        "mask": (torch.bool, (6, 2, *SIZE)),
        "pose": (torch.float32, (6, 2, 4, 4)),
        "velocity": (torch.float32, (6, 3, 6)),
    }
    assert made.time_step == 0.1


def test_a_camera_that_stands_still_sees_the_same(frames):
    still = MotionModel.model_validate(STILL)
    made = synthesize(frames.rgb, frames.depth, frames.intrinsics, frames.id, still, 0)
    assert torch.equal(made.rgb, frames.rgb[:, None].expand_as(made.rgb))
    assert made.mask.all()
    assert not made.velocity.any()
    assert torch.equal(made.pose, torch.eye(4).expand(6, 2, 4, 4))


def test_a_step_to_the_right_by_hand():
    """A wall 2 m away, focal length 40 px, 0.5 m/s at 10 Hz: the wall moves by a pixel, against the camera's motion."""
    rgb = torch.randint(0, 256, (1, 12, 16, 3), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    camera = torch.tensor([[[40.0, 0, 7.5], [0, 40.0, 5.5], [0, 0, 1]]])
    model = MotionModel.model_validate(STILL | {"speed": [0.5, 0.5], "mean_direction": [2, 0, 0]})
    made = synthesize(rgb, torch.full((1, 12, 16), 2.0), camera, ["wall"], model, 0)
    assert torch.equal(made.rgb[0, 0, :, 1:], rgb[0, :, :-1])
    assert torch.equal(made.rgb[0, 1, :, :-1], rgb[0, :, 1:])
    assert torch.equal(made.mask[0, 0, 0], torch.arange(16) > 0)
    assert torch.equal(made.mask[0, 1, 0], torch.arange(16) < 15)
    torch.testing.assert_close(made.pose[0, :, 0, 3], torch.tensor([0.05, -0.05]))
    torch.testing.assert_close(made.velocity, torch.tensor([0.5, 0, 0, 0, 0, 0]).expand(1, 3, 6))


@settings(deadline=None, max_examples=8)
@given(seed=st.integers(0, 1000), model=st.sampled_from(list(MODELS)))
def test_neighbours_depend_on_seed_and_name_alone(frames, seed, model):
    all_of_them, alone = _made(frames, model, seed), _made(frames, model, seed, keep=slice(2, 3))
    for name in ("rgb", "mask", "pose", "velocity"):
        assert torch.equal(getattr(all_of_them, name)[2:3], getattr(alone, name))
    assert not torch.equal(_made(frames, model, seed + 1, keep=slice(2, 3)).pose, alone.pose)


def test_every_instant_has_its_own_velocity(frames):
    made, motion = _made(frames, "handheld"), sample(MODELS["handheld"], 0, frames.id)
    for place, time in enumerate((-0.1, 0.0, 0.1)):
        torch.testing.assert_close(made.velocity[:, place], motion.velocities((time,))[:, 0].float())


@settings(deadline=None, max_examples=8)
@given(seed=st.integers(0, 1000))
def test_velocities_agree_with_the_poses(frames, seed):
    """The middle one is the central difference but for the acceleration's share in rotation, of third order."""
    made = _made(frames, "handheld", seed, frequency=100.0)
    before, after = inverse(made.pose.double()).unbind(1)
    at = torch.eye(4, dtype=torch.float64).expand_as(before)
    torch.testing.assert_close(
        central_difference(before, after, at, 0.02).float(), made.velocity[:, 1], atol=2e-3, rtol=2e-3
    )


@settings(deadline=None, max_examples=8)
@given(seed=st.integers(0, 1000), model=st.sampled_from(list(MODELS)))
def test_at_least_60_percent_is_seen_and_no_more_is_shortened_than_must(frames, seed, model):
    made = _made(frames, model, seed)
    seen = made.mask.float().mean((2, 3)).amin(1)
    assert (seen >= 0.6).all()
    drawn = sample(MODELS[model], seed, frames.id).velocities((0.0,))[:, 0]
    factor = made.velocity[:, 1, :3].norm(dim=1) / drawn[:, :3].norm(dim=1)
    torch.testing.assert_close(made.velocity[:, 1], (drawn * factor[:, None]).float(), atol=1e-5, rtol=1e-4)
    steps = factor.log() / torch.tensor(0.75).log()
    torch.testing.assert_close(steps, steps.round(), atol=1e-3, rtol=0)


def test_a_fast_motion_is_shortened_and_a_slow_one_is_not(frames):
    drawn = sample(MODELS["vehicle"], 0, frames.id).velocity.norm(dim=1)
    fast, slow = (_made(frames, "vehicle", frequency=hertz).velocity[:, 1, :3].norm(dim=1) for hertz in (10.0, 1000.0))
    assert (fast < 0.8 * drawn).any()
    torch.testing.assert_close(slow, drawn.float())


def test_with_little_known_depth_60_percent_of_it_is_seen(frames):
    depth = frames.depth.clone()
    depth[:, :, : SIZE[1] * 5 // 8] = 0
    made = _made(frames, "vehicle", depth=depth)
    share = made.mask.float().mean((2, 3)) / (3 / 8)
    assert (share >= 0.6).all()
    assert (share < 0.95).any(), "nothing moved"


def test_with_just_enough_known_depth_the_motion_shrinks_but_ends(frames):
    """All that is known must stay in sight, so the camera hardly moves."""
    depth = frames.depth.clone()
    depth.flatten(1)[:, : int(0.395 * SIZE[0] * SIZE[1])] = 0
    made = _made(frames, "handheld", depth=depth)
    assert (made.mask.float().mean((2, 3)) >= 0.6).all()


def test_without_known_depth_nothing_is_seen(frames):
    made = _made(frames, "handheld", depth=torch.zeros_like(frames.depth))
    assert not made.mask.any()
    assert made.velocity.any()


def test_bad_input_is_named(frames):
    with pytest.raises(ValueError, match="5 names for 6 frames"):
        synthesize(frames.rgb, frames.depth, frames.intrinsics, frames.id[1:], MODELS["handheld"], 0)
    with pytest.raises(ValueError, match="shapes must be"):
        _made(frames, "handheld", depth=frames.depth[:, ::2, ::2])
