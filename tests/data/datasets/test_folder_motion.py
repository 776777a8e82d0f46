"""Poses and times of a folder's frames, and the neighbours that follow from them."""

import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from packdepth.data.context.recorded import filmed
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from tests.support.folders import ids, settings, write_image, write_video
from tests.support.stores import made_store

HALF = 0.5**0.5
HEADER = "name,time,tx,ty,tz,qx,qy,qz,qw\n"
EVERY_25TH = 1305031102.1  # s, as TUM's names


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_video(tmp_path / "source", 8)


def write_trajectory(path: Path, frames: int = 8) -> None:
    """A quarter turn about z, and 1 m to the right with every frame, 30 times a second, far from the origin."""
    rows = [f"f{i},{i / 30},{5e6 + i},0,0,0,0,{HALF},{HALF}" for i in range(frames)]
    path.write_text(HEADER + "\n".join(rows))


def places(store: Store) -> list[tuple[int, int]]:
    return [store.neighbours(index) for index in range(len(store))]


def test_poses_are_seen_from_the_scenes_first_frame(source: Path, tmp_path: Path):
    """Seen from a camera turned to the left, the world's x is its -y; millions of metres do not blur a step."""
    write_trajectory(source / "trajectory.csv")
    store = made_store(settings(source), "test", tmp_path)
    assert store.time(1) == pytest.approx(7 / 30)
    expected = np.eye(4)
    expected[1, 3] = -7
    np.testing.assert_allclose(store.pose(1), expected, atol=1e-5)
    assert not store.has("neighbours")


def test_recorded_context_is_made_of_the_folders_own_video(source: Path, tmp_path: Path):
    write_trajectory(source / "trajectory.csv")
    store = made_store(settings(source), "train", tmp_path)
    assert places(store) == [(-1, 1), (0, 2), (1, 3), (2, 4), (3, 5), (4, -1)]
    (batch,) = filmed(store, "folder")
    assert batch.frame.tolist() == [1, 2, 3, 4]
    np.testing.assert_allclose(batch.time_step, 1 / 30, rtol=1e-4)
    np.testing.assert_allclose(batch.velocity[:, 1, :3], [[0, -30, 0]] * 4, atol=1e-2)


def test_no_test_frame_is_a_neighbour(source: Path, tmp_path: Path):
    write_trajectory(source / "trajectory.csv")
    store = made_store(settings(source, split_by="frame"), "train", tmp_path)  # without f2 and f6
    assert places(store) == [(-1, 1), (0, -1), (-1, 3), (2, 4), (3, -1), (-1, -1)]


def test_a_frame_that_is_left_out_is_no_step(source: Path, tmp_path: Path):
    """Those on either side of an image without depth are not each other's neighbours."""
    write_trajectory(source / "trajectory.csv")
    (source / "depth" / "f3.png").unlink()
    store = made_store(settings(source, test=0.0, skip_missing=True), "train", tmp_path)
    assert places(store) == [(-1, 1), (0, 2), (1, -1), (-1, 4), (3, 5), (4, 6), (5, -1)]


def test_the_video_follows_the_times(source: Path, tmp_path: Path):
    rows = [f"f{i},{8 - i},0,0,{8 - i},0,0,0,1" for i in range(8)]
    (source / "trajectory.csv").write_text(HEADER + "\n".join(rows))
    store = made_store(settings(source), "train", tmp_path)
    assert ids(store) == [f"folder/f{i}" for i in range(7, 1, -1)]
    assert places(store)[0] == (-1, 1)


def test_every_scene_may_have_a_trajectory_and_neighbours_stay_in_it(tmp_path: Path):
    for scene in ("a", "b"):
        write_video(tmp_path / "s" / scene, 3)
        write_trajectory(tmp_path / "s" / scene / "trajectory.csv", 3)
    patterns = {"rgb": "*/rgb/*", "depth": "*/depth/*", "poses": "*/trajectory.csv"}
    store = made_store(settings(tmp_path / "s", **patterns, test=0.0), "train", tmp_path)
    assert places(store) == [(-1, 1), (0, 2), (1, -1), (-1, 4), (3, 5), (4, -1)]
    np.testing.assert_allclose(store.pose(3), np.eye(4), atol=1e-6)


