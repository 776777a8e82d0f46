"""Depth, read back by other programs."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from packdepth.predict.depth_file import millimetres, write_depth

DEPTH = np.array([[0.0004, 0.0016, 2.5], [65.534, 65.6, 100.0]], np.float32)


def test_png_is_in_millimetres_up_to_its_end(tmp_path: Path):
    write_depth(tmp_path / "d.png", DEPTH)
    assert np.asarray(Image.open(tmp_path / "d.png")).tolist() == [[0, 2, 2500], [65534, 65535, 65535]]
    assert millimetres(DEPTH).dtype == np.uint16


def test_npy_is_in_metres(tmp_path: Path):
    write_depth(tmp_path / "d.npy", DEPTH)
    again = np.load(tmp_path / "d.npy")
    np.testing.assert_array_equal(again, DEPTH)
    assert again.dtype == np.float32


def test_exr_is_in_metres(tmp_path: Path):
    exr = pytest.importorskip("OpenEXR")
    write_depth(tmp_path / "d.exr", DEPTH)
    with exr.File(str(tmp_path / "d.exr")) as file:
        np.testing.assert_array_equal(file.channels()["Z"].pixels, DEPTH)
