"""The store: what is written is read, and what is wrong is told."""

import io
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image
from torch.utils.data import DataLoader

from packdepth.data.store.batch import Batch
from packdepth.data.store.frames import Store
from packdepth.data.store.writer import create_store
from packdepth.errors import InputError
from packdepth.training.loader import CountedBatches, TrainingFrames
from tests.support.stores import ORIGIN, jpeg, slopes, write_store


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return write_store(tmp_path / "train.h5", slopes(5))


def test_round_trip(path: Path):
    made, store = slopes(5), Store(path)
    assert (len(store), store.size) == (5, (64, 64))
    np.testing.assert_array_equal(store.rgb(3), made.rgb[3])
    np.testing.assert_allclose(store.depth(3), made.depth[3], atol=5.1e-4)
    np.testing.assert_array_equal(store.intrinsics(0), made.intrinsics[0])
    assert store.id(4) == "slopes/0/4"
    assert not store.has("pose")
    assert store.attributes["dataset"] == "slopes"


def test_what_it_is_made_of_is_the_same_for_other_pixels_and_not_for_other_frames(path: Path, tmp_path: Path):
    def made_of(batch: Batch, origin=ORIGIN) -> str:
        with create_store(tmp_path / "other.h5", origin) as writer:
            writer.append(batch)
        return Store(tmp_path / "other.h5").made_of

    usual, five = Store(path).made_of, slopes(5)
    darker = replace(five, rgb=five.rgb // 2)
    assert made_of(darker) == usual
    assert Store(tmp_path / "other.h5").fingerprint != Store(path).fingerprint
    assert made_of(five, replace(ORIGIN, parameters=ORIGIN.parameters | {"source": "/elsewhere"})) == usual
    others = [
        made_of(slopes(4)),
        made_of(five, replace(ORIGIN, version=2)),
        made_of(five, replace(ORIGIN, parameters={"made": "by machine"})),
    ]
    assert len({usual, *others}) == 4
    folder = replace(ORIGIN, parameters={"dataset": "folder", "source": "/kitchen"})
    assert made_of(five, folder) != made_of(darker, folder)


def test_optional_arrays_and_many_appends(tmp_path: Path):
    part = slopes(2)
    poses = np.stack([np.eye(4), 2 * np.eye(4)]).astype(np.float32)
    with create_store(tmp_path / "s.h5", ORIGIN) as writer:
        for start in (0.0, 2.0):
            times = np.array([start, start + 1])
            writer.append(Batch(part.rgb, part.depth, part.intrinsics, part.id, poses * (1 + start), times))
    store = Store(tmp_path / "s.h5")
    assert [store.time(i) for i in range(4)] == [0, 1, 2, 3]
    assert store.pose(3)[0, 0] == 6


def test_depth_beyond_millimetres_is_unknown(tmp_path: Path):
    far = slopes(1)
    far.depth.flags.writeable = True
    far.depth[0, 0, :3] = [65.535, 65.536, 0]
    store = Store(write_store(tmp_path / "s.h5", far))
    np.testing.assert_allclose(store.depth(0)[0, :3], [65.535, 0, 0], rtol=1e-6)


def test_far_depth_is_kept_as_metres_to_one_part_in_2048(tmp_path: Path):
    depth = np.array([[[0, 0.5, 79.96, 250.3]]], np.float32)
    batch = replace(slopes(1), depth=depth)
    with create_store(tmp_path / "s.h5", replace(ORIGIN, depth_unit="metre")) as writer:
        writer.append(batch)
    store = Store(tmp_path / "s.h5")
    np.testing.assert_allclose(store.depth(0), depth[0], rtol=1 / 2048)
    assert store.depth(0)[0, 0] == 0


def test_jpeg_files_stay_as_they_are_and_are_read_as_pixels(tmp_path: Path):
    files = [jpeg(slopes(2).rgb[i]) for i in range(2)]
    store = Store(write_store(tmp_path / "s.h5", replace(slopes(2), rgb=files)))
    assert store.encoded
    assert store.size == (64, 64)
    np.testing.assert_array_equal(store.rgb(1), np.asarray(Image.open(io.BytesIO(files[1]))))
    with h5py.File(tmp_path / "s.h5") as file:
        assert file["rgb"][1].tobytes() == files[1]


def test_a_jpeg_of_another_size_is_refused(tmp_path: Path):
    files = [jpeg(slopes(1, size).rgb[0]) for size in ((64, 64), (64, 96))]
    with pytest.raises(InputError, match="slopes/0/1: the JPEG is 96x64, the store's first 64x64"):
        write_store(tmp_path / "s.h5", replace(slopes(2), rgb=files))


def test_truths_of_different_sizes_are_padded_and_cut_again(tmp_path: Path):
    sizes = np.array([[64, 64], [48, 60]], np.int32)
    store = Store(write_store(tmp_path / "s.h5", replace(slopes(2), depth_size=sizes)))
    assert [store.depth(i).shape for i in range(2)] == [(64, 64), (48, 60)]


def test_images_that_are_only_neighbours_come_behind_the_frames(tmp_path: Path):
    targets = replace(slopes(2), neighbours=np.array([[-1, 1], [0, 2]], np.int32))
    alone = replace(slopes(1, seed=1), depth=None)
    with create_store(tmp_path / "s.h5", ORIGIN) as writer:
        writer.append(targets)
        writer.append(alone)
    store = Store(tmp_path / "s.h5")
    assert (len(store), store.images) == (2, 3)
    assert [store.neighbours(i) for i in range(2)] == [(-1, 1), (0, 2)]
    np.testing.assert_array_equal(store.rgb(2), alone.rgb[0])
    assert store.id(2) == "slopes/1/0"


def test_a_stereo_network_sees_the_second_image_behind_the_first(tmp_path: Path):
    pose = np.tile(np.eye(4, dtype=np.float32), (2, 1, 1))
    pairs = replace(slopes(2), second=np.array([1, -1], np.int32), second_pose=pose)
    store = Store(write_store(tmp_path / "s.h5", pairs))
    np.testing.assert_array_equal(store.seen(0, stereo=False), store.rgb(0))
    np.testing.assert_array_equal(store.seen(0, stereo=True), np.concatenate([store.rgb(0), store.rgb(1)], axis=2))
    for lacking in (store, Store(write_store(tmp_path / "without.h5", slopes(2)))):
        with pytest.raises(InputError, match=r"slopes/0/1: no image of a second camera, which a stereo network sees"):
            lacking.seen(1, stereo=True)


def test_same_frames_same_bytes_and_fingerprint(tmp_path: Path):
    files = [write_store(tmp_path / name, slopes(3)) for name in ("a.h5", "b.h5")]
    assert files[0].read_bytes() == files[1].read_bytes()
    assert Store(files[0]).fingerprint != Store(write_store(tmp_path / "c.h5", slopes(3, seed=1))).fingerprint


def test_a_store_that_fails_halfway_does_not_appear(tmp_path: Path):
    def fail_halfway() -> None:
        with create_store(tmp_path / "s.h5", ORIGIN) as writer:
            writer.append(slopes(1))
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        fail_halfway()
    assert list(tmp_path.iterdir()) == []


def test_pickled_and_forked_handles_read_the_same(path: Path):
    store = Store(path)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(store)).rgb(2), store.rgb(2))
    frames = TrainingFrames(store, 0, 0.5, 0.5)
    order = CountedBatches(5, 2, 1, 0)
    alone = [batch["image"] for batch in DataLoader(frames, batch_sampler=order)]
    forked = [batch["image"] for batch in DataLoader(frames, batch_sampler=order, num_workers=2)]
    assert all((a == b).all() for a, b in zip(alone, forked, strict=True))


