"""Anyone's RGB-D folder: patterns, pairing, images, cropping and scaling, and one line for what is wrong."""

import io
import re
import shutil
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image
from pydantic import TypeAdapter, ValidationError

from packdepth.config.datasets import Data, FolderData
from packdepth.data.datasets import convert
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from tests.support.folders import SIZE, ids, settings, write_frame, write_image, write_video
from tests.support.stores import TOP, made_store

REAL = TOP.parent / "shared" / "real"
NYU = {"intrinsics": [518.8579, 519.46961, 325.58245, 253.73617], "size": [96, 128]}
ORIENTATION = 0x0112  # EXIF's tag


@pytest.fixture
def source(tmp_path: Path) -> Path:
    return write_video(tmp_path / "source", 8)


def test_no_frame_is_in_both_splits_after_a_broken_one_was_removed(source: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(convert, "PIECES", 1)
    whole = (source / "rgb" / "f4.png").read_bytes()
    (source / "rgb" / "f4.png").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(InputError, match=r"f4\.png: cannot be read"):
        made_store(settings(source, test=0.25), "train", tmp_path)
    for kind in ("rgb", "depth"):
        (source / kind / "f4.png").unlink()
    train, test = (made_store(settings(source, test=0.25), split, tmp_path) for split in ("train", "test"))
    assert sorted(ids(train) + ids(test)) == [f"folder/f{i}" for i in range(8) if i != 4]


def test_nothing_need_be_downloaded_first(source: Path, tmp_path: Path):
    convert.make_store(settings(source), "train", tmp_path / "archives.json", tmp_path / "train.h5")
    assert len(Store(tmp_path / "train.h5")) == 6
    assert (tmp_path / "archives.json").is_file()


def test_name_licence_and_citation_are_the_owners(source: Path, tmp_path: Path):
    stated = {"name": "my attic", "licence": "CC BY 4.0", "citation": "Doe 2024"}
    store = made_store(settings(source, **stated), "test", tmp_path)
    assert ids(store) == ["my attic/f6", "my attic/f7"]
    assert [store.attributes[key] for key in ("dataset", "licence", "citation")] == list(stated.values())


def test_home_may_be_written_as_a_tilde(source: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("HOME", str(source.parent))
    assert len(made_store(settings(Path("~/source")), "train", tmp_path)) == 6


def test_the_documents_examples_are_valid():
    text = (TOP / "docs" / "folder.md").read_text()
    examples = [yaml.safe_load(block)["data"] for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)]
    assert len(examples) == 3
    for example in examples:
        assert TypeAdapter(Data).validate_python(example).dataset == "folder"
    keys = set(
        re.findall(r"`(\w+)`", " ".join(re.findall(r"^\| (`[^|]*) \|", text.split("## Names")[0], re.MULTILINE)))
    )
    assert keys == set(FolderData.model_fields) - {"dataset"}


# Patterns


def test_patterns_name_the_frame(source: Path, tmp_path: Path):
    for file in (source / "depth").iterdir():
        file.rename(file.with_name(f"sync_{file.name}"))
    store = made_store(settings(source, depth="depth/sync_*"), "train", tmp_path)
    assert store.id(0) == "folder/f0"


@pytest.mark.parametrize(("rgb", "depth"), [("rgb/*.png", "depth/*.PNG"), ("rgb/f*", "depth/f*.png")])
def test_patterns_may_have_endings(source: Path, tmp_path: Path, rgb: str, depth: str):
    (source / "rgb" / "f0.txt").write_text("notes")
    assert len(made_store(settings(source, rgb=rgb, depth=depth), "train", tmp_path)) == 6


@pytest.mark.parametrize(
    ("rgb", "depth", "first"),
    [
        ("*/rgb/*", "*/depth/*", "folder/cam0/f0"),
        ("**/rgb/*", "**/depth/*", "folder/cam0/f0"),
        ("cam?/rgb/f*", "cam?/depth/f*", "folder/0/0"),
        ("cam[01]/rgb/*", "cam[!2-9]/depth/*", "folder/0/f0"),
    ],
)
def test_all_wildcards_make_the_name(tmp_path: Path, rgb: str, depth: str, first: str):
    """Two cameras that call their frames the same: none hides another."""
    for camera in (0, 1):
        write_video(tmp_path / "source" / f"cam{camera}", 4)
    data = settings(tmp_path / "source", rgb=rgb, depth=depth, test=0.0)
    names = ids(made_store(data, "train", tmp_path))
    assert (len(set(names)), names[0]) == (8, first)


def test_folders_in_folders_are_scenes(tmp_path: Path):
    write_video(tmp_path / "source" / "house" / "attic", 2)
    write_video(tmp_path / "source", 2)
    data = settings(tmp_path / "source", rgb="**/rgb/*", depth="**/depth/*", test=0.0)
    expected = ["folder/f0", "folder/f1", "folder/house/attic/f0", "folder/house/attic/f1"]
    assert sorted(ids(made_store(data, "train", tmp_path))) == expected


def test_numbers_in_names_are_in_order(tmp_path: Path):
    write_video(tmp_path / "source", 12)
    names = ids(made_store(settings(tmp_path / "source", test=0.0), "train", tmp_path))
    assert names == [f"folder/f{i}" for i in range(12)]


def test_hidden_files_are_passed_over(source: Path, tmp_path: Path):
    for kind in ("rgb", "depth"):
        (source / kind / "._f0.png").write_text("what macOS leaves")
        shutil.copytree(source / kind, source / ".Trash" / kind)
    data = settings(source, rgb="**/rgb/*", depth="**/depth/*")
    assert len(made_store(data, "train", tmp_path)) == 6


@pytest.mark.parametrize(
    ("patterns", "words"),
    [
        ({"rgb": "rgb/0001"}, "must have a wildcard"),
        ({"rgb": "../rgb/*"}, "must lie in the folder"),
        ({"depth": "/depth/*"}, "must lie in the folder"),
        ({"poses": "../poses.csv"}, "must lie in the folder"),
        ({"rgb": "rgb/**"}, r"expected \*\*/ before the rest"),
        ({"rgb": "a**/rgb/*"}, r"expected \*\*/ before the rest"),
        ({"rgb": "*/rgb/*"}, "as many wildcards as `rgb`"),
        ({"rgb": "*/rgb/*", "depth": "depth/*"}, "as many wildcards as `rgb`"),
    ],
)
def test_a_pattern_that_names_no_frames(patterns: dict[str, str], words: str):
    with pytest.raises(ValidationError, match=words):
        settings(Path("source"), **patterns)


# Missing frames


def test_a_frame_without_depth_stops_or_is_left_out(source: Path, tmp_path: Path, capsys):
    (source / "depth" / "f3.png").unlink()
    told = "1 of 8 RGB-D frames are missing: depth of f3"
    with pytest.raises(InputError, match=rf"source: {told}; data\.skip_missing: true leaves them out"):
        made_store(settings(source), "train", tmp_path)
    names = ids(made_store(settings(source, skip_missing=True, test=0.0), "train", tmp_path))
    assert names == [f"folder/f{i}" for i in range(8) if i != 3]
    assert f"{told}; left out" in capsys.readouterr().err


def test_patterns_that_do_not_fit_each_other(source: Path, tmp_path: Path):
    words = r"no image has a depth of its name: the first image is 'f0', the first depth '0' \(data\.rgb, data\.depth\)"
    with pytest.raises(InputError, match=words):
        made_store(settings(source, depth="depth/f*"), "train", tmp_path)


# Images


def rgb_of(image: Image.Image, tmp_path: Path, ending: str = "png", **options) -> np.ndarray:
    """What a store holds of an image of 64x64 px."""
    write_frame(tmp_path / "s", "a", np.full((64, 64), 2000))
    (tmp_path / "s" / "rgb" / "a.png").unlink()
    write_image(tmp_path / "s" / "rgb" / f"a.{ending}", image, **options)
    return made_store(settings(tmp_path / "s", test=0.0), "train", tmp_path).rgb(0)


GREY = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) // 16  # 0 to 255


