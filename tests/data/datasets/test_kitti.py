"""KITTI from small archives in its published formats: what is stored, and one line for what is wrong."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

from packdepth.config.datasets import Data
from packdepth.data.context.stereo import stored_pair
from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.kitti import Kitti, source
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.utils.download import Remote
from packdepth.utils.images import counts, read_image
from tests.support.archives_kitti import (
    DRIVES,
    FRAMES,
    STEP,
    TEST,
    TRAIN,
    calibration,
    drive,
    encode,
    line,
    lists,
    npz,
    packet,
    write_improved,
    write_raw,
    write_tiny,
)
from tests.support.stores import TOP, made_store

REAL = TOP.parent / "shared" / "real" / "kitti_drive"
TINY = TOP.parent / "shared" / "real" / "kitti_tiny" / "KITTI_tiny"


def settings(source: object = None, **changes: object) -> Data:
    return TypeAdapter(Data).validate_python({"dataset": "kitti", "size": [192, 640], "source": source} | changes)


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """The archives, written once."""
    return write_raw(tmp_path_factory.mktemp("raw"))


def known(depth: np.ndarray) -> dict[tuple[int, int], float]:
    """Depth by row and column, where there is any."""
    return {(int(v), int(u)): round(float(depth[v, u]), 3) for v, u in np.argwhere(depth > 0)}


def test_the_scanners_points_by_hand(raw: list[Path], tmp_path: Path):
    """u = 500 (x - 0.05) / z + 620.5 and v = 500 y / z + 187, to the nearest pixel; the points behind are dropped."""
    store = made_store(settings(raw), "test", tmp_path)
    assert known(store.depth(0)) == {(185, 618): 10, (185, 619): 13, (186, 619): 20, (250, 492): 8}


def test_truths_keep_their_own_sizes(raw: list[Path], tmp_path: Path):
    store = made_store(settings(raw), "test", tmp_path)
    assert [store.depth(i).shape for i in range(2)] == [(375, 1242), (370, 1224)]
    assert store.size == (192, 640)
    assert not store.has("neighbours")


def test_training_depth_has_the_images_size(raw: list[Path], tmp_path: Path):
    """Frame 1 has a point at 11 m: u = (618.23 + 0.5) * 640 / 1242 - 0.5 and v = (185.18 + 0.5) * 192 / 375 - 0.5."""
    store = made_store(settings(raw), "train", tmp_path)
    assert store.depth(0).shape == (192, 640)
    assert known(store.depth(0))[95, 318] == 11


def test_images_are_upright_and_intrinsics_follow_the_scale(raw: list[Path], tmp_path: Path):
    store = made_store(settings(raw), "train", tmp_path)
    assert store.rgb(0)[5, 5].tolist() == [255, 0, 0]
    assert store.rgb(0)[-5, 5].tolist() == [40, 90, 90]
    scale = (640 / 1242, 192 / 375)
    expected = [[500 * scale[0], 0, 319.5], [0, 500 * scale[1], 187.5 * scale[1] - 0.5], [0, 0, 1]]
    np.testing.assert_allclose(store.intrinsics(0), expected, rtol=1e-6)


def test_neighbours_are_stored_once_and_behind_the_frames(raw: list[Path], tmp_path: Path):
    store = made_store(settings(raw), "train", tmp_path)
    assert [store.id(i) for i in range(store.images)] == [f"kitti/{DRIVES[0]}/image_02/{n:010d}" for n in (1, 2, 0, 3)]
    assert [store.neighbours(i) for i in range(len(store))] == [(2, 1), (0, 3)]
    assert store.rgb(3)[100, 100, 0] == 120
    alone = made_store(settings(raw, neighbours=False), "train", tmp_path)
    assert (alone.images, alone.has("neighbours")) == (2, False)


def test_the_other_cameras_images_are_stored_behind_the_frames(tmp_path: Path):
    """Camera 3 of the archives is 0.55 m to the left of camera 2; of frame 2 it has no image."""
    folder = unpacked(tmp_path)
    right = Image.new("RGB", (1242, 375), (1, 2, 3))
    _write(folder / f"2011_09_26/{DRIVES[0]}/image_03/data/0000000001.png", encode(right, "png"))
    store = made_store(settings(folder, neighbours=False, stereo=True), "train", tmp_path / "store")
    names = [f"image_02/{1:010d}", f"image_02/{2:010d}", f"image_03/{1:010d}"]
    assert [store.id(i) for i in range(store.images)] == [f"kitti/{DRIVES[0]}/{name}" for name in names]
    assert [store.second(i) for i in range(2)] == [2, -1]
    assert store.rgb(2)[100, 100].tolist() == [1, 2, 3]
    motion = np.eye(4)
    motion[0, 3] = 0.55
    np.testing.assert_allclose(store.second_pose(0), motion, atol=1e-6)
    (batch,) = stored_pair(store, "kitti")
    assert (batch.frame.tolist(), batch.image.tolist()) == ([0], [[2]])
    np.testing.assert_allclose(batch.pose, motion[None, None], atol=1e-6)


def test_without_the_other_cameras_images_there_is_no_pair(tmp_path: Path):
    store = made_store(settings(unpacked(tmp_path), stereo=True), "train", tmp_path / "store")
    with pytest.raises(InputError, match="no frame has the second camera's image"):
        next(stored_pair(store, "kitti"))


@pytest.mark.skipif(not TINY.is_dir(), reason="the real KITTI_tiny is not beside this checkout")
def test_the_right_camera_of_kitti_is_half_a_metre_to_the_right(tmp_path: Path):
    store = made_store(settings(TINY, form="tiny", stereo=True), "train", tmp_path)
    assert all(store.second(index) >= len(store) for index in range(len(store)))
    np.testing.assert_allclose(store.second_pose(0)[:3, 3], [-0.533, 0, 0], atol=0.01)
    assert sum(len(batch.frame) for batch in stored_pair(store, "kitti")) == len(store)


def test_poses_velocities_and_times(raw: list[Path], tmp_path: Path):
    """Two metres a frame straight ahead, to the east; east, north and up become z, -x and -y of the camera."""
    store = made_store(settings(raw), "train", tmp_path)
    for index, number in enumerate((1, 2, 0, 3)):
        pose = np.eye(4)
        pose[2, 3] = 2.0 * number
        np.testing.assert_allclose(store.pose(index), pose, atol=1e-5)
        np.testing.assert_allclose(store.velocity(index), [-1, -0.5, 20], atol=1e-5)
        assert store.time(index) == pytest.approx(number)


def test_velocities_are_the_change_of_poses_however_the_car_is_tilted(tmp_path: Path):
    folder = unpacked(tmp_path / "raw")
    for number in range(FRAMES):
        content = packet(number, angles=(0.05, -0.2, 0.4), velocity=(STEP, 0.0, 0.0))
        _write(folder / "2011_09_26" / DRIVES[0] / f"oxts/data/{number:010d}.txt", content)
    store = made_store(settings(folder), "train", tmp_path)
    after = store.neighbours(0)[1]
    moved = np.linalg.inv(store.pose(0)) @ store.pose(after)
    seconds = store.time(after) - store.time(0)
    np.testing.assert_allclose(store.velocity(0), moved[:3, 3] / seconds, atol=1e-5)


def test_improved_truth_leaves_out_the_frames_without_it(raw: list[Path], tmp_path: Path, capsys):
    archives = [*raw, write_improved(tmp_path)]
    store = made_store(settings(archives, truth="improved"), "test", tmp_path)
    assert "1 of 2 test frames have improved truth" in capsys.readouterr().err
    assert known(store.depth(0)) == {(100, 200): 8, (100, 201): 12, (374, 1241): 7}


def test_truth_that_is_moved_to_a_smaller_size_keeps_the_nearest(raw: list[Path], tmp_path: Path):
    archives = [*raw, write_improved(tmp_path)]
    store = made_store(settings(archives, truth="improved"), "train", tmp_path)
    assert known(store.depth(0)) == {(51, 103): 8, (191, 639): 7}


def test_no_improved_truth_at_all(raw: list[Path], tmp_path: Path):
    with pytest.raises(InputError, match=r"2 of 2 test frames are missing: .*groundtruth.*\.png; data\.skip_missing"):
        made_store(settings(raw, truth="improved"), "test", tmp_path)


def test_less_improved_truth_than_was_published(raw: list[Path], tmp_path: Path, monkeypatch):
    monkeypatch.setattr(source, "WITHOUT_IMPROVED", 0)
    with pytest.raises(InputError, match="1 of 2 test frames are missing"):
        made_store(settings([*raw, write_improved(tmp_path)], truth="improved"), "test", tmp_path)


@pytest.mark.parametrize(("split", "frames"), [("train", [TRAIN[1]]), ("test", [TEST[0]])])
def test_improved_truth_that_other_lists_lack_is_missing(raw: list[Path], tmp_path: Path, capsys, split, frames):
    (tmp_path / "mine.txt").write_text("".join(line(*frame) for frame in TEST))
    archives = [*raw, write_improved(tmp_path, frames)]
    asked = {"truth": "improved", "test": tmp_path / "mine.txt"}
    with pytest.raises(InputError, match=f"1 of 2 {split} frames are missing: .*groundtruth"):
        made_store(settings(archives, **asked), split, tmp_path)
    assert len(made_store(settings(archives, **asked, skip_missing=True), split, tmp_path)) == 1
    assert f"1 of 2 {split} frames are missing" in capsys.readouterr().err


@pytest.mark.parametrize("split", ["train", "test"])
def test_kitti_tiny_has_one_list_and_published_depth_maps(tmp_path: Path, split: str):
    store = made_store(settings(write_tiny(tmp_path), form="tiny"), split, tmp_path)
    assert len(store) == 2
    assert list(known(store.depth(0)).values()) == [11]
    assert store.has("pose")


@pytest.mark.parametrize("content", [b"", npz(np.zeros(3))])
def test_a_broken_depth_map_is_named(tmp_path: Path, content: bytes):
    mended = tmp_path / f"mended/2011_09_26/{DRIVES[0]}/proj_depth/velodyne/image_02/0000000001.npz"
    _write(mended, content)
    data = settings([tmp_path / "mended", write_tiny(tmp_path)], form="tiny")
    with pytest.raises(InputError, match=r"0000000001\.npz: expected an npz with 'velodyne_depth'"):
        made_store(data, "train", tmp_path)


def test_a_converted_copy_with_jpegs(tmp_path: Path):
    store = made_store(settings(write_raw(tmp_path, ending="jpg")), "test", tmp_path)
    np.testing.assert_allclose(store.rgb(0)[5, 5].astype(int), [255, 0, 0], atol=8)


def unpacked(folder: Path) -> Path:
    """The raw set as a folder: one drive, with its list."""
    for name in DRIVES:
        for file, content in drive(name).items():
            _write(folder / "2011_09_26" / name / file, content)
    for file, content in (calibration() | {f"../{name}": text for name, text in lists().items()}).items():
        _write(folder / "2011_09_26" / file, content)
    return folder


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_a_folder_and_a_list_in_monodepth2s_form(tmp_path: Path):
    (tmp_path / "mine.txt").write_text(f"2011_09_26/{DRIVES[1]} 3 l\n2011_09_26/{DRIVES[0]} 1 l\n")
    store = made_store(settings(unpacked(tmp_path / "raw"), test=tmp_path / "mine.txt"), "test", tmp_path)
    assert [store.id(i)[-10:] for i in range(2)] == ["0000000003", "0000000001"]


def test_a_list_of_ones_own_is_among_the_files_that_frames_are_made_from(raw: list[Path], tmp_path: Path):
    (tmp_path / "mine.txt").write_text(line(*TEST[0]))
    data = settings(raw, test=tmp_path / "mine.txt")
    assert set(Kitti(data, "test", Tree(raw)).files) == {*raw, tmp_path / "mine.txt"}


def test_missing_frames_are_named_and_counted_or_left_out(tmp_path: Path, capsys):
    folder = unpacked(tmp_path / "raw")
    scan = folder / "2011_09_26" / DRIVES[0] / "velodyne_points/data/0000000000.bin"
    scan.unlink()
    with pytest.raises(InputError, match=r"1 of 2 test frames are missing: .*/0000000000\.bin; data\.skip_missing"):
        made_store(settings(folder), "test", tmp_path)
    store = made_store(settings(folder, skip_missing=True), "test", tmp_path)
    assert store.id(0) == f"kitti/{DRIVES[1]}/image_02/0000000001"
    assert "1 of 2 test frames are missing" in capsys.readouterr().err


def test_without_any_oxts_there_are_no_poses(tmp_path: Path, capsys):
    folder = unpacked(tmp_path / "raw")
    for file in folder.rglob("oxts/data/*.txt"):
        file.unlink()
    store = made_store(settings(folder), "train", tmp_path)
    assert not store.has("pose")
    assert not store.has("velocity")
    assert "poses" not in capsys.readouterr().err


def test_of_the_calibration_only_what_is_used_is_needed(raw: list[Path], tmp_path: Path):
    folder = unpacked(tmp_path / "raw")
    for file in [*folder.rglob("oxts/data/*.txt"), *folder.rglob("calib_imu_to_velo.txt")]:
        file.unlink()
    assert len(made_store(settings(folder), "test", tmp_path)) == 2
    (folder / "2011_09_26" / "calib_velo_to_cam.txt").unlink()
    assert len(made_store(settings([folder, write_improved(tmp_path)], truth="improved"), "test", tmp_path)) == 1
    with pytest.raises(InputError, match=r"has no '2011_09_26/calib_velo_to_cam\.txt'"):
        made_store(settings(folder), "test", tmp_path)


def test_with_some_oxts_missing_poses_are_left_out_and_that_is_told(tmp_path: Path, capsys):
    folder = unpacked(tmp_path / "raw")
    (folder / "2011_09_26" / DRIVES[0] / "oxts/data/0000000002.txt").unlink()
    assert not made_store(settings(folder), "train", tmp_path).has("pose")
    assert "1 frames have no oxts" in capsys.readouterr().err


WRONG = {
    "calib_cam_to_cam.txt: has no P_rect_02": ("calib_cam_to_cam.txt", b"R_rect_00: 1 0 0 0 1 0 0 0 1\n"),
    "calib_velo_to_cam.txt: R: expected 3x3 numbers": ("calib_velo_to_cam.txt", b"R: 1 2\nT: 0 0 0\n"),
    "calib_imu_to_velo.txt: T: expected 3 numbers": ("calib_imu_to_velo.txt", b"R: 1 0 0 0 1 0 0 0 1\nT: a b c\n"),
    "0000000001.txt: expected 30 numbers": (f"{DRIVES[0]}/oxts/data/0000000001.txt", b"1 2 3\n"),
    "0000000001.bin: expected x, y, z and reflectance": (f"{DRIVES[0]}/velodyne_points/data/0000000001.bin", b"short"),
    "0000000001.png: cannot be read as an image": (f"{DRIVES[0]}/image_02/data/0000000001.png", b"no"),
    "timestamps.txt: expected a time a line": (f"{DRIVES[0]}/image_02/timestamps.txt", b"soon\n"),
    "timestamps.txt: has 1 lines": (f"{DRIVES[0]}/image_02/timestamps.txt", b"2011-09-26 13:02:25.9\n"),
    "eigen_zhou_files.txt, line 2: expected date/drive": (
        "../eigen_zhou_files.txt",
        (line(*TRAIN[0]) + "x\n").encode(),
    ),
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_one_line_and_leaves_no_store(tmp_path: Path, words: str):
    folder = unpacked(tmp_path / "raw")
    name, content = WRONG[words]
    _write(folder / "2011_09_26" / name, content)
    with pytest.raises(InputError) as caught:
        made_store(settings(folder), "train", tmp_path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "train.h5").exists()


def test_a_list_that_is_not_there(raw: list[Path], tmp_path: Path):
    with pytest.raises(InputError, match=r"has no list eigen_val_files\.txt; put it there, or name a file"):
        made_store(settings(raw, test="eigen-val"), "test", tmp_path)
    with pytest.raises(InputError, match=r"gone\.txt: no such list of frames \(data\.test in params\.yaml\)"):
        made_store(settings(raw, test=str(tmp_path / "gone.txt")), "test", tmp_path)


def test_the_lists_decide_what_is_downloaded(tmp_path: Path):
    asked: list[Remote] = []

    def get(remote: Remote) -> Path:
        asked.append(remote)
        _write(tmp_path / remote.name, lists().get(remote.name, b""))
        return tmp_path / remote.name

    Kitti.archives(settings(truth="improved"), get)
    raw_data = "https://s3.eu-central-1.amazonaws.com/avg-kitti/raw_data"
    drives = [f"{raw_data}/{name.removesuffix('_sync')}/{name}.zip" for name in DRIVES]
    assert [remote.urls[0] for remote in asked[2:]] == [
        *drives,
        f"{raw_data}/2011_09_26_calib.zip",
        "https://s3.eu-central-1.amazonaws.com/avg-kitti/data_depth_annotated.zip",
    ]
    assert [remote.name for remote in asked[:2]] == ["eigen_zhou_files.txt", "eigen_test_files.txt"]
    assert {name for name, _ in (*TRAIN, *TEST)} == set(DRIVES)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real KITTI drive is not beside this checkout")
def test_a_real_scan_lands_where_published_maps_have_it_but_for_their_shift_by_one_pixel(tmp_path: Path):
    """The depth PNG beside the scan was made as published code does: camera z, and 1 taken off every pixel."""
    folder, name = tmp_path / "raw", DRIVES[0]
    for number in (0, 40):
        image = np.zeros((375, 1242, 3), np.uint8)
        _write(folder / f"2011_09_26/{name}/image_02/data/{number:010d}.png", encode(Image.fromarray(image), "png"))
        scan = (REAL / f"velodyne/{number:010d}.bin").read_bytes()
        _write(folder / f"2011_09_26/{name}/velodyne_points/data/{number:010d}.bin", scan)
    for file in (REAL / "calib").iterdir():
        _write(folder / "2011_09_26" / file.name, file.read_bytes())
    (tmp_path / "mine.txt").write_text(line(name, 0) + line(name, 40))
    store: Store = made_store(settings(folder, test=tmp_path / "mine.txt"), "test", tmp_path)
    for index, number in enumerate((0, 40)):
        published = read_image(REAL / f"depth_375x1242/{number:010d}.png")
        metres = counts(published, "png")[:-1, :-1] / 256
        ours = store.depth(index)[1:, 1:]
        assert ((ours > 0) == (metres > 0)).mean() > 0.9999
        both = (ours > 0) & (metres > 0)
        np.testing.assert_allclose(ours[both], metres[both], rtol=1 / 1024, atol=1 / 256)
