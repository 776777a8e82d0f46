"""MATLAB 5 files, whole and broken anywhere."""

from pathlib import Path

import numpy as np
import pytest
import scipy.io

from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.matlab import read_matrices
from packdepth.errors import InputError


def written(path: Path) -> bytes:
    scipy.io.savemat(path, {"a": np.arange(600.0).reshape(20, 30), "b": np.eye(2)}, do_compression=True)
    return path.read_bytes()


def test_matrices_come_in_the_order_asked_for(tmp_path: Path):
    written(tmp_path / "x.mat")
    b, a = read_matrices(Tree([tmp_path]), "x.mat", "b", "a")
    np.testing.assert_array_equal(b, np.eye(2))
    np.testing.assert_array_equal(a, np.arange(600.0).reshape(20, 30))


def test_a_lacking_matrix_is_told(tmp_path: Path):
    written(tmp_path / "x.mat")
    with pytest.raises(InputError, match=r"x\.mat: expected MATLAB 5 with a and c \('c'\)"):
        read_matrices(Tree([tmp_path]), "x.mat", "a", "c")


def test_a_file_cut_anywhere_is_one_line(tmp_path: Path):
    content = written(tmp_path / "x.mat")
    for length in range(0, len(content), 7):
        (tmp_path / "x.mat").write_bytes(content[:length])
        with pytest.raises(InputError, match=r"x\.mat: expected MATLAB 5") as caught:
            read_matrices(Tree([tmp_path]), "x.mat", "a", "b")
        assert "\n" not in str(caught.value)


def test_matlab_7_3_is_told(tmp_path: Path):
    content = b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(400)
    (tmp_path / "x.mat").write_bytes(content)
    with pytest.raises(InputError, match=r"x\.mat: expected MATLAB 5 with a \("):
        read_matrices(Tree([tmp_path]), "x.mat", "a")
