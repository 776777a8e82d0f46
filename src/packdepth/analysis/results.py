"""Reading what training and evaluation wrote, for tables and figures."""

import contextlib
import errno
import json
import zipfile
import zlib
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from packdepth import paths
from packdepth.config.study import Study
from packdepth.errors import InputError, shortened
from packdepth.paths import Run

# What readers raise for damaged content. What the system refuses is no reason to remove a file.
DAMAGE = (EOFError, LookupError, ValueError, NotImplementedError, zipfile.BadZipFile, zlib.error)
COLUMNS = {  # what is read of a table, by its file's name
    "context_quality.csv": ("method", "displacement_px"),
    "curves.csv": ("variant", "step", "loss"),
    "diagnostics.csv": ("step", "name", "value"),
    "error_by_distance.csv": ("near", "far", "pixels", "abs_error"),
    "floors.csv": ("name", "split", "floor", "loss"),
    "losses.csv": ("id",),
    "per_image.csv": ("id",),
    "reconstructions.csv": ("variant", "images", "psnr"),
    "sparsification.csv": ("variant", "seed", "predictor", "removed", "error", "oracle"),
    "stages.csv": ("variant", "stage"),
    "train_log.csv": ("step", "loss"),
    "uncertainty.csv": ("variant", "seed", "predictor", "id", "predicted", "ause", "ause_random"),
    "variants.csv": ("variant", "architecture"),
}
BASELINE = "densedepth"  # the denominator of ratios


def runs(study: Study, variant: str) -> list[Run]:
    """The runs of one variant of any group, one per seed."""
    return [study.run(variant, seed) for seed in study.seeds_of(variant)]


def all_runs(study: Study) -> Iterator[Run]:
    """Every run of the report's variants, in the order of params.yaml."""
    for variant in study.variants:
        yield from runs(study, variant)


def read_json(path: Path) -> dict[str, Any]:
    """A result file. Raises InputError if it is missing or damaged, and later if a key is asked for that it lacks."""
    with _whole(path):
        content: dict[str, Any] = json.loads(path.read_text(), object_hook=lambda values: _Content(path, values))
        return content


def read_table(path: Path) -> pd.DataFrame:
    """Any table. Raises InputError if it is missing or damaged."""
    with _whole(path):
        return pd.read_csv(path)


def read_csv(path: Path) -> pd.DataFrame:
    """The table of a run, a group or a scale. Raises InputError likewise, and if it lacks one of its columns."""
    table = read_table(path)
    for column in COLUMNS.get(path.name, ()):
        if column not in table:
            raise _lacks(path, column)
    return table


def floors(study: Study, split: str) -> pd.DataFrame:
    """What the scale's loss comes to without a network, by floor. Raises InputError if the file is missing."""
    table = read_csv(paths.floors(study.scale))
    return table[(table["name"] == study.loss_name) & (table["split"] == split)].set_index("floor")


def image_floors(study: Study) -> pd.Series:
    """The mean squared error of reconstructed test images without a network, by floor. Raises InputError likewise."""
    table = read_csv(paths.floors(study.scale))
    return table[table["name"] == "image"].set_index("floor")["loss"]


def read_npz(path: Path) -> dict[str, np.ndarray]:
    """The arrays of a result file. Raises InputError as `read_json` does."""
    with _whole(path), np.load(path, allow_pickle=False) as file:
        return _Content(path, dict(file))


def reported() -> dict[str, Any]:
    """The numbers of the report, and those of the papers for comparison."""
    content: dict[str, Any] = yaml.safe_load((files("packdepth.analysis") / "reported.yaml").read_text())
    return content


class _Content(dict[str, Any]):
    """What a file holds; a key that is not there is the file's fault."""

    def __init__(self, path: Path, values: dict[str, Any]) -> None:
        super().__init__(values)
        self._path = path

    def __missing__(self, key: str) -> Any:
        raise _lacks(self._path, key)


def _lacks(path: Path, key: str) -> InputError:
    return InputError(f"{path}: without {key!r}; remove it, and `snakemake` makes it again")


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[None]:
    """Raise InputError where a file is not there, or its reader finds it damaged."""
    if not path.is_file():
        raise InputError(f"{path}: not there yet; `snakemake` makes it")
    try:
        yield
    except (*DAMAGE, OSError) as error:
        if isinstance(error, OSError) and error.errno != errno.EINVAL:  # which a damaged zip's offsets lead to
            raise InputError(f"{path}: cannot be read now: {error.strerror}") from None
        told = shortened(str(error))
        raise InputError(f"{path}: damaged ({told}); remove it, and `snakemake` makes it again") from None