def _truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def _edit(change):
    def edit(path: Path) -> None:
        with h5py.File(path, "a") as file:
            change(file)

    return edit


def _replace(name: str, value):
    def change(file: h5py.File) -> None:
        del file[name]
        file[name] = value

    return _edit(change)


def _link(file: h5py.File) -> None:
    del file["intrinsics"]
    file["intrinsics"] = h5py.ExternalLink("other.h5", "secret")


def _external(file: h5py.File) -> None:
    del file["intrinsics"]
    file.create_dataset("intrinsics", (5, 3, 3), "f4", external="/etc/hostname")


def _virtual(file: h5py.File) -> None:
    del file["intrinsics"]
    layout = h5py.VirtualLayout((5, 3, 3), "f4")
    layout[:] = h5py.VirtualSource("other.h5", "secret", (5, 3, 3))
    file.create_virtual_dataset("intrinsics", layout)


def _huge_chunks(file: h5py.File) -> None:
    del file["intrinsics"]
    file.create_dataset("intrinsics", (5, 2**20, 2**10), "u1", chunks=(2, 2**20, 2**10), compression="gzip")


BROKEN = {
    "'intrinsics' is a link": _edit(_link),
    "'intrinsics' lies in other files": _edit(_external),
    " 'intrinsics' lies in other files": _edit(_virtual),
    "'intrinsics' has chunks of more than 1024 MiB": _edit(_huge_chunks),
    "train.h5: no such store; `snakemake /": lambda path: path.unlink(),
    "truncated": _truncate,
    "not an HDF5 file": lambda path: path.write_text("hello"),
    "has no 'depth'": _edit(lambda file: file.__delitem__("depth")),
    "has no attribute 'fingerprint'": _edit(lambda file: file.attrs.__delitem__("fingerprint")),
    "unit is 'metre', not 'millimetre'": _edit(lambda file: file["depth"].attrs.update(unit="metre")),
    "'intrinsics' has 4 frames, not 5": _replace("intrinsics", np.zeros((4, 3, 3))),
    "'rgb' is float32": _replace("rgb", np.zeros((5, 64, 64, 3), np.float32)),
    "'depth' is float64": _replace("depth", np.zeros((5, 64, 64))),
    "'depth' has 2 dimensions": _replace("depth", np.zeros((5, 64), np.uint16)),
    "'depth' has 6 frames, 'rgb' has 5": _edit(lambda file: file["depth"].resize(6, axis=0)),
    "'intrinsics' has frames of shape (3, 4)": _replace("intrinsics", np.zeros((5, 3, 4))),
}


