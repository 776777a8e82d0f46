"""The cameras of a folder's images: one for all, or one for each."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from packdepth.config.datasets import FolderData
from packdepth.data.datasets.folder.tables import read_table
from packdepth.errors import InputError

COLUMNS = ["fx", "fy", "cx", "cy"]


def read_cameras(data: FolderData, spelled: Mapping[str, str]) -> dict[str, Tensor]:
    """Intrinsics (3, 3) in px of the image, by frame; a frame that the CSV file does not have is not in it.

    `spelled` gives a frame for any way to write it. Raises InputError that names the CSV file and what is wrong in it.
    """
    if not isinstance(data.intrinsics, Path):
        return dict.fromkeys(spelled.values(), _matrix(*data.intrinsics))
    path = data.folder / data.intrinsics.expanduser()
    table = read_table(path, COLUMNS, spelled)
    if list(table) != COLUMNS:
        raise InputError(f"{path}: columns must be name, {', '.join(COLUMNS)}")
    if not (table[["fx", "fy"]] > 0).all(axis=None):
        raise InputError(f"{path}: fx and fy must be above 0")
    return {name: _matrix(*row) for name, row in zip(table.index, table.to_numpy(), strict=True)}


def _matrix(fx: float, fy: float, cx: float, cy: float) -> Tensor:
    return torch.tensor([[fx, 0.0, cx], [0.0, fy, cy], [0.0, 0.0, 1.0]], dtype=torch.float64)