@pytest.mark.parametrize(
    ("image", "ending"),
    [
        (Image.fromarray(GREY.astype(np.uint8)), "png"),
        (Image.fromarray(GREY * 257), "png"),
        (Image.fromarray(GREY * 257), "pgm"),
        (Image.fromarray(GREY * 257), "tif"),
        (Image.fromarray(GREY.astype(np.uint8)).convert("RGB"), "bmp"),
        (Image.fromarray(GREY.astype(np.uint8)).convert("RGBA"), "png"),
        (Image.fromarray(GREY.astype(np.uint8)).convert("LA"), "png"),
        (Image.fromarray(GREY.astype(np.uint8)).convert("P"), "png"),
    ],
    ids=["L", "16 bits", "16 bits, PGM", "16 bits, TIFF", "RGB", "RGBA", "LA", "P"],
)
def test_an_image_of_any_mode_becomes_rgb(tmp_path: Path, image: Image.Image, ending: str):
    np.testing.assert_array_equal(rgb_of(image, tmp_path, ending), np.repeat(GREY[..., None], 3, axis=2))


def test_an_image_of_floats_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"a\.tif: holds floats; expected 8 or 16 bits a channel"):
        rgb_of(Image.fromarray(GREY.astype(np.float32)), tmp_path, "tif")


