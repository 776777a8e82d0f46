"""NumPy's zipped files (npz)."""

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from packdepth.data.datasets.archives import Tree
from packdepth.errors import InputError


def read_npz(tree: Tree, name: str, key: str, shaped: Callable[[NDArray[Any]], NDArray[Any]]) -> Tensor:
    """An array of a file, float64, after `shaped`, which may fail where the array is not what it expects.

    Raises InputError that names the file if it cannot be read, lacks the array, or holds another kind of it.
    """
    content = tree.read(name)
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as file:
            return torch.from_numpy(shaped(file[key]).astype(np.float64))
    except Exception as error:  # of all kinds: a damaged file can raise any error in numpy
        raise InputError(f"{tree}: {name}: expected an npz with {key!r} ({error})") from None
