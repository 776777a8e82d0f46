"""Anyone's RGB-D folder: pairing, splits, scaling, motion, and one line for what is wrong."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

from packdepth.config.datasets import Data
from packdepth.data.datasets import convert
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from tests.support.stores import TOP, made_store

REAL = TOP.parent / "shared" / "real" / "nyu_frames" / "nyu_demo"


def settings(source: Path, **changes) -> Data:
    plain = {"dataset": "folder", "source": source, "size": [64, 64], "depth_unit": 0.001, "test": 0.25}
    plain |= {"intrinsics": [100.0, 100.0, 63.5, 31.5]}
    return TypeAdapter(Data).validate_python(plain | changes)


def write_frame(source: Path, name: str, depth: np.ndarray, rgb: np.ndarray | None = None) -> None:
    pixels = np.full((*depth.shape, 3), 128, np.uint8) if rgb is None else rgb
    for kind, values in (("rgb", pixels), ("depth", depth.astype(np.uint16))):
        (source / kind).mkdir(parents=True, exist_ok=True)
        Image.fromarray(values).save(source / kind / f"{name}.png")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Eight frames of 64x128, whose depth is 1000 * (frame + 1) counts on the left half, 500 more on the right."""
    for frame in range(8):
        depth = np.full((64, 128), 1000 * (frame + 1))
        depth[:, 64:] += 500
        write_frame(tmp_path / "source", f"f{frame}", depth)
    return tmp_path / "source"


def read(data: Data, split: str, tmp_path: Path) -> Store:
    return made_store(data, split, tmp_path)


def test_shares_split_every_frame_once_and_spread_the_test_frames(source: Path, tmp_path: Path):
    ids = {
        split: (lambda s: [s.id(i) for i in range(len(s))])(read(settings(source), split, tmp_path))
        for split in ("train", "test")
    }
    assert ids["test"] == ["folder/f2", "folder/f6"]
    assert sorted(ids["train"] + ids["test"]) == [f"folder/f{i}" for i in range(8)]