def test_a_frame_without_a_pose_counts_as_missing(source: Path, tmp_path: Path):
    write_trajectory(source / "trajectory.csv", 6)
    with pytest.raises(InputError, match="2 of 8 RGB-D frames are missing: pose of f6, pose of f7"):
        made_store(settings(source), "train", tmp_path)
    assert len(made_store(settings(source, skip_missing=True, test=0.0), "train", tmp_path)) == 6


# TUM


@pytest.fixture
def tum(tmp_path: Path) -> Path:
    """Images 30 times a second, depth 10 ms later, one of them missing; the camera moves ahead at 1 m/s."""
    source = tmp_path / "tum"
    for i in range(6):
        write_image(source / "rgb" / f"{EVERY_25TH + i / 30:.6f}.png", np.full((64, 64, 3), 9, np.uint8))
        if i != 4:
            depth = np.full((64, 64), 5000 + i, np.uint16)
            write_image(source / "depth" / f"{EVERY_25TH + i / 30 + 0.01:.6f}.png", depth)
    lines = [f"{EVERY_25TH + i / 100:.4f} 0 0 {i / 100} 0 0 0 1" for i in range(-5, 30)]
    (source / "groundtruth.txt").write_text(
        "# ground truth trajectory\n# timestamp tx ty tz qx qy qz qw\n" + "\n".join(lines)
    )
    return source


TUM = {"match": "time", "poses": "groundtruth.txt", "depth_unit": 0.0002, "test": 0.0}


def test_tum_is_associated_by_time(tum: Path, tmp_path: Path):
    with pytest.raises(InputError, match=r"1 of 6 RGB-D frames are missing: depth of 1305031102\.233333"):
        made_store(settings(tum, **TUM), "train", tmp_path)
    store = made_store(settings(tum, **TUM, skip_missing=True), "train", tmp_path)
    assert [round(store.depth(i)[0, 0] * 5000) for i in range(5)] == pytest.approx(
        [5000, 5001, 5002, 5003, 5005], abs=3
    )
    np.testing.assert_allclose([store.pose(i)[2, 3] for i in range(5)], np.array([0, 1, 2, 3, 5]) / 30, atol=0.006)
    assert store.time(1) - store.time(0) == pytest.approx(1 / 30, abs=1e-6)
    assert places(store) == [(-1, 1), (0, 2), (1, 3), (2, -1), (-1, -1)]


def test_an_image_takes_no_depth_of_another_instant(tum: Path, tmp_path: Path):
    """At 1.5 times the rate two images would share a depth within 20 ms: only the nearer one has it."""
    write_image(tum / "rgb" / f"{EVERY_25TH + 0.025:.6f}.png", np.full((64, 64, 3), 9, np.uint8))
    store = made_store(settings(tum, **TUM, skip_missing=True), "train", tmp_path)
    assert len(store) == 5


def test_a_scene_without_depth_is_missing_as_a_whole(tum: Path, tmp_path: Path):
    source = tum.parent / "scenes"
    (tum / "rgb").rename(tum / "rgb0")
    for scene, kinds in (("a", ("rgb", "depth")), ("b", ("rgb",))):
        for kind in kinds:
            shutil.copytree(tum / ("rgb0" if kind == "rgb" else kind), source / scene / kind)
    data = settings(source, rgb="*/rgb/*", depth="*/depth/*", match="time", depth_unit=0.0002, test=0.0)
    with pytest.raises(InputError, match="7 of 12 RGB-D frames are missing: depth of a/1305031102"):
        made_store(data, "train", tmp_path)


def test_names_that_are_no_times(source: Path, tmp_path: Path):
    with pytest.raises(InputError, match=r"f0: is no time in seconds, as data\.match: time"):
        made_store(settings(source, match="time"), "train", tmp_path)


def test_poses_by_time_need_times(source: Path, tmp_path: Path):
    (source / "groundtruth.txt").write_text("0 0 0 0 0 0 0 1\n")
    with pytest.raises(InputError, match=r"groundtruth\.txt: its poses have times; expected data\.match: time"):
        made_store(settings(source, poses="groundtruth.txt"), "train", tmp_path)


# 7-Scenes


