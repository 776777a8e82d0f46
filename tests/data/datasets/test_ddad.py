"""DDAD: points projected by hand, poses, times, neighbours, cameras, and what can be missing or wrong."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import TypeAdapter

from packdepth.config.datasets import Data
from packdepth.data.datasets.ddad import Ddad
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from tests.support.archives_ddad import SIZE, encode, files, npz, pack, points, write_ddad
from tests.support.stores import TOP, made_store

REAL = TOP.parent / "shared" / "real" / "ddad_dgp_scene" / "tests" / "data" / "dgp" / "test_scene"
SCENE = "ddad_train_val/000000"
STEMS = [str(15616458249936530 + 1000000 * sample) for sample in range(3)]
CLOUD = f"{SCENE}/point_cloud/LIDAR/{STEMS[1]}.npz"
Files = dict[str, bytes]


def settings(source: Path | None, **changes: object) -> Data:
    plain = {"dataset": "ddad", "source": source, "size": (64, 96)}
    return TypeAdapter(Data).validate_python(plain | changes)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_ddad(tmp_path_factory.mktemp("ddad"))


def ids(store: Store) -> list[str]:
    return [store.id(index) for index in range(len(store))]


def known(depth: np.ndarray) -> dict[tuple[int, int], float]:
    return {(int(v), int(u)): float(depth[v, u]) for v, u in zip(*depth.nonzero(), strict=True)}


def test_points_of_the_test_split_fall_on_their_native_pixels(published: Path, tmp_path: Path):
    """x 2, y 0.5, z 10 m: u = 540 * 0.2 + 240 = 348, v = 540 * 0.05 + 150 = 177; another behind it is hidden."""
    store = made_store(settings(published, cameras=["CAMERA_01", "CAMERA_05"]), "test", tmp_path)
    assert ids(store) == [f"ddad/000150/CAMERA_0{c}/{stem}" for c in (1, 5) for stem in STEMS]
    for sample in range(3):
        assert store.depth(sample).shape == SIZE
        assert known(store.depth(sample)) == {(177, 348): 10.0, (150, 240): 5.0 + sample}
        assert known(store.depth(3 + sample))[150, 240] == 8.0
    assert store.attributes["depth_unit"] == "metre"
    assert not store.has("neighbours")


def test_points_of_the_train_split_fall_on_the_stored_pixels(published: Path, tmp_path: Path):
    """u = 348.5 * 96 / 484 - 0.5 = 68.6, v = 177.5 * 64 / 304 - 0.5 = 36.9; ahead 47.2 and 31.2."""
    store = made_store(settings(published), "train", tmp_path)
    assert ids(store) == [f"ddad/000000/CAMERA_01/{stem}" for stem in STEMS]
    assert known(store.depth(2)) == {(37, 69): 10.0, (31, 47): 7.0}
    cx, cy = 240.5 * 96 / 484 - 0.5, 150.5 * 64 / 304 - 0.5
    expected_camera = [[540 * 96 / 484, 0, cx], [0, 540 * 64 / 304, cy], [0, 0, 1]]
    np.testing.assert_allclose(store.intrinsics(0), expected_camera, rtol=1e-6)
    np.testing.assert_allclose(store.rgb(1)[[2, 2, -3, -3], [2, -3, 2, -3]], [[255, 0, 0]] + [[80] * 3] * 3, atol=1)


def test_poses_start_at_the_scenes_first_frame(published: Path, tmp_path: Path):
    """Driving north is ahead (z) for the one camera, and to the left (-x) for the other."""
    store = made_store(settings(published, cameras=["CAMERA_01", "CAMERA_05"]), "train", tmp_path)
    for sample in range(3):
        for index, moved in ((sample, [0, 0, sample]), (3 + sample, [-sample, 0, 0])):
            pose = np.eye(4)
            pose[:3, 3] = moved
            np.testing.assert_allclose(store.pose(index), pose, atol=1e-6)
            assert store.time(index) == pytest.approx(0.1 * sample)


def test_neighbours_stay_within_scene_and_camera(tmp_path: Path):
    source = write_ddad(tmp_path, files({"0": ("000000", "000001"), "1": ("000150",)}))
    store = made_store(settings(source, cameras=["CAMERA_01", "CAMERA_05"]), "train", tmp_path)
    assert len(store) == store.images == 12
    expected = [(s + at - 1 if at else -1, s + at + 1 if at < 2 else -1) for s in (0, 3, 6, 9) for at in range(3)]
    assert [store.neighbours(index) for index in range(12)] == expected
    assert not made_store(settings(source, neighbours=False), "train", tmp_path).has("neighbours")


def test_points_as_records(tmp_path: Path):
    fields = [("X", np.float32), ("Y", np.float32), ("Z", np.float32), ("INTENSITY", np.float32)]
    records = np.array([tuple(point) for point in points(1)], fields)
    store = made_store(settings(write_ddad(tmp_path, files() | {CLOUD: npz(records)})), "train", tmp_path)
    assert known(store.depth(1)) == {(37, 69): 10.0, (31, 47): 6.0}


def test_an_unpacked_copy(tmp_path: Path):
    for name, content in files().items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    for source in (tmp_path / "source", tmp_path / "source" / "ddad_train_val"):
        assert ids(made_store(settings(source), "test", tmp_path))[0] == f"ddad/000150/CAMERA_01/{STEMS[0]}"


def test_json_files_of_others_beside_it_are_passed_over(tmp_path: Path):
    write_ddad(tmp_path)
    (tmp_path / "notes.json").write_text("[]")
    (tmp_path / "._ddad.json").write_bytes(b"\0\5\26\7Mac OS X\xff")
    assert len(made_store(settings(tmp_path), "train", tmp_path)) == 3


def test_the_tiny_set_is_tested_on_what_it_is_trained_on(tmp_path: Path):
    source = write_ddad(tmp_path, files({"0": ("000000",)}))
    train, test = (made_store(settings(source, form="tiny"), split, tmp_path) for split in ("train", "test"))
    assert ids(train) == ids(test) == [f"ddad/000000/CAMERA_01/{stem}" for stem in STEMS]
    assert (train.depth(0).shape, test.depth(0).shape) == ((64, 96), SIZE)


def test_missing_frames_are_named_and_counted_or_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    members = files()
    del members[CLOUD]
    source = write_ddad(tmp_path, members)
    with pytest.raises(InputError, match=rf"1 of 3 train frames are missing: 000000/.*{STEMS[1]}\.npz; data\.skip"):
        made_store(settings(source), "train", tmp_path)
    store = made_store(settings(source, skip_missing=True), "train", tmp_path)
    assert ids(store) == [f"ddad/000000/CAMERA_01/{STEMS[n]}" for n in (0, 2)]
    assert [store.neighbours(0), store.neighbours(1)] == [(-1, -1), (-1, -1)]
    assert [store.time(0), store.time(1)] == pytest.approx([0, 0.2])
    assert "1 of 3 train frames are missing" in capsys.readouterr().err


def test_several_data_sets_are_refused(tmp_path: Path):
    members = files()
    pack(tmp_path / "DDAD.tar", members | {name.replace("ddad_train_val", "other"): members[name] for name in members})
    with pytest.raises(InputError, match=r"several data sets, ddad_train_val/ddad\.json, other/ddad\.json; data\.sou"):
        made_store(settings(tmp_path / "DDAD.tar"), "train", tmp_path)


@pytest.mark.parametrize(("form", "name"), [("full", "DDAD.tar"), ("tiny", "DDAD_tiny.tar")])
def test_what_is_downloaded(form: str, name: str):
    asked = []
    Ddad.archives(settings(None, form=form), lambda remote: asked.append(remote) or Path(remote.name))
    assert [remote.name for remote in asked] == [name]
    assert asked[0].urls[0].endswith(f"/datasets/{name}")


def _edit(change: Callable[[dict[str, Any]], object], kind: str = f"{SCENE}/scene_") -> Callable[[Files], None]:
    """Change a JSON file, the scene's unless told otherwise."""

    def edit(members: Files) -> None:
        name = next(name for name in members if name.startswith(kind))
        content = json.loads(members[name])
        change(content)
        members[name] = encode(content)

    return edit


