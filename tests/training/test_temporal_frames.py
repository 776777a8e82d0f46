"""Training frames with neighbours: augmented alike, and from the right places."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from packdepth.config.variants import Velocity
from packdepth.data.store.context import ContextStore
from packdepth.data.store.frames import Store
from packdepth.training.augmentation import draw_augmentation
from packdepth.training.loader import CountedBatches, TrainingFrames, batches
from packdepth.training.temporal_frames import TemporalFrames
from tests.support.context import beside, neighbours

SENSOR = Velocity(weight=1.0)


@pytest.fixture
def frames(tmp_path: Path, store: Store, write_context: Callable[..., Path]) -> Callable[..., TemporalFrames]:
    context = ContextStore(write_context(tmp_path / "c.h5", store, neighbours(4)), "recorded", store)
    return lambda flip=0.0, swap=0.0: TemporalFrames(TrainingFrames(store, 0, flip, swap), [context], SENSOR)


def test_an_item_is_the_frame_with_its_neighbours(store: Store, frames: Callable[..., TemporalFrames]):
    item = frames()[0, 1]  # epoch 0, place 1: frame 2 of the store
    np.testing.assert_array_equal(item["image"], store.rgb(2))
    np.testing.assert_allclose(item["depth"][0], store.depth(2))
    assert item["context"].shape == (2, 64, 64, 3)
    assert item["context"][:, 0, 63, 0].tolist() == [11, 12]
    assert item["seen"].shape == (2, 1, 64, 64)
    assert item["seen"].float().mean((1, 2, 3)).tolist() == [1.0, 0.5]
    np.testing.assert_allclose(item["distance"], 0.2, rtol=1e-6)
    np.testing.assert_array_equal(item["intrinsics"], store.intrinsics(2))


def test_the_draw_is_that_of_the_frame_and_epoch(frames: Callable[..., TemporalFrames]):
    item, draw = frames(flip=0.5, swap=1.0)[3, 1], draw_augmentation((0, 3, 2), 0.5, 1.0)
    assert all(torch.equal(item[name], draw[name]) for name in ("flipped", "colours"))


def test_batches_stack_all_of_it(frames: Callable[..., TemporalFrames]):
    batch = next(iter(batches(frames(), CountedBatches(4, 2, 1, 0), 0)))
    shapes = {name: tuple(values.shape) for name, values in batch.items()}
    assert shapes == {
        "image": (2, 64, 64, 3),
        "depth": (2, 1, 64, 64),
        "flipped": (2,),
        "colours": (2, 3),
        "context": (2, 2, 64, 64, 3),
        "seen": (2, 2, 1, 64, 64),
        "intrinsics": (2, 3, 3),
        "true_pose": (2, 2, 4, 4),
        "distance": (2, 2),
    }


def test_the_fingerprint_tells_frames_and_context_apart(store: Store, frames: Callable[..., TemporalFrames]):
    assert frames().fingerprint != TrainingFrames(store, 0, 0, 0).fingerprint
    assert store.fingerprint in frames().fingerprint


@pytest.fixture
def both(tmp_path: Path, store: Store, write_context: Callable[..., Path]) -> list[ContextStore]:
    """Recorded context of frames 3 to 0, and a second camera's of frames 0 to 2."""
    path = write_context(tmp_path / "c.h5", store, neighbours(4))
    write_context(path, store, beside(3), "stereo")
    return [ContextStore(path, kind, store) for kind in ("recorded", "stereo")]


def test_views_of_two_kinds_stand_side_by_side(store: Store, both: list[ContextStore]):
    frames = TemporalFrames(TrainingFrames(store, 0, 0, 0), both, SENSOR)
    assert len(frames) == 3  # frame 3 has no second image
    for place, frame in enumerate((2, 1, 0)):
        item = frames[0, place]
        np.testing.assert_array_equal(item["image"], store.rgb(frame))
        assert item["context"].shape == (3, 64, 64, 3)
        row = 10 * (3 - frame)  # of neighbours, which stand in the reverse order
        assert item["context"][:, 0, 63, 0].tolist() == [row + 1, row + 2, 10 * frame + 3]
        assert item["seen"].float().mean((1, 2, 3)).tolist() == [1.0, 0.5, 0.5]
        assert item["distance"].shape == (2,)
        torch.testing.assert_close(item["true_pose"][:, 0, 3], torch.tensor([0, 0, -0.2]))
    assert all(context.fingerprint in frames.fingerprint for context in both)


def test_a_second_camera_alone_has_a_pose_and_no_distance(store: Store, both: list[ContextStore]):
    frames = TemporalFrames(TrainingFrames(store, 0, 0, 0), both[1:], SENSOR)
    batch = next(iter(batches(frames, CountedBatches(3, 2, 1, 0), 0)))
    assert "distance" not in batch
    shapes = {name: tuple(batch[name].shape) for name in ("context", "seen", "true_pose")}
    assert shapes == {"context": (2, 1, 64, 64, 3), "seen": (2, 1, 1, 64, 64), "true_pose": (2, 1, 4, 4)}