def write_seven_scenes(source: Path, lost: int = -1) -> dict:
    """Two sequences of four frames; unknown depth is 65535."""
    for sequence in ("seq-01", "seq-02"):
        for i in range(4):
            stem = source / sequence / f"frame-{i:06d}"
            write_image(Path(f"{stem}.color.png"), np.full((64, 64, 3), 9, np.uint8))
            depth = np.full((64, 64), 2000, np.uint16)
            depth[:32] = 65535
            write_image(Path(f"{stem}.depth.png"), depth)
            pose = np.eye(4)
            pose[0, 3] = np.inf if i == lost else 0.1 * i
            np.savetxt(f"{stem}.pose.txt", pose)
    patterns = {kind: f"seq-*/frame-*.{end}" for kind, end in (("rgb", "color"), ("depth", "depth"), ("poses", "pose"))}
    return patterns | {"test": 0.5, "split_by": "scene", "frame_rate": 30}


def test_seven_scenes_has_a_pose_file_a_frame(tmp_path: Path):
    store = made_store(settings(tmp_path / "s", **write_seven_scenes(tmp_path / "s")), "train", tmp_path)
    assert ids(store) == [f"folder/01/{i:06d}" for i in range(4)]
    assert set(np.unique(store.depth(0))) == {np.float32(0), np.float32(2)}
    (batch,) = filmed(store, "folder")
    assert batch.frame.tolist() == [1, 2]
    np.testing.assert_allclose(batch.velocity[:, 1, :3], [[3, 0, 0]] * 2, atol=1e-4)


def test_a_pose_that_was_lost_is_missing(tmp_path: Path):
    data = settings(tmp_path / "s", **write_seven_scenes(tmp_path / "s", lost=2))
    with pytest.raises(InputError, match="2 of 8 RGB-D frames are missing: pose of 01/000002, pose of 02/000002"):
        made_store(data, "train", tmp_path)


# What is wrong

WRONG = {
    "trajectory.csv: No columns": "",
    "could not convert string": "name,time\nf0,soon\n",
    "trajectory.csv: columns must be name and time or tx": "name,tx\nf0,1\n",
    "trajectory.csv: has no pose and no time of the folder's frames, such as 'f0'": "name,time\ng9,1\n",
    "trajectory.csv: has several rows of frame 'f0'": "name,time\nf0,1\nf0,2\n",
    "trajectory.csv: a quaternion is zero": HEADER + "f0,0,0,0,0,0,0,0,0\n",
    "f1.png: has the same time as": "name,time\n" + "".join(f"f{i},{max(i, 1)}\n" for i in range(8)),
}


@pytest.mark.parametrize("words", WRONG)
def test_a_faulty_trajectory_is_one_line(source: Path, tmp_path: Path, words: str):
    (source / "trajectory.csv").write_text(WRONG[words])
    with pytest.raises(InputError) as caught:
        made_store(settings(source), "train", tmp_path)
    assert words in str(caught.value).replace("f0.png: has the same time", "f1.png: has the same time")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("1 0 0 0\n0 2 0 0\n0 0 1 0\n0 0 0 1\n", r"f0\.txt: is no pose"),
        ("1 0 0\n", r"f0\.txt: has 1 lines of 3 numbers; expected a matrix \(4, 4\) of one frame, or time, tx"),
        ("one\n", r"f0\.txt: could not convert string"),
    ],
)
def test_a_faulty_pose_file(source: Path, tmp_path: Path, text: str, words: str):
    (source / "poses").mkdir()
    (source / "poses" / "f0.txt").write_text(text)
    with pytest.raises(InputError, match=words):
        made_store(settings(source, poses="poses/*"), "train", tmp_path)


def test_a_pattern_of_poses_that_finds_nothing(source: Path, tmp_path: Path):
    with pytest.raises(InputError, match=r"poses/\*: no \.csv or \.txt files"):
        made_store(settings(source, poses="poses/*"), "train", tmp_path)


def test_a_rate_needs_numbers(tmp_path: Path):
    for kind in ("rgb", "depth"):
        write_image(tmp_path / "s" / kind / "a.png", Image.new("I;16" if kind == "depth" else "RGB", (64, 64), 1))
    with pytest.raises(InputError, match=r"a: has no number for data\.frame_rate"):
        made_store(settings(tmp_path / "s", frame_rate=30), "train", tmp_path)