@pytest.mark.parametrize(("orientation", "turns"), [(1, 0), (3, 2), (6, 3), (8, 1)])
def test_photos_are_turned_upright(tmp_path: Path, orientation: int, turns: int):
    """EXIF's 6: the right side of the stored pixels is the top of the photo, so they are turned clockwise."""
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:32, :32] = 255
    stored = rgb_of(Image.fromarray(pixels), tmp_path, "jpg", exif=exif, quality=95)
    np.testing.assert_allclose(stored[8::16, 8::16].astype(int), np.rot90(pixels, turns)[8::16, 8::16], atol=4)


def test_depth_must_be_upright_too(source: Path, tmp_path: Path):
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    write_image(source / "rgb" / "f3.png", np.zeros((*SIZE, 3), np.uint8), exif=exif)
    words = (
        r"f3\.png: is 64x128, turned as its EXIF data say; its depth is 128x64, but must show the same view, upright"
    )
    with pytest.raises(InputError, match=words):
        made_store(settings(source), "train", tmp_path)


def write_jpegs(source: Path, **options) -> list[bytes]:
    """Three JPEGs of the stores' size."""
    random = np.random.default_rng(0)
    for name in "abc":
        write_frame(source, name, np.full((64, 64), 2000))
        (source / "rgb" / f"{name}.png").unlink()
        write_image(source / "rgb" / f"{name}.jpg", random.integers(0, 255, (64, 64, 3), np.uint8), **options)
    return [(source / "rgb" / f"{name}.jpg").read_bytes() for name in "abc"]


def test_jpegs_of_the_stores_size_are_kept(tmp_path: Path):
    files = write_jpegs(tmp_path / "s")
    store = made_store(settings(tmp_path / "s", test=0.0), "train", tmp_path)
    assert store.encoded
    assert [store.file["rgb"][place].tobytes() for place in range(3)] == files


def test_a_jpeg_that_is_to_be_turned_is_stored_as_pixels(tmp_path: Path):
    exif = Image.Exif()
    exif[ORIENTATION] = 3
    files = write_jpegs(tmp_path / "s", exif=exif)
    store = made_store(settings(tmp_path / "s", test=0.0), "train", tmp_path)
    assert not store.encoded
    np.testing.assert_array_equal(store.rgb(0)[::-1, ::-1], np.asarray(Image.open(io.BytesIO(files[0]))))


# Cropping and scaling


def test_depth_unit_centred_crop_and_intrinsics(source: Path, tmp_path: Path):
    """64x128 to 64x64 cuts 32 columns on either side: the step stands in the middle, cx moves by 32."""
    store = made_store(settings(source, depth_unit=0.002), "train", tmp_path)
    depth = store.depth(0)
    np.testing.assert_allclose([depth[0, 31], depth[0, 32]], [2.0, 3.0])
    np.testing.assert_allclose(store.intrinsics(0), [[100, 0, 31.5], [0, 100, 31.5], [0, 0, 1]], atol=1e-4)


def test_scaling_never_mixes_known_and_unknown_depth(tmp_path: Path):
    depth = np.full((256, 256), 4000)
    depth[::3] = 0
    write_frame(tmp_path / "s", "a", depth)
    store = made_store(settings(tmp_path / "s", test=0.0), "train", tmp_path)
    assert set(np.unique(store.depth(0))) <= {np.float32(0), np.float32(4)}


