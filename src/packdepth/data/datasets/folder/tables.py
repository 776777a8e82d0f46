"""CSV files with numbers of frames: intrinsics, times, poses."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from packdepth.errors import InputError
from packdepth.utils.files import require_file


def read_table(path: Path, columns: list[str], spelled: Mapping[str, str]) -> pd.DataFrame:
    """The numbers of the `columns` that the file has, by frame.

    `spelled` gives the frame of a cell in column `name`. Rows of other names, and rows with an empty cell, are passed
    over. Raises InputError that names the file if it cannot be read, has no such column, or two rows of one frame.
    """
    require_file(path)
    try:
        table = pd.read_csv(path, dtype=dict.fromkeys(columns, float) | {"name": str}, skipinitialspace=True)
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: {error}") from None
    if "name" not in table:
        raise InputError(f"{path}: has no column 'name', but {', '.join(map(str, table.columns))}")
    table = table.assign(name=table["name"].str.strip().map(spelled)).dropna(subset="name").set_index("name")
    if table.index.has_duplicates:
        raise InputError(f"{path}: has several rows of frame {table.index[table.index.duplicated()][0]!r}")
    return table[[column for column in columns if column in table]].dropna()
