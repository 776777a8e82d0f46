"""Studies to test on. The finished ones take the most time: each is made once, by whichever worker of pytest-xdist asks
first, and every test works on a copy.
"""

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.clones import TARGETS, Clone, new_clone

COMMANDS = {
    "snakemake": ("snakemake", "--cores", "8", "--resources", "gpu=1"),
    "everything": ("snakemake", "--cores", "8", *TARGETS),
    "dvc": ("dvc", "repro"),
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what is in this folder; pytest gives the hook all tests."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("workflow")


@pytest.fixture
def fresh(tmp_path: Path) -> Clone:
    """The project with the tiny study, nothing made."""
    return new_clone(tmp_path / "fresh")


@pytest.fixture
def made_by(tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Callable[[str], Clone]:
    """A copy of the study made from a fresh clone by "snakemake", by it with all groups ("everything") or by "dvc"."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base  # of all workers

    def copy(tool: str) -> Clone:
        with (shared / f"{tool}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (shared / f"{tool}.made").exists():
                clone = new_clone(shared / tool)
                clone.run(*COMMANDS[tool])
                clone.commit("the study")
                (shared / f"{tool}.made").touch()
        return Clone(shared / tool).copy(tmp_path / tool)

    return copy