def test_sparse_depth_keeps_its_points(tmp_path: Path):
    """A point a block of 4x4: each is the depth of its stored pixel, wherever in the block it stands."""
    random = np.random.default_rng(0)
    depth = np.zeros((256, 256))
    values = random.integers(1000, 9000, (64, 64))
    depth[np.arange(64)[:, None] * 4 + random.integers(0, 4, (64, 64)), np.arange(64) * 4 + random.integers(0, 4)] = (
        values
    )
    write_frame(tmp_path / "s", "a", depth)
    store = made_store(settings(tmp_path / "s", test=0.0), "train", tmp_path)
    np.testing.assert_allclose(store.depth(0), values / 1000, atol=1e-6)


def test_true_depth_of_the_test_split_stays_native(tmp_path: Path):
    """128x256 is cropped to its middle, 128x128; a smaller frame's truth fills the upper left."""
    large = np.random.default_rng(0).integers(1000, 9000, (128, 256))
    write_frame(tmp_path / "s", "a", large)
    write_frame(tmp_path / "s", "b", large[:64, :64])
    (tmp_path / "s" / "cameras.csv").write_text("name,fx,fy,cx,cy\na,200,200,127.5,63.5\nb,50,50,31.5,31.5\n")
    store = made_store(settings(tmp_path / "s", test=1.0, intrinsics="cameras.csv"), "test", tmp_path)
    np.testing.assert_allclose(store.depth(0), large[:, 64:192] / 1000, atol=1e-6)
    np.testing.assert_allclose(store.depth(1), large[:64, :64] / 1000, atol=1e-6)
    assert store.rgb(0).shape == (64, 64, 3)


def test_depth_may_have_another_resolution(tmp_path: Path):
    """The image is 256x512, its depth 64x128: the red quarter of the image is where depth is 2 m."""
    rgb, depth = np.zeros((256, 512, 3), np.uint8), np.full((64, 128), 1000)
    rgb[128:, 256:, 0], depth[32:, 64:] = 255, 2000
    write_frame(tmp_path / "s", "a", depth)
    write_image(tmp_path / "s" / "rgb" / "a.png", rgb)
    data = settings(tmp_path / "s", test=0.0, intrinsics=[400, 400, 255.5, 127.5])
    store = made_store(data, "train", tmp_path)
    np.testing.assert_array_equal(store.rgb(0)[2::8, 2::8, 0] > 127, store.depth(0)[2::8, 2::8] > 1.5)
    np.testing.assert_allclose(store.intrinsics(0), [[100, 0, 31.5], [0, 100, 31.5], [0, 0, 1]], atol=1e-4)


# Intrinsics


def write_two_sizes(source: Path) -> Path:
    write_frame(source, "a", np.full((64, 64), 1000))
    write_frame(source, "b", np.full((128, 128), 1000))
    return source


def test_every_image_may_have_its_own_intrinsics(tmp_path: Path):
    source = write_two_sizes(tmp_path / "s")
    rows = "name,camera,fx,fy,cx,cy\nb.png,kinect,120,140,63.5,63.5\na,phone,80,81,30,31\nother,,1,1,1,1\n"
    (source / "cameras.csv").write_text(rows)
    store = made_store(settings(source, intrinsics="cameras.csv", test=0.0), "train", tmp_path)
    np.testing.assert_allclose(store.intrinsics(0), [[80, 0, 30], [0, 81, 31], [0, 0, 1]], rtol=1e-6)
    np.testing.assert_allclose(store.intrinsics(1), [[60, 0, 31.5], [0, 70, 31.5], [0, 0, 1]], rtol=1e-6)


