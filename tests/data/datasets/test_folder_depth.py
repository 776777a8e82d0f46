"""Depth files of a folder: every kind that is read, how far they reach, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from tests.support.folders import settings, write_image
from tests.support.stores import made_store

METRES = np.linspace(0.5, 9.5, 64 * 64).reshape(64, 64)


def write_depth(source: Path, ending: str, values: np.ndarray) -> None:
    write_image(source / "rgb" / "a.png", np.full((*values.shape[:2], 3), 9, np.uint8))
    path = source / "depth" / f"a{ending}"
    path.parent.mkdir(parents=True, exist_ok=True)
    if ending == ".npy":
        np.save(path, values)
    else:
        Image.fromarray(values).save(path)


def stored(source: Path, tmp_path: Path, **changes) -> Store:
    return made_store(settings(source, test=0.0, **changes), "train", tmp_path)


@pytest.mark.parametrize("ending", [".png", ".tif", ".pgm", ".npy"])
def test_counts_of_16_bits(tmp_path: Path, ending: str):
    write_depth(tmp_path / "s", ending, np.round(METRES * 5000).astype(np.uint16))
    store = stored(tmp_path / "s", tmp_path, depth_unit=0.0002)
    assert store.attributes["depth_unit"] == "millimetre"
    np.testing.assert_allclose(store.depth(0), METRES, atol=7e-4)


@pytest.mark.parametrize("ending", [".tif", ".pfm", ".npy"])
def test_floats(tmp_path: Path, ending: str):
    values = METRES.astype(np.float32)
    values[:8], values[8:16], values[16:24], values[24:32] = np.nan, np.inf, -1, 1e10
    write_depth(tmp_path / "s", ending, values)
    store = stored(tmp_path / "s", tmp_path, depth_unit=1.0)
    assert store.attributes["depth_unit"] == "metre"
    assert not store.depth(0)[:32].any()
    np.testing.assert_allclose(store.depth(0)[32:], METRES[32:], rtol=1 / 2048)


def test_a_pgm_counts_to_what_it_says(tmp_path: Path):
    """Pillow scales a PGM's counts to 65535: that must not change depth."""
    write_depth(tmp_path / "s", ".pgm", np.ones((64, 64), np.uint16))
    counts = np.round(METRES * 1000).astype(">u2")
    (tmp_path / "s" / "depth" / "a.pgm").write_bytes(b"P5\n# a Kinect\n64 64\n10000\n" + counts.tobytes())
    np.testing.assert_allclose(stored(tmp_path / "s", tmp_path).depth(0), METRES, atol=6e-4)


def test_counts_of_the_other_byte_order(tmp_path: Path):
    counts = np.round(METRES * 1000).astype(">u2")
    counts[0] = 65535
    write_depth(tmp_path / "s", ".npy", counts)
    depth = stored(tmp_path / "s", tmp_path).depth(0)
    assert not depth[0].any()
    np.testing.assert_allclose(depth[1:], METRES[1:], atol=6e-4)


def test_8_bits_with_unit_and_offset(tmp_path: Path):
    counts = np.arange(64 * 64).reshape(64, 64) % 256
    write_depth(tmp_path / "s", ".png", counts.astype(np.uint8))
    depth = stored(tmp_path / "s", tmp_path, depth_unit=10 / 255, depth_offset=0.02).depth(0)
    np.testing.assert_allclose(depth, np.where(counts > 0, counts * 10 / 255 + 0.02, 0), atol=6e-4)


def test_a_count_that_stands_for_unknown(tmp_path: Path):
    counts = np.round(METRES * 1000).astype(np.uint16)
    counts[0] = 9999
    write_depth(tmp_path / "s", ".png", counts)
    assert stored(tmp_path / "s", tmp_path).depth(0)[0].all()
    assert not stored(tmp_path / "s", tmp_path, depth_unknown=9999).depth(0)[0].any()


def test_depth_beyond_the_reach_of_millimetres_is_kept(tmp_path: Path):
    """KITTI's 1/256 m: up to 256 m."""
    counts = np.linspace(256, 65000, 64 * 64).reshape(64, 64).astype(np.uint16)
    write_depth(tmp_path / "s", ".png", counts)
    store = stored(tmp_path / "s", tmp_path, depth_unit=1 / 256)
    assert store.attributes["depth_unit"] == "metre"
    np.testing.assert_allclose(store.depth(0), counts / 256, rtol=1 / 2048)


def test_the_largest_count_is_unknown(tmp_path: Path):
    counts = np.full((64, 64), 3000, np.uint16)
    counts[:10] = 65535
    write_depth(tmp_path / "s", ".png", counts)
    depth = stored(tmp_path / "s", tmp_path).depth(0)
    np.testing.assert_allclose(depth, np.where(counts == 3000, 3, 0), atol=1e-6)


def test_a_wrong_unit_is_told(tmp_path: Path):
    write_depth(tmp_path / "s", ".png", np.full((64, 64), 3000, np.uint16))
    with pytest.raises(InputError, match=r"a\.png: its nearest depth is 3000 m; is data\.depth_unit .* right\?"):
        stored(tmp_path / "s", tmp_path, depth_unit=1.0)


@pytest.mark.parametrize(
    ("ending", "values", "words"),
    [
        (".png", np.ones((64, 64), np.uint8), "is of 8 bits, as pictures of depth are; .* state data.depth_offset"),
        (".npy", np.ones((64, 64), np.uint8), "is of 8 bits"),
        (
            ".png",
            np.ones((64, 64, 3), np.uint8),
            "is of mode RGB; expected depth, one channel of 8 or 16 bits or floats",
        ),
        (".npy", np.ones((64, 64, 1), np.float32), r"holds float32 \(64, 64, 1\); expected depth \(height, width\)"),
        (".npy", np.ones((64, 64), np.bool_), r"holds bool \(64, 64\)"),
        (".npy", np.full((64, 64), None), r"a\.npy: cannot be read as an array"),
    ],
)
def test_what_is_no_depth(tmp_path: Path, ending: str, values: np.ndarray, words: str):
    write_depth(tmp_path / "s", ending, values)
    with pytest.raises(InputError, match=words):
        stored(tmp_path / "s", tmp_path)


def test_a_palette_is_no_depth(tmp_path: Path):
    write_depth(tmp_path / "s", ".png", np.ones((64, 64), np.uint16))
    Image.new("P", (64, 64), 1).save(tmp_path / "s" / "depth" / "a.png")
    with pytest.raises(InputError, match="of mode P"):
        stored(tmp_path / "s", tmp_path)


def test_an_openexr_file_is_named(tmp_path: Path):
    write_depth(tmp_path / "s", ".png", np.ones((64, 64), np.uint16))
    (tmp_path / "s" / "depth" / "a.png").rename(tmp_path / "s" / "depth" / "a.exr")
    with pytest.raises(InputError, match=r"depth/\*: no \.png or .* or \.npy files, only \.exr"):
        stored(tmp_path / "s", tmp_path)
