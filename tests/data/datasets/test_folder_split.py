"""Which frames of a folder are held out: by share, by scene, by list, all or none."""

from pathlib import Path

import pytest

from packdepth.errors import InputError
from tests.support.folders import ids, settings, write_video
from tests.support.stores import made_store

SCENES = {"rgb": "*/rgb/*", "depth": "*/depth/*"}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three scenes of four frames."""
    for scene in ("attic", "bath", "cellar"):
        write_video(tmp_path / "source" / scene, 4)
    return tmp_path / "source"


def split(tmp_path: Path, source: Path, **changes) -> tuple[list[str], list[str]]:
    """The names of the training and of the test frames."""
    data = settings(source, **changes)
    train, test = (ids(made_store(data, split, tmp_path)) for split in ("train", "test"))
    return [name.removeprefix("folder/") for name in train], [name.removeprefix("folder/") for name in test]


def test_a_share_holds_out_the_end_of_each_scene(tmp_path: Path, source: Path):
    train, test = split(tmp_path, source, **SCENES, test=0.25)
    assert test == ["attic/f3", "bath/f3", "cellar/f3"]
    assert train == [f"{scene}/f{i}" for scene in ("attic", "bath", "cellar") for i in range(3)]


def test_a_share_of_frames_is_spread_evenly(tmp_path: Path):
    train, test = split(tmp_path, write_video(tmp_path / "source", 8), test=0.25, split_by="frame")
    assert test == ["f2", "f6"]
    assert sorted(train + test) == [f"f{i}" for i in range(8)]


def test_a_share_of_scenes_holds_out_whole_ones(tmp_path: Path, source: Path):
    train, test = split(tmp_path, source, **SCENES, test=0.34, split_by="scene")
    assert test == [f"bath/f{i}" for i in range(4)]
    assert len(train) == 8


@pytest.mark.parametrize("lines", ["f0\nf7\n", " f0.png\r\n\r\nf7.png\r\n", "rgb/f0.png\nrgb/f7\n"])
def test_a_list_names_frames_with_or_without_endings(tmp_path: Path, lines: str):
    source = write_video(tmp_path / "source", 8)
    (source / "test.txt").write_text(lines)
    _, test = split(tmp_path, source, test="test.txt")
    assert test == ["f0", "f7"]


def test_a_list_may_name_scenes(tmp_path: Path, source: Path):
    (source / "test.txt").write_text("cellar\nattic/f1\n")
    train, test = split(tmp_path, source, **SCENES, test="test.txt")
    assert test == ["attic/f1", *(f"cellar/f{i}" for i in range(4))]
    assert len(train) == 7


def test_a_list_may_be_anywhere(tmp_path: Path, source: Path):
    (tmp_path / "held_out.txt").write_text("bath\n")
    _, test = split(tmp_path, source, **SCENES, test=tmp_path / "held_out.txt")
    assert test == [f"bath/f{i}" for i in range(4)]


def test_a_list_with_a_foreign_name(tmp_path: Path, source: Path):
    (source / "test.txt").write_text("attic/f0\nattic/g1\n")
    words = "source/test.txt: names 'attic/g1', .* expected names such as attic/f0 or attic$"
    with pytest.raises(InputError, match=words):
        made_store(settings(source, **SCENES, test="test.txt"), "test", tmp_path)


def test_a_list_that_is_not_there(tmp_path: Path, source: Path):
    with pytest.raises(
        InputError, match=r"source/gone\.txt: cannot be read .*data\.test in params\.yaml is a share or"
    ):
        made_store(settings(source, **SCENES, test="gone.txt"), "test", tmp_path)


@pytest.mark.parametrize(("whole", "empty", "share"), [("train", "test", 0), ("test", "train", 1)])
def test_a_set_may_be_for_one_split_only(tmp_path: Path, source: Path, whole: str, empty: str, share: int):
    data = settings(source, **SCENES, test=share)
    assert len(made_store(data, whole, tmp_path)) == 12
    with pytest.raises(InputError, match=rf"none of 12 frames are left for {empty} \(data\.test .* is {float(share)}"):
        made_store(data, empty, tmp_path)
