"""Studies to test on. The finished ones take the most time: each is made once, by whichever worker of pytest-xdist asks
first, and every test works on a copy.
"""

import fcntl
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.clones import Clone, new_clone

# What a study is made from, another one or nothing, and by which command.
BASES: dict[str, tuple[str | None, tuple[str, ...]]] = {
    "snakemake": (None, ("snakemake", "--cores", "8", "--resources", "gpu=1")),
    "synced": ("snakemake", (sys.executable, "workflow/sync.py")),
    "dvc": (None, ("dvc", "repro")),
    "pulled": ("dvc", ("snakemake", "--dry-run")),
    "everything": ("dvc", ("dvc", "repro", "--all-pipelines")),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder, and start with it: the longest tests; pytest gives the hook all tests."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("workflow")
    items.sort(key=lambda item: item.get_closest_marker("workflow") is None)


@pytest.fixture
def fresh(tmp_path: Path) -> Clone:
    """The project with the tiny study, nothing made."""
    return new_clone(tmp_path / "fresh")


@pytest.fixture
def made_by(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Callable[[str], Clone]:
    """A copy of the study made by "snakemake", by it and then `make sync` ("synced"), by "dvc", by it and then seen by
    Snakemake ("pulled"), or by "dvc" with all groups ("everything")."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base  # of all workers

    def made(name: str) -> Clone:
        before, command = BASES[name]
        with (shared / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (shared / f"{name}.made").exists():
                shutil.rmtree(shared / name, ignore_errors=True)
                clone = made(before).copy(shared / name) if before else new_clone(shared / name)
                clone.run(*command)
                clone.commit("the study")
                (shared / f"{name}.made").touch()
        return Clone(shared / name)

    return lambda name: made(name).copy(tmp_path / name)
