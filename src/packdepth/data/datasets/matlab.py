"""MATLAB 5 files. (MATLAB 7.3's are HDF5.)"""

import io
from typing import Any

import scipy.io
from numpy.typing import NDArray

from packdepth.data.datasets.archives import Tree
from packdepth.errors import InputError


def read_matrices(tree: Tree, name: str, *matrices: str) -> list[NDArray[Any]]:
    """Matrices of a file. Raises InputError that names the file if it cannot be read or lacks one of them."""
    content = tree.read(name)
    try:
        found = scipy.io.loadmat(io.BytesIO(content), variable_names=matrices)
        return [found[matrix] for matrix in matrices]
    except Exception as error:  # of all kinds: a damaged file can raise any error in scipy
        told = f"expected MATLAB 5 with {' and '.join(matrices)} ({error})"
        raise InputError(f"{tree}: {name}: {told}") from None
