"""Frames that stay on the device: the same batches as from the loader, to the bit."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from packdepth.config.variants import Velocity
from packdepth.data.store.context import ContextStore
from packdepth.data.store.frames import Store
from packdepth.training import resident
from packdepth.training.loader import CountedBatches, Frames, TrainingFrames, batches
from packdepth.training.resident import ResidentFrames
from packdepth.training.temporal_frames import TemporalFrames
from tests.support.context import beside, neighbours
from tests.support.stores import slopes, write_store

CPU = torch.device("cpu")


def same_batches(frames: Frames) -> bool:
    order = CountedBatches(len(frames), 2, 3, 0)
    held = ResidentFrames(frames, CPU, 0).batches(order)
    for ours, theirs in zip(held, batches(frames, order, 0), strict=True):
        assert ours.keys() == theirs.keys()
        assert all(torch.equal(ours[name], theirs[name]) for name in theirs)
        assert all(ours[name].dtype == theirs[name].dtype for name in theirs)
    return True


@pytest.mark.parametrize("unit", ["millimetre", "metre"])
def test_batches_are_those_of_the_loader(tmp_path: Path, unit: str):
    made = slopes(5)
    made.depth[0, :4] = [[0.0], [0.001], [32.768], [65.0]]  # unknown, and the ends of 16 bits
    store = Store(write_store(tmp_path / "s.h5", made, unit))
    assert store.depth_unit == unit
    assert same_batches(TrainingFrames(store, 0, 0.5, 0.5))


def test_batches_with_neighbours_are_those_of_the_loader(
    tmp_path: Path, store: Store, write_context: Callable[..., Path]
):
    context = ContextStore(write_context(tmp_path / "c.h5", store, neighbours(4)), "recorded", store)
    assert same_batches(TemporalFrames(TrainingFrames(store, 0, 0.5, 0.5), [context], Velocity(weight=1.0)))


def test_a_device_holds_what_the_store_holds(tmp_path: Path):
    frames = TrainingFrames(Store(write_store(tmp_path / "s.h5", slopes(3))), 0, 0, 0)
    held = ResidentFrames(frames, CPU, 0)._held
    assert held["image"].dtype == torch.uint8
    assert held["depth"].dtype.itemsize == 2


def test_frames_stay_on_a_gpu_that_has_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    frames = TrainingFrames(Store(write_store(tmp_path / "s.h5", slopes(3))), 0, 0, 0)
    needed = 3 * 64 * 64 * (3 + 2)
    assert not resident.fit(frames, CPU)
    for free, fits in ((2 * needed, True), (2 * needed - 2, False)):
        monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device, free=free: (free, free))
        assert resident.fit(frames, torch.device("cuda")) is fits


def test_batches_with_a_second_camera_are_those_of_the_loader(
    tmp_path: Path, store: Store, write_context: Callable[..., Path]
):
    path = write_context(write_context(tmp_path / "c.h5", store, neighbours(4)), store, beside(4), "stereo")
    contexts = [ContextStore(path, kind, store) for kind in ("recorded", "stereo")]
    assert same_batches(TemporalFrames(TrainingFrames(store, 0, 0.5, 0.5), contexts, Velocity(weight=1.0)))
