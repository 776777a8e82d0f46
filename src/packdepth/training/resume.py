"""Resume states: what a killed training needs to end with the same bits as one left alone.

They live under .packdepth/resume/<key>/, outside what Snakemake and DVC declare (both delete declared outputs before
a rerun), under a key made from everything that determines the run. A finished run's state is removed.
"""

import contextlib
import csv
import fcntl
import hashlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import torch

import packdepth
from packdepth.files import whole

FOLDER = Path(".packdepth/resume")
CODE = ("data", "geometry", "losses", "models", "training")  # packages that decide a training's result


def code_digest() -> str:
    """A hash of the source code that decides a training's result."""
    top = Path(packdepth.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(file for package in CODE for file in (top / package).rglob("*.py")):
        digest.update(file.relative_to(top).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def locked(key: str) -> Iterator[Path]:
    """The folder of one run's state, held by this process alone; removed if the block ends well.

    Killing Snakemake or DVC leaves the training they started alive: a rerun waits here until it has ended.
    """
    folder = FOLDER / key
    folder.mkdir(parents=True, exist_ok=True)
    with (FOLDER / f"{key}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print("packdepth: another process still trains this run; waiting for its end", file=sys.stderr, flush=True)
            fcntl.flock(lock, fcntl.LOCK_EX)
        folder.mkdir(exist_ok=True)
        yield folder
        shutil.rmtree(folder)


def save(folder: Path, state: dict[str, Any]) -> None:
    """Write the state, whole or not at all."""
    with whole(folder / "state.pt") as part:
        torch.save(state, part)


def load(folder: Path) -> dict[str, Any] | None:
    """The last state saved, on the CPU, or None."""
    path = folder / "state.pt"
    return torch.load(path, map_location="cpu", weights_only=True) if path.is_file() else None


class Log:
    """A CSV that grows with the training; what a killed run wrote after its last state is cut off."""

    def __init__(self, path: Path, columns: Sequence[str], last_step: int) -> None:
        """Go on after the rows of `last_step` (0: from the start). The first column is the step."""
        rows = []
        if last_step and path.is_file():
            written = list(csv.reader(path.read_text().splitlines()))[1:]
            rows = [row for row in written if len(row) == len(columns) and int(row[0]) <= last_step]
        self.path = path
        self._file = path.open("w", newline="")
        self._rows = csv.writer(self._file, lineterminator="\n")
        self._rows.writerows([columns, *rows])
        self.flush()

    def write(self, *values: float | int | str) -> None:
        """Add a row; floats keep nine digits, enough to tell any two float32 apart."""
        self._rows.writerow([f"{value:.9g}" if isinstance(value, float) else value for value in values])

    def flush(self) -> None:
        """Bring all rows to the disk."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def publish(self, path: Path) -> None:
        """Close, and copy to `path`, whole or not at all."""
        self._file.close()
        with whole(path) as part:
            shutil.copyfile(self.path, part)
