"""Resume states: what a killed training needs to end with the same bits as an undisturbed one.

They live under .packdepth/resume/<run>/<key>/, outside what Snakemake and DVC declare (both delete declared outputs
before a rerun). The key is made from everything that determines the run's result. A finished run's state is removed.
"""

import contextlib
import csv
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

from packdepth.paths import Run
from packdepth.utils import files
from packdepth.utils.files import atomic_write

FOLDER = Path(".packdepth/resume")


def locked(run: Run) -> contextlib.AbstractContextManager[bool]:
    """Lock the files of one run, whatever its settings, for this process; gives whether it had to wait."""
    return files.locked(FOLDER / run.scale / run.variant / f"seed{run.seed}.lock", "trains this run")


@contextlib.contextmanager
def state_folder(run: Run, key: str) -> Iterator[Path]:
    """The folder of a run's state; removed if the block ends well."""
    folder = FOLDER / run.scale / run.variant / f"seed{run.seed}" / key
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    shutil.rmtree(folder)


def save_state(folder: Path, state: dict[str, Any]) -> None:
    """Write the state, whole or not at all."""
    with atomic_write(folder / "state.pt") as part:
        torch.save(state, part)


def load_state(folder: Path) -> dict[str, Any] | None:
    """The last state saved, on the CPU, or None."""
    path = folder / "state.pt"
    return torch.load(path, map_location="cpu", weights_only=True) if path.is_file() else None


class Log:
    """A CSV that grows with the training; what a killed run wrote after its last state is cut off."""

    def __init__(self, path: Path, columns: Sequence[str], last_step: int) -> None:
        """Continue after the rows of `last_step` (0: from the start). The first column is the step.

        The rows that are kept replace the file in one move, so a kill here does not lose them.
        """
        rows = []
        if last_step and path.is_file():
            written = list(csv.reader(path.read_text().splitlines()))[1:]
            rows = [row for row in written if len(row) == len(columns) and int(row[0]) <= last_step]
        self.path = path
        with atomic_write(path) as part, part.open("w", newline="") as kept:
            csv.writer(kept, lineterminator="\n").writerows([columns, *rows])
        self._file = path.open("a", newline="")
        self._rows = csv.writer(self._file, lineterminator="\n")

    def write(self, *values: float | int | str) -> None:
        """Add a row; floats keep nine digits, enough to distinguish any two float32."""
        self._rows.writerow([f"{value:.9g}" if isinstance(value, float) else value for value in values])

    def flush(self) -> None:
        """Write all rows to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def copy_to(self, path: Path) -> None:
        """Close, and copy to `path`, whole or not at all."""
        self._file.close()
        with atomic_write(path) as part:
            shutil.copyfile(self.path, part)
