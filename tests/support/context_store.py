"""A training store with neighbours, made by hand."""

from collections.abc import Callable
from pathlib import Path

import h5py
import pytest

from packdepth.data.store.context import FORMAT, Neighbours, append_neighbours
from packdepth.data.store.frames import Store
from tests.support.stores import slopes, write_store


@pytest.fixture
def write_context() -> Callable[..., Path]:
    """A function that writes a kind of context of a store to a file, which may have others."""

    def write(path: Path, store: Store, batch: Neighbours, kind: str = "recorded") -> Path:
        with h5py.File(path, "a") as file:
            append_neighbours(file.create_group(kind), batch)
            file[kind].attrs["fingerprint"] = "of these neighbours"
            file.attrs.update({"format": FORMAT, "store": store.fingerprint, "parameters": "{}"})
        return path

    return write


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(write_store(tmp_path / "train.h5", slopes(4)))
