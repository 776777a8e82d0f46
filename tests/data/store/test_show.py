"""What a store holds, in words and as a picture."""

import tracemalloc
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from packdepth.data.store.frames import Store
from packdepth.data.store.show import describe, show_store
from packdepth.errors import InputError
from tests.support.stores import jpeg, slopes, write_store


def test_the_words_and_the_sheet(tmp_path: Path):
    words = show_store(write_store(tmp_path / "s.h5", slopes(7)), tmp_path / "sheet.jpg")
    for expected in ("slopes, version 1, none", "7 of 64x64 px", "images as pixels, 0 without", "50 %:", "nobody"):
        assert expected in words
    assert Image.open(tmp_path / "sheet.jpg").format == "JPEG"


def test_whole_frames_of_sparse_depth_are_not_kept(tmp_path: Path, monkeypatch):
    """Sixteen frames, of 4 MB each as float32, with depth in one row."""
    depth = np.zeros((16, 1024, 1024), np.float32)
    depth[:, 0] = 2.0
    store = Store(write_store(tmp_path / "s.h5", replace(slopes(16), depth=depth)))
    tracemalloc.start()
    try:
        words = describe(store)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "known: 0.1% (of 16 frames)" in words
    assert peak < 24_000_000


def test_bytes_a_frame(tmp_path: Path):
    path = write_store(tmp_path / "s.h5", replace(slopes(2), rgb=[jpeg(rgb) for rgb in slopes(2).rgb]))
    words = show_store(path, tmp_path / "sheet.png")
    assert f"{path.stat().st_size / 2:.0f} bytes; images as JPEG files" in words


def test_a_sheet_of_another_kind_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"sheet\.txt: a contact sheet is a picture"):
        show_store(write_store(tmp_path / "s.h5", slopes(1)), tmp_path / "sheet.txt")
