"""Training frames with neighbours: augmented alike, and from the right places."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from neighbouring import neighbours
from packdepth.context.frames import TemporalFrames
from packdepth.context.store import ContextStore
from packdepth.data.loader import CountedBatches, TrainingFrames, batches
from packdepth.data.store import Store
from packdepth.variants import Velocity

SENSOR = Velocity(weight=1.0)


@pytest.fixture
def frames(tmp_path: Path, store: Store, write_context: Callable[..., Path]) -> Callable[..., TemporalFrames]:
    context = ContextStore(write_context(tmp_path / "c.h5", store, neighbours(4)), "recorded", store)
    return lambda flip=0.0, swap=0.0: TemporalFrames(TrainingFrames(store, 0, flip, swap), context, SENSOR)


def test_an_item_is_the_frame_with_its_neighbours(store: Store, frames: Callable[..., TemporalFrames]):
    item = frames()[0, 1]  # epoch 0, place 1: frame 2 of the store
    np.testing.assert_allclose(item["image"][0] * 255, store.rgb(2)[..., 0], atol=1e-4)
    np.testing.assert_allclose(item["depth"][0], store.depth(2))
    assert item["context"].shape == (2, 3, 64, 64)
    np.testing.assert_allclose(item["context"][:, 0, 0, 63] * 255, [11, 12], atol=1e-4)
    assert item["seen"].shape == (2, 1, 64, 64)
    assert item["seen"].mean((1, 2, 3)).tolist() == [1.0, 0.5]
    np.testing.assert_allclose(item["distance"], 0.2, rtol=1e-6)
    np.testing.assert_array_equal(item["intrinsics"], store.intrinsics(2))


def test_neighbours_are_augmented_as_their_frame(store: Store, frames: Callable[..., TemporalFrames]):
    plain, flipped = frames()[0, 1], frames(flip=1.0)[0, 1]
    for name in ("image", "depth", "context", "seen"):
        torch.testing.assert_close(flipped[name], plain[name].flip(-1))
    assert flipped["intrinsics"][0, 2] == 63 - plain["intrinsics"][0, 2]
    torch.testing.assert_close(flipped["distance"], plain["distance"])
    for epoch in range(8):
        swapped = frames(swap=1.0)[epoch, 1]
        order = [int(value) for value in (swapped["context"][0, :, 0, 63] * 255).round()]
        assert sorted(order) == [11, 11, 111]
    assert any(frames(swap=1.0)[epoch, 1]["context"][0, 1, 0, 63] < 0.1 for epoch in range(8))


def test_batches_stack_all_of_it(frames: Callable[..., TemporalFrames]):
    batch = next(iter(batches(frames(), CountedBatches(4, 2, 1, 0), 0)))
    shapes = {name: tuple(values.shape) for name, values in batch.items()}
    assert shapes == {
        "image": (2, 3, 64, 64),
        "depth": (2, 1, 64, 64),
        "context": (2, 2, 3, 64, 64),
        "seen": (2, 2, 1, 64, 64),
        "intrinsics": (2, 3, 3),
        "distance": (2, 2),
    }


def test_the_fingerprint_tells_frames_and_context_apart(store: Store, frames: Callable[..., TemporalFrames]):
    assert frames().fingerprint != TrainingFrames(store, 0, 0, 0).fingerprint
    assert store.fingerprint in frames().fingerprint
