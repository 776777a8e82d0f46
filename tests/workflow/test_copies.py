"""Unchanged content under another date is nothing new, and what only looks changes nothing."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.clones import TARGETS, Clone

RESULTS = (
    "results/tiny/runs/report/packnet/seed0/model.safetensors",
    "results/tiny/metrics/report/packnet.0.json",
    "results/tiny/figures/curves.png",
)
NOT_COMPARED = (".git/", ".snakemake/log", ".snakemake/iocache")


@pytest.fixture(params=["synced", "snakemake"], ids=["with dvc.lock", "without"])
def finished(request: pytest.FixtureRequest, made_by: Callable[[str], Clone]) -> Clone:
    """A study that Snakemake has made; recorded in dvc.lock, or not."""
    clone = made_by(request.param)
    clone.ran()
    return clone


def is_current(clone: Clone) -> None:
    """Neither tool wants to run anything, whichever is asked first."""
    assert not clone.planned()
    assert "Nothing to be done" in clone.run("snakemake")
    if (clone.path / "dvc.lock").exists():
        assert "agree" in clone.sync()
        assert not clone.outdated()
        assert not clone.planned()
    assert not clone.ran()


@pytest.mark.parametrize("how", ["cp -r . {}", "tar --format=ustar -cf - . | tar -xf - -C {}"], ids=["cp", "tar"])
def test_a_copy_is_as_current_as_its_original(finished: Clone, how: str, tmp_path: Path) -> None:
    """With new dates, or with dates cut to whole seconds."""
    copy = tmp_path / "copy"
    copy.mkdir()
    finished.run("bash", "-c", how.format(copy))
    is_current(Clone(copy))


def test_touches_and_commands_run_by_hand_are_nothing_new(finished: Clone) -> None:
    """After a training by hand its log has other times, so that it is evaluated again, but not trained."""
    for file in ("params.yaml", "src/packdepth/models/packnet.py", "data/tiny/train.h5", *RESULTS):
        os.utime(finished.path / file)
    for command in ("settings", "data make train --scale tiny", "figure curves", "tables report"):
        finished.run("packdepth", *command.split())
    finished.ran()
    is_current(finished)
    finished.run("packdepth", "train", "--variant", "packnet", "--seed", "0")
    planned = finished.planned()
    assert "packdepth evaluate --variant packnet --seed 0" in planned
    assert not any("packdepth train" in command for command in planned)


def test_what_only_looks_changes_nothing(made_by: Callable[[str], Clone]) -> None:
    finished = made_by("synced")
    finished.ran()
    before = everything(finished)
    for arguments in (("-n",), ("-n", *TARGETS), ("--list",), ("--summary",), ("--report", "report.html")):
        finished.run("snakemake", *arguments)
        (finished.path / "report.html").unlink(missing_ok=True)
        assert everything(finished) == before, arguments


def test_what_only_looks_changes_nothing_in_a_fresh_clone(fresh: Clone) -> None:
    before = everything(fresh)
    for arguments in (("-n",), ("--list",)):
        fresh.run("snakemake", *arguments)
    shutil.rmtree(fresh.path / ".snakemake", ignore_errors=True)  # where Snakemake keeps its own state
    assert everything(fresh) == before


def everything(clone: Clone) -> dict[str, tuple[int, bytes]]:
    """Date and content of every file but Snakemake's own logs and caches."""
    return {
        name: (file.lstat().st_mtime_ns, file.read_bytes())
        for file in clone.path.rglob("*")
        if file.is_file()
        and not (name := str(file.relative_to(clone.path))).startswith(NOT_COMPARED)
        and "__pycache__" not in name
    }
