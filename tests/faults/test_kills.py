"""SIGKILL before any operation on a file: the next run ends with the same bits. KILLS=all tries every one of them.

Only what Python itself does to files is counted; HDF5, torch and safetensors write into parts that have no name yet.
"""

import hashlib
import itertools
import os
import shutil
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from packdepth import paths
from packdepth.config.load import load_study
from packdepth.data.datasets.acquire import acquire
from packdepth.data.datasets.convert import make_store
from packdepth.training.loop import train

EVERY = 1 if os.environ.get("KILLS") == "all" else 16  # of the operations is tried
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
EVENTS = (
    "os.mkdir",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.truncate",
    "os.link",
    "shutil.rmtree",
    "shutil.copyfile",
)
TIMES = ("seconds", "waited", "images_per_second", "peak_memory_mib")  # what differs from run to run


def make_train_store() -> None:
    study = load_study()
    acquire(study.data, paths.downloads(study.data.dataset), paths.archives(study.scale))
    make_store(study.data, "train", paths.archives(study.scale), paths.store(study.scale, "train"))


def train_packnet() -> None:
    study = load_study()
    train(study, study.run("packnet", 0))


def killed_before(work: Callable[[], None], operation: int) -> int:
    """Do it in a process of its own, that is killed before so many operations; returns how it ended, as `os.wait`."""
    if child := os.fork():
        return os.waitpid(child, 0)[1]
    left = itertools.count(operation, -1)

    def count(event: str, arguments: tuple[object, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITES
        if (writes or event in EVENTS) and not str(arguments[0]).startswith(("/dev", "/proc")) and not next(left):
            os.kill(os.getpid(), signal.SIGKILL)

    code = 1
    try:
        for stream in (1, 2):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
        sys.addaudithook(count)
        work()
        code = 0
    finally:
        os._exit(code)


def results(folder: str) -> dict[str, str]:
    """What a run is for, by file: everything but measured times, and parts that a kill has left."""
    found = {}
    for file in sorted(path for path in Path(folder).rglob("[!.]*") if path.is_file()):
        content = without_times(file.read_text()).encode() if file.suffix == ".csv" else file.read_bytes()
        if file.name not in ("provenance.json", "archives.json"):  # times, too
            found[str(file)] = hashlib.sha256(content).hexdigest()
    return found


def without_times(table: str) -> str:
    rows = [line.split(",") for line in table.splitlines()]
    kept = [place for place, name in enumerate(rows[0]) if name not in TIMES]
    return "\n".join(",".join(row[place] for place in kept) for row in rows if not set(row) & set(TIMES))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("work", "made"), [(make_train_store, "data"), (train_packnet, "results")], ids=["data make", "train"]
)
def test_a_kill_before_any_operation_changes_no_bit(stores, work: Callable[[], None], made: str):
    torch.set_num_threads(1)  # a fork does not take threads along
    stores(lambda raw: raw["scales"]["tiny"]["training"].update(epochs=2, save_every=2))  # 6 steps

    def forget() -> None:
        for folder in (made, ".packdepth"):
            shutil.rmtree(folder, ignore_errors=True)

    forget()
    assert killed_before(work, -1) == 0
    undisturbed = results(made)
    assert undisturbed
    for operation in itertools.count(0, EVERY):
        forget()
        ended = killed_before(work, operation)
        assert ended in (0, signal.SIGKILL)
        assert killed_before(work, -1) == 0, f"after a kill before operation {operation}"
        assert results(made) == undisturbed, f"after a kill before operation {operation}"
        if ended == 0:
            break
    print(f"at most {operation} operations, of which every {EVERY}. was tried")
