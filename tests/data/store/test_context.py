"""The file of neighbouring frames: what is written is read, and what is wrong is told."""

import pickle
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest

from packdepth.data.store.context import ContextStore
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from tests.support.context import beside, neighbours
from tests.support.stores import slopes, write_store

Write = Callable[..., Path]


def test_what_is_written_is_read(tmp_path: Path, store: Store, write_context: Write):
    batch = neighbours(4)
    context = ContextStore(write_context(tmp_path / "c.h5", store, batch), "recorded", store)
    assert len(context) == 4
    assert context.frames() == [3, 2, 1, 0]
    for place in (0, 3):
        np.testing.assert_array_equal(context.rgb(place), batch.rgb[place])
        np.testing.assert_array_equal(context.mask(place), batch.mask[place])
        np.testing.assert_array_equal(context.pose(place), batch.pose[place])
        np.testing.assert_array_equal(context.velocity(place), batch.velocity[place])
        np.testing.assert_array_equal(context.time_step(place), batch.time_step[place])
    again = pickle.loads(pickle.dumps(context))
    np.testing.assert_array_equal(again.rgb(1), batch.rgb[1])


def test_images_of_the_training_store_are_read_there(tmp_path: Path, store: Store, write_context: Write):
    places = np.array([[1, 2], [3, 0], [0, 1], [2, 3]], np.int32)
    batch = replace(neighbours(4), rgb=None, mask=None, image=places)
    context = ContextStore(write_context(tmp_path / "c.h5", store, batch), "recorded", store)
    np.testing.assert_array_equal(context.rgb(1), np.stack([store.rgb(3), store.rgb(0)]))
    assert context.mask(1).shape == (2, 64, 64)
    assert context.mask(1).all()


def test_context_of_other_frames_is_refused(tmp_path: Path, store: Store, write_context: Write):
    path = write_context(tmp_path / "c.h5", store, neighbours(4))
    other = Store(write_store(tmp_path / "other.h5", slopes(4, seed=7)))
    with pytest.raises(InputError, match=r"c\.h5: made from other frames than those of .*other\.h5"):
        ContextStore(path, "recorded", other)


def test_a_kind_that_is_not_there(tmp_path: Path, store: Store, write_context: Write):
    path = write_context(tmp_path / "c.h5", store, neighbours(4))
    with pytest.raises(InputError, match="holds recorded context, not synthetic"):
        ContextStore(path, "synthetic", store)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda file: file.attrs.update(format="x"), "its format is 'x'"),
        (lambda file: file.__delitem__("recorded/pose"), "recorded/pose is missing"),
        (lambda file: file.__delitem__("recorded/mask"), "neither images nor their places"),
        (lambda file: file["recorded"].attrs.__delitem__("fingerprint"), "no fingerprint"),
        (lambda file: file["recorded/velocity"].resize(2, axis=0), "recorded/velocity is missing or of a wrong shape"),
    ],
)
def test_a_broken_file(tmp_path: Path, store: Store, write_context: Write, spoil, told: str):
    path = write_context(tmp_path / "c.h5", store, neighbours(4))
    with h5py.File(path, "a") as file:
        spoil(file)
    with pytest.raises(InputError, match=told):
        ContextStore(path, "recorded", store)


def _external_link(file: h5py.File) -> None:
    file["recorded/secret"] = h5py.ExternalLink("other.h5", "secret")


def _external(file: h5py.File) -> None:
    del file["recorded/velocity"]
    file["recorded"].create_dataset("velocity", (4, 3), "f4", external="/etc/hostname")


def _huge_chunks(file: h5py.File) -> None:
    file["recorded"].create_dataset("more", (5, 2**20, 2**10), "u1", chunks=(2, 2**20, 2**10), compression="gzip")


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_external_link, "'recorded/secret' is a link"),
        (_external, "'recorded/velocity' lies in other files"),
        (_huge_chunks, "'recorded/more' has chunks of more than 1024 MiB"),
    ],
)
def test_what_reaches_out_of_the_file_is_refused(tmp_path: Path, store: Store, write_context: Write, spoil, told: str):
    path = write_context(tmp_path / "c.h5", store, neighbours(4))
    with h5py.File(path, "a") as file:
        spoil(file)
    with pytest.raises(InputError, match=told):
        ContextStore(path, "recorded", store)


def test_groups_that_hold_one_another_are_looked_at_once(tmp_path: Path, store: Store, write_context: Write):
    path = write_context(tmp_path / "c.h5", store, neighbours(4))
    with h5py.File(path, "a") as file:
        for level in range(20):
            for link in range(20):  # 20 ** 20 ways
                file.require_group(f"level{level}")[f"link{link}"] = file.require_group(f"level{(level + 1) % 20}")
    ContextStore(path, "recorded", store)


def test_images_of_another_size(tmp_path: Path, store: Store, write_context: Write):
    path = write_context(tmp_path / "c.h5", store, neighbours(4, size=(32, 64)))
    with pytest.raises(InputError, match=r"of \(32, 64\), the store's images of \(64, 64\)"):
        ContextStore(path, "recorded", store)


def test_no_file(tmp_path: Path, store: Store):
    with pytest.raises(InputError, match="no such store; `snakemake"):
        ContextStore(tmp_path / "none.h5", "recorded", store)


def test_a_second_camera_has_one_view_and_no_speed(tmp_path: Path, store: Store, write_context: Write):
    batch = beside(4)
    path = write_context(tmp_path / "c.h5", store, neighbours(4))
    context = ContextStore(write_context(path, store, batch, "stereo"), "stereo", store)
    assert (len(context), context.views, context.in_time) == (4, 1, False)
    assert context.frames() == [0, 1, 2, 3]
    np.testing.assert_array_equal(context.rgb(2), batch.rgb[2])
    np.testing.assert_array_equal(context.mask(2), batch.mask[2])
    np.testing.assert_array_equal(context.pose(2), batch.pose[2])
    assert ContextStore(path, "recorded", store).views == 2
    with pytest.raises(InputError, match="holds recorded and stereo context, not synthetic-stereo"):
        ContextStore(path, "synthetic-stereo", store)


@pytest.mark.parametrize(
    ("kind", "made"), [("stereo", neighbours), ("synthetic-stereo", neighbours), ("recorded", beside)]
)
def test_views_of_another_kind_are_refused(tmp_path: Path, store: Store, write_context: Write, kind: str, made):
    path = write_context(tmp_path / "c.h5", store, made(4), kind)
    with pytest.raises(InputError, match=f"{kind}/pose is missing or of a wrong shape"):
        ContextStore(path, kind, store)
