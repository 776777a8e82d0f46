"""NumPy's zipped files, whole and damaged."""

import contextlib
import io
from pathlib import Path

import numpy as np
import pytest

from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.npz import read_npz
from packdepth.errors import InputError


def npz(values: object) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, depth=values)
    return file.getvalue()


GOOD = npz(np.arange(60_000, dtype=np.float32).reshape(200, 300) % 77)
METHOD = GOOD.index(b"PK\x01\x02") + 10  # of compression, in the central directory
BROKEN = {
    "empty": b"",
    "text": b"no arrays\n" * 20,
    "cut": GOOD[:-200],
    "damaged": GOOD[:300] + bytes(200) + GOOD[500:],
    "another method": GOOD[:METHOD] + b"\x63\x00" + GOOD[METHOD + 2 :],
    "objects": npz(np.array([{}])),
    "words": npz(np.array([["a", "b"]])),
    "one dimension": npz(np.zeros(3)),
    "no npz": (b"\x93NUMPY" + bytes(80)),
}


def read(path: Path, key: str = "depth") -> np.ndarray:
    return read_npz(Tree([path]), path.name, key, lambda values: values[:, :1]).numpy()


def test_what_is_read_is_shaped_and_float64(tmp_path: Path):
    (tmp_path / "a.npz").write_bytes(GOOD)
    found = read(tmp_path / "a.npz")
    np.testing.assert_array_equal(found[:, 0], np.arange(0, 60_000, 300) % 77)
    assert found.dtype == np.float64


@pytest.mark.parametrize("kind", BROKEN)
def test_a_broken_file_is_named_in_one_line(tmp_path: Path, kind: str):
    (tmp_path / "a.npz").write_bytes(BROKEN[kind])
    with pytest.raises(InputError, match=r"a\.npz: a\.npz: expected an npz with 'depth' \([^\n]*\)$"):
        read(tmp_path / "a.npz")


def test_an_array_that_is_not_there(tmp_path: Path):
    (tmp_path / "a.npz").write_bytes(GOOD)
    with pytest.raises(InputError, match=r"expected an npz with 'data'"):
        read(tmp_path / "a.npz", "data")


@pytest.mark.parametrize("step", range(60))
def test_no_damage_ends_in_a_traceback(tmp_path: Path, step: int):
    damaged = bytearray(GOOD)
    damaged[step * len(GOOD) // 60] ^= 0xFF
    (tmp_path / "a.npz").write_bytes(damaged)
    with contextlib.suppress(InputError):
        read(tmp_path / "a.npz")
