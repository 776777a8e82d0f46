"""DenseDepth's zip of NYU Depth v2: its lists, its two kinds of depth, and what can be missing or wrong."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter

from packdepth.config.datasets import Data
from packdepth.data.datasets.nyu_50k import Nyu50k
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from tests.support.archives_nyu import encode, files_50k, frame, write_50k
from tests.support.stores import TOP, made_store

REAL = TOP.parent / "shared" / "real" / "nyu_frames" / "nyu_demo"
TRAIN = [f"data/nyu2_train/{name}" for name in ("living_room_0038_out/1", "living_room_0038_out/2")]
TRAIN += [f"data/nyu2_train/study_0006_out/{n}" for n in (1, 2)]
Files = dict[str, bytes]


def settings(source: Path | None, **changes: object) -> Data:
    plain = {"dataset": "nyu-50k", "source": source, "size": (480, 640)}
    return TypeAdapter(Data).validate_python(plain | changes)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_50k(tmp_path_factory.mktemp("nyu"))


def ids(store: Store) -> list[str]:
    return [store.id(index) for index in range(len(store))]


def test_training_frames_stay_the_jpeg_files_they_are(published: Path, tmp_path: Path):
    store = made_store(settings(published), "train", tmp_path)
    assert store.encoded
    assert ids(store) == [f"nyu-50k/{name.removeprefix('data/')}" for name in TRAIN]
    files = files_50k()
    for index, name in enumerate(TRAIN):
        rgb, depth = frame(index)
        assert store.file["rgb"][index].tobytes() == files[f"{name}.jpg"]
        far = np.abs(store.rgb(index).astype(int) - rgb).max(-1) > 3
        assert not far[48:].any()  # JPEG blurs the corner's border
        assert not far[:, 48:].any()
        counts = np.round(depth * 25.5)
        np.testing.assert_allclose(store.depth(index), counts * 10 / 255, atol=5.1e-4)
    assert store.attributes["depth_unit"] == "millimetre"


def test_test_frames_are_exact(published: Path, tmp_path: Path):
    store = made_store(settings(published), "test", tmp_path)
    assert ids(store) == ["nyu-50k/nyu2_test/00000_colors", "nyu-50k/nyu2_test/00001_colors"]
    assert not store.encoded
    for index in (0, 1):
        rgb, depth = frame(4 + index)
        np.testing.assert_array_equal(store.rgb(index), rgb)
        np.testing.assert_allclose(store.depth(index), depth, atol=1e-6)


def test_another_size_is_decoded(published: Path, tmp_path: Path):
    train, test = (made_store(settings(published, size=(160, 128)), split, tmp_path) for split in ("train", "test"))
    assert not train.encoded
    assert train.rgb(0).shape == test.rgb(0).shape == (160, 128, 3)
    assert train.depth(0).shape == (160, 128)
    assert test.depth(0).shape == (480, 640)
    np.testing.assert_allclose(train.rgb(1)[[2, 2, 157, 157], [2, 125, 2, 125]], [[254, 0, 0]] + [[80] * 3] * 3, atol=3)
    cx, cy = (325.58245 + 0.5) / 5 - 0.5, (253.73617 + 0.5) / 3 - 0.5
    np.testing.assert_allclose(train.intrinsics(0), [[103.77158, 0, cx], [0, 173.156537, cy], [0, 0, 1]], rtol=1e-6)


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_lists_end_their_lines_either_way(tmp_path: Path, newline: str):
    source = write_50k(tmp_path, files_50k(newline))
    assert len(made_store(settings(source), "train", tmp_path)) == 4


@pytest.mark.parametrize("folder", ["", "nyu/raw"])
def test_an_unpacked_copy_wherever_it_lies(tmp_path: Path, folder: str):
    for name, content in files_50k().items():
        path = tmp_path / "source" / folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    assert len(made_store(settings(tmp_path / "source"), "train", tmp_path)) == 4


def test_missing_frames_are_named_and_counted_or_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    files = files_50k()
    del files[f"{TRAIN[0]}.jpg"], files[f"{TRAIN[2]}.png"]
    source = write_50k(tmp_path, files)
    words = rf"nyu_data\.zip: 2 of 4 train frames are missing: {TRAIN[0]}\.jpg, {TRAIN[2]}\.png; data\.skip_missing"
    with pytest.raises(InputError, match=words):
        made_store(settings(source), "train", tmp_path)
    store = made_store(settings(source, skip_missing=True), "train", tmp_path)
    assert ids(store) == [f"nyu-50k/{TRAIN[n].removeprefix('data/')}" for n in (1, 3)]
    assert "2 of 4 train frames are missing" in capsys.readouterr().err


def test_what_is_downloaded():
    asked = []
    assert Nyu50k.archives(settings(None), lambda r: asked.append(r) or Path(r.name)) == [Path("nyu_data.zip")]
    assert asked[0].urls[0] == "https://tinyurl.com/nyu-data-zip"


def _set(name: str, content: bytes) -> Callable[[Files], None]:
    return lambda files: files.update({name: content})


GREY = np.full((480, 640), 100, np.uint8)
WRONG: dict[str, Callable[[Files], object]] = {
    "has no 'data/nyu2_train.csv'": lambda files: files.pop("data/nyu2_train.csv"),
    "nyu2_train.csv, line 2: expected rgb,depth (got 'b')": _set("data/nyu2_train.csv", b"a,a\r\nb\r\n"),
    "nyu2_train.csv: is empty": _set("data/nyu2_train.csv", b"\r\n"),
    "nyu2_train.csv: not UTF-8": _set("data/nyu2_train.csv", b"\xff\xfe\x00a"),
    f"{TRAIN[0]}.jpg: cannot be read as an image": _set(f"{TRAIN[0]}.jpg", b"no"),
    f"{TRAIN[0]}.jpg is 320x240, not 640x480": _set(f"{TRAIN[0]}.jpg", encode(GREY[:240, :320], "JPEG")),
    f"{TRAIN[0]}.png: is of mode I;16": _set(f"{TRAIN[0]}.png", encode(GREY.astype(np.uint16), "PNG")),
    f"{TRAIN[0]}.png is 320x240, not 640x480": _set(f"{TRAIN[0]}.png", encode(GREY[:240, :320], "PNG")),
    "living_room_0038_out/1: depth is all zero": _set(f"{TRAIN[0]}.png", encode(0 * GREY, "PNG")),
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_one_line(tmp_path: Path, words: str):
    files = files_50k()
    WRONG[words](files)
    with pytest.raises(InputError) as caught:
        made_store(settings(write_50k(tmp_path, files)), "train", tmp_path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_test_depth_of_8_bits_is_told(tmp_path: Path):
    """Some copies have been through a tool that writes 8 bits."""
    source = write_50k(tmp_path, files_50k() | {"data/nyu2_test/00000_depth.png": encode(GREY, "PNG")})
    with pytest.raises(InputError, match=r"00000_depth\.png: is of mode L; expected one channel of 16 bits"):
        made_store(settings(source), "test", tmp_path)


@pytest.mark.parametrize("place", [0, 2])
def test_a_png_among_the_jpeg_files_is_named(tmp_path: Path, place: int):
    source = write_50k(tmp_path, files_50k() | {f"{TRAIN[place]}.jpg": encode(GREY, "PNG")})
    with pytest.raises(InputError, match=rf"nyu_data\.zip: {TRAIN[place]}\.jpg is a PNG file, not the JPEG that its"):
        made_store(settings(source), "train", tmp_path)
    assert not made_store(settings(source, size=(160, 128)), "train", tmp_path).encoded


def test_a_grey_jpeg_becomes_colours(tmp_path: Path):
    source = write_50k(tmp_path, files_50k() | {f"{name}.jpg": encode(GREY, "JPEG") for name in TRAIN})
    assert made_store(settings(source), "train", tmp_path).rgb(0)[0, 0].tolist() == [100, 100, 100]


@pytest.mark.skipif(not REAL.is_dir(), reason="the real NYU frames are not beside this checkout")
def test_real_frames(tmp_path: Path):
    jpeg = (REAL / "rgb" / "rgb_00050.jpg").read_bytes()
    metres = np.asarray(Image.open(REAL / "depth" / "sync_depth_00050.png")) / 1000
    depth = encode(np.round(metres * 25.5).clip(0, 255).astype(np.uint8), "PNG")
    source = write_50k(tmp_path, files_50k() | {f"{TRAIN[0]}.jpg": jpeg, f"{TRAIN[0]}.png": depth})
    store = made_store(settings(source), "train", tmp_path)
    np.testing.assert_array_equal(store.rgb(0), np.asarray(Image.open(REAL / "rgb" / "rgb_00050.jpg").convert("RGB")))
    np.testing.assert_allclose(store.depth(0), metres.clip(0, 10), atol=0.021)
