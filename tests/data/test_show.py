"""What a store holds, in words and as a picture."""

from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from making import jpeg, slopes, write_store
from packdepth.data.show import show
from packdepth.errors import InputError


def test_the_words_and_the_sheet(tmp_path: Path):
    words = show(write_store(tmp_path / "s.h5", slopes(7)), tmp_path / "sheet.jpg")
    for expected in ("slopes, version 1, none", "7 of 64x64 px", "images as pixels, 0 without", "50 %:", "nobody"):
        assert expected in words
    assert Image.open(tmp_path / "sheet.jpg").format == "JPEG"


def test_bytes_a_frame(tmp_path: Path):
    path = write_store(tmp_path / "s.h5", replace(slopes(2), rgb=[jpeg(rgb) for rgb in slopes(2).rgb]))
    words = show(path, tmp_path / "sheet.png")
    assert f"{path.stat().st_size / 2:.0f} bytes; images as JPEG files" in words


def test_a_sheet_of_another_kind_is_refused(tmp_path: Path):
    with pytest.raises(InputError, match=r"sheet\.txt: a contact sheet is a picture"):
        show(write_store(tmp_path / "s.h5", slopes(1)), tmp_path / "sheet.txt")
