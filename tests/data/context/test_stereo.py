"""A second camera to the right: by hand, and what depth says of its image."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from packdepth.config.datasets import RoomsData
from packdepth.data.context.stereo import stored_pair, synthetic_right
from packdepth.data.store.context import Neighbours
from packdepth.data.store.frames import Store
from packdepth.geometry.backward_warp import synthesize_view
from packdepth.geometry.rigid import right_from_left, transform
from packdepth.models.network import image_tensor
from tests.support.stores import made_store, slopes, write_store

ROOMS = RoomsData(dataset="rooms", size=(64, 96), train=3, test=1, seed=4, stereo=0.2)
BASELINE = 0.2


def errors(store: Store, batch: Neighbours, frame: int, *poses: torch.Tensor) -> list[float]:
    """Mean difference between a frame and its second image, looked up through true depth and each of these poses."""
    assert batch.image is not None
    image, context = image_tensor(store.rgb(frame))[None], image_tensor(store.rgb(batch.image[frame, 0]))[None]
    inverse_depth = torch.from_numpy(1 / store.depth(frame))[None, None]
    intrinsics = torch.from_numpy(store.intrinsics(frame))[None]
    found = []
    for pose in poses:
        view, visible = synthesize_view(context, inverse_depth, intrinsics, pose[None])
        found.append(float((view - image).abs()[visible.expand_as(view)].mean()))
    return found


def test_what_is_ahead_of_one_camera_is_to_the_left_of_the_other():
    ahead = torch.tensor([[0.0, 0.0, 2.0]])
    assert transform(right_from_left(0.25), ahead).tolist() == [[-0.25, 0.0, 2.0]]


def test_a_wall_by_hand(tmp_path: Path):
    """2 m away, focal length 60 px, baseline 0.1 m: 3 px to the left, and the last 3 columns are made up."""
    rgb = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), dtype=np.uint8)
    wall = replace(slopes(2), rgb=rgb, depth=np.full((2, 64, 64), 2.0, np.float32))
    (batch,) = synthetic_right(Store(write_store(tmp_path / "s.h5", wall)), 0.1)
    assert batch.frame.tolist() == [0, 1]
    assert batch.rgb is not None
    assert batch.mask is not None
    np.testing.assert_array_equal(batch.rgb[:, 0, :, :-3], rgb[:, :, 3:])
    assert (batch.mask[:, 0] == (np.arange(64) < 61)).all()
    np.testing.assert_array_equal(batch.pose, right_from_left(0.1).expand(2, 1, 4, 4))
    assert batch.velocity is batch.time_step is batch.image is None


def test_rooms_are_rendered_from_there(tmp_path: Path):
    store = made_store(ROOMS, "train", tmp_path)
    (batch,) = stored_pair(store, "rooms")
    assert batch.image is not None
    assert batch.image.tolist() == [[3], [4], [5]]
    assert batch.velocity is batch.time_step is batch.rgb is None
    for frame in range(3):
        true, none, other_side = errors(
            store, batch, frame, torch.from_numpy(batch.pose[frame, 0]), torch.eye(4), right_from_left(-BASELINE)
        )
        assert true < 0.75 * min(none, other_side)


def test_a_made_image_is_like_the_rendered_one(tmp_path: Path):
    store = made_store(ROOMS, "train", tmp_path)
    (true,), (made,) = stored_pair(store, "rooms"), synthetic_right(store, BASELINE)
    right = np.stack([store.rgb(store.second(frame)) for frame in range(3)])[:, None]
    assert made.rgb is not None
    assert made.mask is not None
    assert 0.6 < made.mask.mean() < 1
    np.testing.assert_array_equal(made.pose, true.pose)
    apart = np.abs(made.rgb.astype(float) - right)[made.mask].mean()
    left = np.stack([store.rgb(frame) for frame in range(3)])[:, None]
    assert apart < 0.5 * np.abs(left.astype(float) - right)[made.mask].mean()