def test_no_frame_is_in_both_splits_after_a_broken_one_was_removed(source: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(convert, "PIECES", 1)
    (source / "rgb" / "f4.png").write_text("broken")
    with pytest.raises(InputError, match=r"f4\.png: cannot be read"):
        read(settings(source, test=0.5), "train", tmp_path)
    for kind in ("rgb", "depth"):
        (source / kind / "f4.png").unlink()
    train, test = (read(settings(source, test=0.5), split, tmp_path) for split in ("train", "test"))
    ids = [store.id(i) for store in (train, test) for i in range(len(store))]
    assert sorted(ids) == [f"folder/f{i}" for i in range(8) if i != 4]


def test_a_list_splits(source: Path, tmp_path: Path):
    names = tmp_path / "test.txt"
    names.write_text("f0\nf7\n")
    store = read(settings(source, test=names), "test", tmp_path)
    assert [store.id(0), store.id(1)] == ["folder/f0", "folder/f7"]


def test_depth_unit_centred_crop_and_intrinsics(source: Path, tmp_path: Path):
    """64x128 to 64x64 cuts 32 columns on either side: the step stands in the middle, cx moves by 32."""
    store = read(settings(source, depth_unit=0.002), "train", tmp_path)
    depth = store.depth(0)
    np.testing.assert_allclose([depth[0, 31], depth[0, 32]], [2.0, 3.0])
    np.testing.assert_allclose(store.intrinsics(0), [[100, 0, 31.5], [0, 100, 31.5], [0, 0, 1]], atol=1e-4)


def test_scaling_never_mixes_known_and_unknown_depth(tmp_path: Path):
    depth = np.full((256, 256), 4000)
    depth[::3] = 0
    write_frame(tmp_path / "s", "a", depth)
    write_frame(tmp_path / "s", "b", depth)
    store = read(settings(tmp_path / "s", test=0.5), "train", tmp_path)
    assert set(np.unique(store.depth(0))) <= {np.float32(0), np.float32(4)}


def test_patterns_name_the_frame(source: Path, tmp_path: Path):
    for file in (source / "depth").iterdir():
        file.rename(file.with_name(f"sync_{file.name}"))
    store = read(settings(source, depth="depth/sync_*"), "train", tmp_path)
    assert store.id(0) == "folder/f0"


def test_poses_and_times(source: Path, tmp_path: Path):
    half = 0.5**0.5
    rows = [f"f{i},{i / 30},{i},0,0,0,0,{half},{half}" for i in range(8)]  # a quarter turn about z
    (source / "trajectory.csv").write_text("name,time,tx,ty,tz,qx,qy,qz,qw\n" + "\n".join(rows))
    store = read(settings(source), "test", tmp_path)
    assert store.time(1) == pytest.approx(6 / 30)
    expected = [[0, -1, 0, 6], [1, 0, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    np.testing.assert_allclose(store.pose(1), expected, atol=1e-6)


def _empty(source: Path) -> None:
    for file in (source / "rgb").iterdir():
        file.unlink()


def _resize_depth(source: Path) -> None:
    Image.fromarray(np.ones((32, 64), np.uint16)).save(source / "depth" / "f3.png")


WRONG = {
    "no such folder": lambda source: source.rename(source.with_name("gone")),
    "no .jpg or .jpeg or .png files": _empty,
    "f5.png: has no depth": lambda source: (source / "depth" / "f5.png").unlink(),
    "128x64, its depth is 64x32": _resize_depth,
    "folder/f1: depth is all zero": lambda source: write_frame(source, "f1", np.zeros((64, 128))),
    "of mode L": lambda source: Image.fromarray(np.ones((64, 128), np.uint8)).save(source / "depth" / "f1.png"),
    "f0.png: cannot be read as an image": lambda source: (source / "rgb" / "f0.png").write_text("no"),
    "of mode P": lambda source: Image.new("P", (128, 64), 1).save(source / "depth" / "f1.png"),
    "trajectory.csv: No columns": lambda source: (source / "trajectory.csv").write_text(""),
    "could not convert string": lambda source: (source / "trajectory.csv").write_text("name,time\nf0,soon\n"),
    "trajectory.csv: columns": lambda source: (source / "trajectory.csv").write_text("name,tx\nf0,1\n"),
    "has 0 rows for frame 'f0'": lambda source: (source / "trajectory.csv").write_text("name,time\nf9,1\n"),
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_one_line_and_leaves_no_store(source: Path, tmp_path: Path, words: str):
    WRONG[words](source)
    with pytest.raises(InputError) as caught:
        made_store(settings(source), "train", tmp_path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("*.h5")) + list(tmp_path.glob(".train*"))


def test_a_list_with_a_foreign_name(source: Path, tmp_path: Path):
    (tmp_path / "test.txt").write_text("f0\ng1\n")
    with pytest.raises(InputError, match="names 'g1'"):
        made_store(settings(source, test=tmp_path / "test.txt"), "test", tmp_path)


def test_a_wrong_unit_is_told(source: Path, tmp_path: Path):
    with pytest.raises(InputError, match=r"folder/f0: depth .* beyond 65\.535 m \(is its unit right\?\)"):
        made_store(settings(source, depth_unit=1.0), "train", tmp_path)
    assert not (tmp_path / "train.h5").exists()


@pytest.mark.parametrize(("split", "share"), [("test", 0.0), ("train", 1.0)])
def test_a_split_without_frames(source: Path, tmp_path: Path, split: str, share: float):
    with pytest.raises(InputError, match=f"no frames left for {split} of 8"):
        made_store(settings(source, test=share), split, tmp_path)


def test_an_unknown_split(source: Path, tmp_path: Path):
    with pytest.raises(InputError, match="data make: unknown split 'val'; known: train, test"):
        made_store(settings(source), "val", tmp_path)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real NYU frames are not beside this checkout")
def test_real_nyu_frames(tmp_path: Path):
    nyu = {"intrinsics": [518.8579, 519.46961, 325.58245, 253.73617], "size": [96, 128], "test": 0.34}
    data = settings(REAL, rgb="rgb/rgb_*", depth="depth/sync_depth_*", **nyu)
    train, test = (read(data, split, tmp_path) for split in ("train", "test"))
    assert (len(train), len(test)) == (2, 1)
    depth = train.depth(0)
    assert 2.0 < np.median(depth[depth > 0]) < 4.0
    assert 0.6 < (depth > 0).mean() < 0.8
    np.testing.assert_allclose(train.intrinsics(0)[0, 0], 518.8579 / 5, rtol=1e-5)
