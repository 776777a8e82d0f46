"""Resume states: what a killed training needs to end with the same bits as an undisturbed one.

They live under .packdepth/resume/<run>/<key>/, outside what Snakemake and DVC declare (both delete declared outputs
before a rerun). The key is made from everything that determines the run's result. A finished run's state is removed.

A state says what the logs held when it was saved, and its file's name holds the SHA-256 of its content. One that is
not as it was saved is set aside.
"""

import contextlib
import csv
import hashlib
import os
import pickle
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pooch
import torch

from packdepth.paths import Run
from packdepth.utils import files
from packdepth.utils.files import atomic_write

FOLDER = Path(".packdepth/resume")
NAME = re.compile(r"step(\d+)\.([0-9a-f]{64})\.pt")  # of a state's file: its step, and the SHA-256 of its content
UNNAMED = "state.new"  # what it is called until that hash is known
FINISHED, BROKEN = ".finished", ".broken"  # endings: of a folder that is being removed, and of a state set aside


def locked(run: Run) -> contextlib.AbstractContextManager[bool]:
    """Lock the files of one run, whatever its settings, for this process; gives whether it had to wait."""
    return files.locked(locks(_of_run(run))[0], "trains this run")


def written(run: Run) -> contextlib.AbstractContextManager[bool]:
    """A second lock, for the one of several processes that writes: the first ends with the process that started it."""
    return files.locked(locks(_of_run(run))[1], "writes this run")


def locks(of_run: Path) -> tuple[Path, Path]:
    """The locks of a run, of the process that trains it and of the one that writes, next to its folder of states."""
    return of_run.with_suffix(".lock"), of_run.with_suffix(".writer.lock")


@contextlib.contextmanager
def state_folder(run: Run, key: str) -> Iterator[Path]:
    """The folder of a run's state, without a broken one; removed if the block ends well.

    The run has to be locked.
    """
    folder = _of_run(run) / key
    for left in folder.parent.glob(f"*{FINISHED}"):  # by a kill during the last line of this function
        shutil.rmtree(left)
    folder.mkdir(parents=True, exist_ok=True)
    _set_aside_broken(folder)
    yield folder
    finished = folder.rename(folder.with_name(folder.name + FINISHED))  # no longer a state, however little is removed
    shutil.rmtree(finished)


def save_state(folder: Path, state: dict[str, Any], logs: Sequence["Log"] = ()) -> None:
    """Write the state of a step, whole or not at all, and remove the one before. `logs` are flushed first."""
    unnamed = folder / UNNAMED
    with atomic_write(unnamed) as part:
        torch.save(state | {"key": folder.name, "logs": {log.path.name: log.flush() for log in logs}}, part)
    saved = unnamed.rename(folder / f"step{state['step']}.{_hash(unnamed)}.pt")
    for other in _states(folder):
        if other != saved:
            other.unlink()


def load_state(folder: Path) -> dict[str, Any] | None:
    """The last state saved, on the CPU, or None."""
    states = _states(folder)
    return torch.load(states[-1], map_location="cpu", weights_only=True) if states else None


def _of_run(run: Run) -> Path:
    return FOLDER / run.scale / run.variant / f"seed{run.seed}"


def _states(folder: Path) -> list[Path]:
    """Files of states, by step."""
    return sorted((path for path in folder.iterdir() if NAME.fullmatch(path.name)), key=_step)


def _step(path: Path) -> int:
    name = NAME.fullmatch(path.name)
    return int(name[1]) if name else 0


def _hash(path: Path) -> str:
    return pooch.file_hash(str(path), alg="sha256")


def _set_aside_broken(folder: Path) -> None:
    """Rename every state that is not as it was saved, or whose logs are not, and say so."""
    for path in _states(folder):
        if fault := _fault(folder, path):
            aside = path.rename(path.with_name(path.name + BROKEN))
            print(f"packdepth: {path}: {fault}; set aside as {aside.name}", file=sys.stderr, flush=True)


def _fault(folder: Path, path: Path) -> str:
    """What is wrong with a state; nothing if it is as it was saved."""
    if _hash(path) not in path.name:
        return "is not what was saved here"
    try:
        state = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
        key, logs = state["key"], state["logs"]
    except (pickle.UnpicklingError, RuntimeError, LookupError, TypeError, ValueError):
        return "is no state of a training"
    if key != folder.name:
        return "is the state of another training"
    for name, (size, known) in logs.items():
        if not (folder / name).is_file() or _hash_of_start(folder / name, size) != known:
            return f"{name} next to it is not what was saved with it"
    return ""


def _hash_of_start(path: Path, size: int) -> str:
    with path.open("rb") as file:
        return hashlib.sha256(file.read(size)).hexdigest()


class Log:
    """A CSV that grows with the training; what a killed run wrote after its last state is cut off."""

    def __init__(self, path: Path, columns: Sequence[str], size: int = 0) -> None:
        """Continue after the first `size` bytes, those that the last state knows, or start anew."""
        self.path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file = path.open("r+" if size else "w", newline="")
        self._file.truncate(size)
        self._file.seek(size)
        self._rows = csv.writer(self._file, lineterminator="\n")
        if not size:
            self._rows.writerow(columns)

    def write(self, *values: float | int | str) -> None:
        """Add a row; floats keep nine digits, enough to distinguish any two float32."""
        self._rows.writerow([f"{value:.9g}" if isinstance(value, float) else value for value in values])

    def flush(self) -> tuple[int, str]:
        """Write all rows to the disk; returns how many bytes the file has, and their SHA-256."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self.path.stat().st_size, _hash(self.path)

    def copy_to(self, path: Path) -> None:
        """Close, and copy to `path`, whole or not at all."""
        self._file.close()
        with atomic_write(path) as part:
            shutil.copyfile(self.path, part)
