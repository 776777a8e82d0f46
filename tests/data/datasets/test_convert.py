"""Conversion: in order whatever the threads do, restarted where it stopped, the same bytes in the end."""

import sys
import threading
import time
import types
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
import torch

from packdepth.config.datasets import ImageSize
from packdepth.data.datasets import convert as making_stores
from packdepth.data.datasets.base import DatasetInfo
from packdepth.data.store.batch import Batch
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from tests.support.stores import jpeg, made_store, slopes


class SlopesData(ImageSize):
    """A made-up data set's section of params.yaml."""

    frames: int = 10
    dataset: str = "slopes"


class Slopes:
    """Ten slopes and a neighbour; keeps count of what it was asked for, and fails where told to."""

    info: ClassVar[DatasetInfo] = DatasetInfo("slopes", 1, "none", "nobody", "tests")
    depth_unit = "millimetre"
    parallel = True
    asked: ClassVar[list[int]] = []
    threads: ClassVar[set[int]] = set()
    fails_at: ClassVar[int | None] = None

    def __init__(self, data: SlopesData, split: str, tree: object) -> None:
        self.frames = self.pieces = data.frames + 1
        self.files = [Path("frames.txt")]

    @staticmethod
    def archives(data: object, get: object) -> list[Path]:
        return []

    def piece(self, index: int) -> Batch:
        self.asked.append(index)
        self.threads.add(threading.get_ident())
        time.sleep(0.003 * (index % 3))  # so that later ones are ready earlier
        if index == self.fails_at:
            raise InputError(f"slopes/{index}: broken")
        frame = slopes(1, seed=index)
        files = [jpeg(frame.rgb[0])]
        if index == self.frames - 1:
            return replace(frame, rgb=files, depth=None, time=np.array([index + 0.0]))
        neighbours = np.array([[index - 1, index + 1]], np.int32)
        return replace(frame, rgb=files, time=np.array([index + 0.0]), neighbours=neighbours)


@pytest.fixture
def data(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlopesData]:
    """The data set, known to the project; four pieces a part, two threads."""
    module = types.ModuleType("slopes")
    module.SOURCE = Slopes  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "packdepth.data.datasets.slopes", module)
    monkeypatch.setattr(making_stores, "PIECES", 4)
    Slopes.asked.clear()
    Slopes.threads.clear()
    monkeypatch.setattr(Slopes, "fails_at", None)
    torch.set_num_threads(2)
    yield SlopesData(size=(64, 64))
    torch.set_num_threads(1)


def contents(store: Store) -> list[object]:
    frames = [(store.id(i), store.time(i), store.rgb(i).tobytes()) for i in range(store.images)]
    return frames + [(store.depth(i).tobytes(), store.neighbours(i)) for i in range(len(store))]


def test_pieces_made_in_parallel_stand_in_order(data: SlopesData, tmp_path: Path):
    store = made_store(data, "train", tmp_path)
    assert (len(store), store.images, store.encoded) == (10, 11, True)
    assert [store.time(i) for i in range(11)] == list(range(11))
    assert len(Slopes.threads) > 1
    np.testing.assert_allclose(store.depth(7), slopes(1, seed=7).depth[0], atol=5.1e-4)
    assert sorted(Slopes.asked) == list(range(11))


def test_a_conversion_that_broke_goes_on_behind_its_last_whole_part(data: SlopesData, tmp_path: Path, monkeypatch):
    undisturbed = contents(made_store(data, "train", tmp_path))
    bytes_before = (tmp_path / "train.h5").read_bytes()
    (tmp_path / "train.h5").unlink()
    monkeypatch.setattr(Slopes, "fails_at", 6)
    with pytest.raises(InputError, match="slopes/6: broken"):
        made_store(data, "train", tmp_path)
    assert not (tmp_path / "train.h5").exists()
    monkeypatch.setattr(Slopes, "fails_at", None)
    Slopes.asked.clear()
    assert contents(made_store(data, "train", tmp_path)) == undisturbed
    assert min(Slopes.asked) == 4
    assert (tmp_path / "train.h5").read_bytes() == bytes_before
    assert not list(making_stores.FOLDER.rglob("*.h5"))


def test_what_a_kill_while_joining_left_is_removed(data: SlopesData, tmp_path: Path):
    (tmp_path / ".train.killed.part.h5").write_text("half")
    made_store(data, "train", tmp_path)
    assert not list(tmp_path.glob(".train.*"))


def test_parts_made_with_other_parameters_are_not_taken(data: SlopesData, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(Slopes, "fails_at", 6)
    with pytest.raises(InputError, match="broken"):
        made_store(data, "train", tmp_path)
    monkeypatch.setattr(Slopes, "fails_at", None)
    Slopes.asked.clear()
    assert len(made_store(SlopesData(size=(64, 64), frames=5), "train", tmp_path)) == 5
    assert sorted(Slopes.asked) == list(range(6))


def test_parts_made_from_other_files_are_not_taken(data: SlopesData, tmp_path: Path, monkeypatch):
    Path("frames.txt").write_text("a\n")
    monkeypatch.setattr(Slopes, "fails_at", 6)
    with pytest.raises(InputError, match="broken"):
        made_store(data, "train", tmp_path)
    monkeypatch.setattr(Slopes, "fails_at", None)
    Path("frames.txt").write_text("a\nb\n")
    Slopes.asked.clear()
    made_store(data, "train", tmp_path)
    assert sorted(Slopes.asked) == list(range(11))


def test_the_fingerprint_tells_contents_apart(data: SlopesData, tmp_path: Path):
    first = made_store(data, "train", tmp_path).fingerprint
    assert made_store(data, "train", tmp_path).fingerprint == first
    assert made_store(SlopesData(size=(64, 64), frames=9), "train", tmp_path).fingerprint != first


def test_no_more_is_made_ahead_than_a_few_pieces(data: SlopesData, tmp_path: Path, monkeypatch):
    """A writer that never gets its second piece: what is made by then is all that waits in memory."""
    monkeypatch.setattr(making_stores, "PIECES", 1000)

    def stuck(*_: object) -> None:
        time.sleep(0.3)
        raise InputError("stuck")

    monkeypatch.setattr(making_stores, "create_store", stuck)  # called when the first piece is there
    with pytest.raises(InputError, match="stuck"):
        made_store(SlopesData(size=(64, 64), frames=200), "train", tmp_path)
    assert 1 <= len(Slopes.asked) <= 6


def test_what_the_store_says_of_its_origin(data: SlopesData, tmp_path: Path):
    attributes = made_store(data, "test", tmp_path).attributes
    assert (attributes["dataset"], attributes["licence"], attributes["citation"]) == ("slopes", "none", "nobody")
    assert '"split": "test"' in attributes["parameters"]