@pytest.mark.parametrize("words", BROKEN)
def test_a_broken_store_is_told_in_one_line(path: Path, words: str):
    BROKEN[words](path)
    with pytest.raises(InputError) as caught:
        Store(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_empty_store_is_refused(tmp_path: Path):
    with (
        pytest.raises(InputError, match="no frames"),
        create_store(tmp_path / "s.h5", ORIGIN),
    ):
        pass


@pytest.mark.parametrize("error", [OSError(5, "Input/output error"), BlockingIOError(11, "Resource unavailable")])
def test_what_only_the_system_refuses_is_no_reason_to_remove_a_store(path: Path, monkeypatch, error: OSError):
    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(h5py, "File", refuse)
    with pytest.raises(InputError, match=rf"train\.h5: cannot be read now: {error.strerror}$") as caught:
        Store(path)
    assert "remove" not in str(caught.value)


def test_a_store_is_read_while_another_program_has_it_open(path: Path):
    hold = "import h5py, sys; f = h5py.File(sys.argv[1], 'r+'); print('open', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", hold, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout
        other.stdout.readline()
        assert len(Store(path)) == 5


def test_impossible_depth_is_unknown(tmp_path: Path):
    path = write_store(tmp_path / "train.h5", slopes(1))
    with h5py.File(path, "a") as file:
        values = np.array([[[np.nan, -1.0, np.inf, 2.0]]], np.float16).repeat(64, 1).repeat(16, 2)
        del file["depth"]
        file["depth"] = values
        file["depth"].attrs["unit"] = "metre"
    depth = Store(path).depth(0)
    assert depth.dtype == np.float32
    assert np.unique(depth).tolist() == [0.0, 2.0]


def test_nor_is_what_it_refuses_while_a_store_is_read(path: Path, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(
            "Can't synchronously read data (file read failed: errno = 5, error message = 'Input/output error')"
        )

    store = Store(path)
    monkeypatch.setattr(h5py.Dataset, "__getitem__", refuse)
    with pytest.raises(InputError, match=r"train\.h5: cannot be read now: .*Input/output error"):
        store.depth(0)