def test_images_of_other_sizes_need_their_own_intrinsics(tmp_path: Path):
    words = r"b\.png: is 128x128, but .*a\.png is 64x64; data\.intrinsics .* CSV file with name, fx, fy, cx, cy"
    with pytest.raises(InputError, match=words):
        made_store(settings(write_two_sizes(tmp_path / "s"), test=0.0), "train", tmp_path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("name,fx,fy,cx,cy\na,80,80,32,32\n", "missing: intrinsics of b"),
        ("name,fx,fy,cx,cy\na,80,80,32,32\nb,80,,32,32\n", "missing: intrinsics of b"),
        ("name,fx,fy\na,80,80\nb,80,80\n", r"cameras\.csv: columns must be name, fx, fy, cx, cy"),
        ("image,fx,fy,cx,cy\na,80,80,32,32\n", r"cameras\.csv: has no column 'name', but image, fx"),
        ("name,fx,fy,cx,cy\na,80,80,32,32\na.png,80,80,32,32\n", r"cameras\.csv: has several rows of frame 'a'"),
        ("name,fx,fy,cx,cy\na,0,80,32,32\n", r"cameras\.csv: fx and fy must be above 0"),
        ("name,fx,fy,cx,cy\na,wide,80,32,32\n", r"cameras\.csv: could not convert string to float"),
    ],
)
def test_a_faulty_list_of_intrinsics(tmp_path: Path, text: str, words: str):
    source = write_two_sizes(tmp_path / "s")
    (source / "cameras.csv").write_text(text)
    with pytest.raises(InputError, match=words):
        made_store(settings(source, intrinsics="cameras.csv", test=0.0), "train", tmp_path)


# What is wrong


def _empty(source: Path) -> None:
    for file in (source / "rgb").iterdir():
        file.rename(file.with_suffix(".exr"))


WRONG = {
    "no such folder": lambda source: source.rename(source.with_name("gone")),
    "no .jpg or .jpeg or .png or .tif or .tiff or .webp or .bmp or .ppm or .pgm files, only .exr": _empty,
    "f1.png: has the same name as": lambda source: shutil.copy(source / "rgb" / "f1.png", source / "rgb" / "f1.jpg"),
    "128x64; its depth is 64x64": lambda source: write_image(source / "depth" / "f3.png", np.ones((64, 64), np.uint16)),
    "folder/f1: depth is all zero": lambda source: write_frame(source, "f1", np.zeros((64, 128))),
    "f0.png: cannot be read as an image": lambda source: (source / "rgb" / "f0.png").write_text("no"),
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_one_line_and_leaves_no_store(source: Path, tmp_path: Path, words: str):
    WRONG[words](source)
    with pytest.raises(InputError) as caught:
        made_store(settings(source), "train", tmp_path)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("*.h5")) + list(tmp_path.glob(".train*"))


def test_an_unknown_split(source: Path, tmp_path: Path):
    with pytest.raises(InputError, match="data make: unknown split 'val'; known: train, test"):
        made_store(settings(source), "val", tmp_path)


# Real frames


@pytest.mark.skipif(not REAL.is_dir(), reason="no real frames next to this checkout")
def test_real_nyu_frames(tmp_path: Path):
    source = REAL / "nyu_frames" / "nyu_demo"
    data = settings(source, rgb="rgb/rgb_*", depth="depth/sync_depth_*", test=0.34, **NYU)
    train, test = (made_store(data, split, tmp_path) for split in ("train", "test"))
    assert (len(train), len(test)) == (2, 1)
    depth = train.depth(0)
    assert 2.0 < np.median(depth[depth > 0]) < 4.0
    assert 0.6 < (depth > 0).mean() < 0.8
    assert test.depth(0).shape == (480, 640)
    np.testing.assert_allclose(train.intrinsics(0)[0, 0], 518.8579 / 5, rtol=1e-5)


@pytest.mark.skipif(not REAL.is_dir(), reason="no real frames next to this checkout")
def test_real_frames_of_eight_cameras(tmp_path: Path):
    data = settings(REAL / "mixed_cameras", intrinsics="intrinsics.csv", size=[96, 128], test=0.0)
    store = made_store(data, "train", tmp_path)
    assert len(store) == 27
    focal = {store.id(i).split("/")[1]: store.intrinsics(i)[0, 0] for i in range(len(store))}
    assert focal["redwood-0"] == pytest.approx(525 / 5)
    assert focal["sun-kv1"] == pytest.approx(518.857901 * 128 / 561)  # 561x427 loses rows
    assert all((store.depth(i) > 0).mean() > 0.3 for i in range(len(store)))
