"""Neighbours that data sets have: which ones, how they move."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from packdepth.config.datasets import RoomsData
from packdepth.config.motions import MotionModel
from packdepth.data.context.recorded import filmed, rendered, velocities
from packdepth.data.context.trajectory import sample
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.geometry.backward_warp import synthesize_view
from packdepth.geometry.rigid import inverse, rigid, rotation_from_vector
from packdepth.models.network import image_tensor
from tests.config.test_motions import STILL, shipped_models
from tests.support.stores import made_store, slopes, write_store

ROOMS = RoomsData(dataset="rooms", size=(64, 96), train=3, test=1, seed=4)


def film(frames: int = 3) -> dict[str, np.ndarray]:
    """Poses and times of five images, of which the first `frames` have depth: 2 m/s along z, then faster."""
    pose = np.tile(np.eye(4, dtype=np.float32), (5, 1, 1))
    pose[:, 2, 3] = [0.2, 0.5, 1.0, 0.0, 1.7]  # image 3 comes before 0, image 4 after 2
    neighbours = np.array([[3, 1], [0, 2], [1, 4]], np.int32)[:frames]
    return {"pose": pose, "time": np.array([0.1, 0.2, 0.3, 0.0, 0.4]), "neighbours": neighbours}


def filmed_store(path: Path, **arrays: np.ndarray) -> Store:
    batch = slopes(5)
    return Store(write_store(path, replace(batch, depth=batch.depth[:3], **arrays)))


def test_filmed_neighbours_are_where_the_store_has_them(tmp_path: Path):
    (batch,) = filmed(filmed_store(tmp_path / "s.h5", **film()), "kitti")
    assert batch.frame.tolist() == [0, 1, 2]
    assert batch.image is not None
    assert batch.image.tolist() == [[3, 1], [0, 2], [1, 4]]
    assert batch.rgb is None
    np.testing.assert_allclose(batch.time_step, 0.1, rtol=1e-6)
    before, after = batch.pose[0, :, 2, 3]  # a point ahead is farther from where the camera was before
    np.testing.assert_allclose([before, after], [0.2, -0.3], rtol=1e-5)
    np.testing.assert_allclose(batch.velocity[0, :, 2], [1.5, 2.5, 3.5], rtol=1e-4)  # 5 m/s^2


def test_a_measured_velocity_takes_the_place_of_poses(tmp_path: Path):
    velocity = np.arange(15, dtype=np.float32).reshape(5, 3)
    (batch,) = filmed(filmed_store(tmp_path / "s.h5", **film(), velocity=velocity), "kitti")
    np.testing.assert_array_equal(batch.velocity[0, :, :3], velocity[[3, 0, 1]])


def test_frames_without_both_neighbours_are_left_out(tmp_path: Path):
    arrays = film()
    arrays["neighbours"][0, 0] = -1
    (batch,) = filmed(filmed_store(tmp_path / "s.h5", **arrays), "kitti")
    assert batch.frame.tolist() == [1, 2]
    arrays["neighbours"][:] = -1
    with pytest.raises(InputError, match="no frame has both of its neighbours"):
        list(filmed(filmed_store(tmp_path / "none.h5", **arrays), "kitti"))


def test_a_data_set_without_video_is_told(tmp_path: Path):
    with pytest.raises(InputError, match="kitti has no neighbours, pose, time, so no recorded context"):
        list(filmed(Store(write_store(tmp_path / "s.h5", slopes(3))), "kitti"))


def test_rooms_are_rendered_from_where_the_motion_leads(tmp_path: Path):
    store, model = made_store(ROOMS, "train", tmp_path), shipped_models()["cart"]
    (batch,) = rendered(store, ROOMS, model, seed=0)
    motions = sample(model, 0, [store.id(place) for place in range(3)])
    assert batch.rgb is not None
    assert batch.mask is not None
    assert batch.rgb.shape == (3, 2, 64, 96, 3)
    assert batch.mask.all()
    np.testing.assert_allclose(batch.time_step, 1 / 3, rtol=1e-6)
    np.testing.assert_allclose(inverse(torch.tensor(batch.pose)), motions.poses((-1 / 3, 1 / 3)), atol=1e-6)
    np.testing.assert_allclose(batch.velocity, motions.velocities((-1 / 3, 0.0, 1 / 3)), atol=1e-6)
    (standing,) = rendered(store, ROOMS, MotionModel.model_validate(STILL), seed=0)
    assert standing.rgb is not None
    moved, still = (np.abs(rgb[0].astype(float) - store.rgb(0)).mean() for rgb in (batch.rgb, standing.rgb))
    assert still < 6  # sensor noise alone
    assert moved > 1.3 * still


def test_velocities_of_a_turning_accelerating_camera():
    """Position p + v s + a s^2 / 2, turning about one axis at a constant rate: all known at every instant."""
    time = torch.tensor([[-0.1, 0.0, 0.25]], dtype=torch.float64)
    start = rotation_from_vector(torch.tensor([0.3, -0.5, 0.2], dtype=torch.float64))
    v, a = torch.tensor([1.0, 0.2, -0.5], dtype=torch.float64), torch.tensor([0.5, -2.0, 1.0], dtype=torch.float64)
    turn = torch.tensor([0.1, 0.4, -0.2], dtype=torch.float64)
    s = time[0, :, None]
    rotation = start @ rotation_from_vector(turn * s)
    poses = rigid(rotation, v * s + a * s**2 / 2)
    found = velocities(poses[None], time)[0]
    linear = torch.stack([r.mT @ (v + a * t) for r, t in zip(rotation, time[0], strict=True)])
    torch.testing.assert_close(found[:, :3], linear)
    torch.testing.assert_close(found[:, 3:], turn.expand(3, 3))


def test_poses_take_points_from_the_target_to_the_context(tmp_path: Path):
    """Through the true depth and motion the rendered neighbours look like the frame, and through none they do not."""
    store = made_store(ROOMS, "train", tmp_path)
    (batch,) = rendered(store, ROOMS, shipped_models()["cart"], seed=0)
    assert batch.rgb is not None
    image, context = image_tensor(store.rgb(0))[None], image_tensor(batch.rgb[0])
    inverse_depth = torch.from_numpy(1 / store.depth(0))[None, None]
    intrinsics = torch.from_numpy(store.intrinsics(0))[None]
    for offset in (0, 1):
        errors = []
        for pose in (torch.from_numpy(batch.pose[0, offset]), torch.eye(4)):
            view, visible = synthesize_view(context[offset][None], inverse_depth, intrinsics, pose[None])
            errors.append(float((view - image).abs()[visible.expand_as(view)].mean()))
        assert errors[0] < 0.75 * errors[1]