def _set(content: bytes, kind: str = CLOUD) -> Callable[[Files], None]:
    return lambda members: members.update({next(name for name in members if name.startswith(kind)): content})


def _image(scene: dict[str, Any]) -> dict[str, Any]:
    return next(entry for entry in scene["data"] if "image" in entry["datum"])["datum"]["image"]


INDEX = "ddad_train_val/ddad.json"
WRONG: dict[str, Callable[[Files], object]] = {
    "has no JSON file with scene_splits": lambda members: members.pop(INDEX),
    "has no JSON file with scene_splits; expected a data set": _set(b"{", INDEX),
    "has no JSON file with scene_splits; ": _set(b"[]", INDEX),
    f"{INDEX} lists no scenes in scene_splits.0": _edit(lambda index: index["scene_splits"].pop("0"), INDEX),
    f"{INDEX} lists no scenes in scene_splits.0.filenames": _edit(lambda index: index.update(scene_splits=[]), INDEX),
    "has no '000000/gone.json'": _edit(lambda i: i["scene_splits"]["0"].update(filenames=["000000/gone.json"]), INDEX),
    ".json: not JSON": _set(b"\xff", f"{SCENE}/scene_"),
    ".json: expected a JSON object": _set(b"[]", f"{SCENE}/scene_"),
    "not a scene in the DGP format (KeyError('samples'))": _edit(lambda scene: scene.pop("samples")),
    "not a scene in the DGP format (IndexError": _edit(lambda scene: scene["samples"].clear()),
    "not a scene in the DGP format (TypeError": _edit(lambda s: _image(s)["pose"]["translation"].update(x=None)),
    "a quaternion is zero": _edit(
        lambda s: _image(s)["pose"].update(rotation=dict.fromkeys(["qw", "qx", "qy", "qz"], 0))
    ),
    "Invalid isoformat": _edit(lambda scene: [entry["id"].update(timestamp="noon") for entry in scene["data"]]),
    "'CAMERA_01' is not in list": _edit(lambda c: c["names"].reverse() or c["names"].pop(1), f"{SCENE}/calibration"),
    "is 484x304, not 100x304 as its scene says": _edit(lambda scene: _image(scene).update(width=100)),
    f"{STEMS[0]}.png: cannot be read as an image": _set(b"no", f"{SCENE}/rgb/CAMERA_01/{STEMS[0]}"),
    f"{STEMS[1]}.npz: expected an npz": _set(b""),
    f"{STEMS[1]}.npz: expected an npz ": _set(b"no points\n" * 20),
    f"{STEMS[1]}.npz: expected an npz  ": _set(npz(points(0))[:200]),
    f"{STEMS[1]}.npz: expected an npz   ": _set(npz(points(0)[:, :2])),
    f"{STEMS[1]}.npz: expected an npz    ": _set(npz(points(0)[0])),
    f"{STEMS[1]}.npz: expected an npz     ": _set(npz(np.array([{}]))),
    f"{STEMS[1]}: depth is all zero": _set(npz(points(0)[:0])),
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_one_line(tmp_path: Path, words: str):
    members = files()
    WRONG[words](members)
    with pytest.raises(InputError) as caught:
        made_store(settings(write_ddad(tmp_path, members)), "train", tmp_path)
    assert words.strip() in str(caught.value)
    assert "DDAD.tar" in str(caught.value) or ".npz" in words or ".png" in words or "depth" in words
    assert "\n" not in str(caught.value)
    assert "InputError" not in str(caught.value)


def test_an_unknown_camera_is_told_with_those_there_are(published: Path, tmp_path: Path):
    with pytest.raises(InputError, match=r"DDAD\.tar: 000000/ has no CAMERA_99; it has CAMERA_01, CAMERA_05, LIDAR"):
        made_store(settings(published, cameras=["CAMERA_99"]), "train", tmp_path)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real DGP scenes are not beside this checkout")
def test_real_scenes(tmp_path: Path):
    """Two scenes of three samples; in the first the car stands, and a car before it is about 5 m away."""
    train, test = (made_store(settings(REAL, size=(192, 320)), split, tmp_path) for split in ("train", "test"))
    assert (len(train), len(test)) == (6, 6)
    assert test.depth(0).shape == (1216, 1936)
    np.testing.assert_allclose(train.pose(2), np.eye(4), atol=0.01)
    assert train.pose(5)[2, 3] > 1  # forwards
    ahead = train.depth(0)[80:120, 150:180]
    assert 3 < np.median(ahead[ahead > 0]) < 12
    for index in range(6):
        assert 2000 < np.count_nonzero(train.depth(index)) < np.count_nonzero(test.depth(index)) < 20_000
