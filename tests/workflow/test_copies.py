"""Unchanged content under another date is nothing new, and what only looks changes nothing."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.clones import TARGETS, Clone


@pytest.fixture(params=["with dvc.lock", "without"])
def finished(request: pytest.FixtureRequest, made_by: Callable[[str], Clone]) -> Clone:
    """A study that Snakemake has made; recorded in dvc.lock, or not."""
    clone = made_by("snakemake")
    if request.param == "with dvc.lock":
        assert "agree" in clone.sync()
    clone.ran()
    return clone


def copied(clone: Clone, how: str, path: Path) -> Clone:
    """A copy with new dates (cp -r), or with dates cut to whole seconds (plain tar)."""
    path.mkdir()
    if how == "cp":
        clone.run("cp", "-r", ".", str(path))
    else:
        clone.run("bash", "-c", f"tar --format=ustar -cf - . | tar -xf - -C '{path}'")
    return Clone(path)


def is_current(clone: Clone) -> None:
    synced = (clone.path / "dvc.lock").exists()
    assert not clone.planned()
    if synced:
        assert "agree" in clone.sync()
        assert not clone.outdated()
        assert not clone.planned()
    assert "Nothing to be done" in clone.run("snakemake")
    assert not clone.ran()


@pytest.mark.parametrize("how", ["cp", "tar"])
def test_a_copy_is_as_current_as_its_original(finished: Clone, how: str, tmp_path: Path) -> None:
    is_current(copied(finished, how, tmp_path / "copy"))


def test_a_touch_is_nothing_new(finished: Clone) -> None:
    for file in ("params.yaml", "src/packdepth/models/packnet.py", "data/tiny/train.h5", *RESULTS):
        os.utime(finished.path / file)
    is_current(finished)


RESULTS = (
    "results/tiny/runs/report/packnet/seed0/model.safetensors",
    "results/tiny/runs/report/packnet/seed0/metrics.json",
    "results/tiny/figures/curves.png",
)


def test_commands_run_by_hand_are_nothing_new(finished: Clone) -> None:
    for command in ("settings", "data make train --scale tiny", "figure curves", "tables report"):
        finished.run("packdepth", *command.split())
    finished.ran()
    is_current(finished)


def test_a_training_run_by_hand_is_not_trained_again(finished: Clone) -> None:
    """Its log tells other times, so that it is evaluated again."""
    finished.run("packdepth", "train", "--variant", "packnet", "--seed", "0")
    finished.ran()
    assert "packdepth evaluate --variant packnet --seed 0" in finished.planned()
    assert not any("packdepth train" in command for command in finished.planned())


@pytest.mark.parametrize("arguments", [("-n",), ("-n", *TARGETS), ("--list",), ("--summary",), ("--lint",)])
def test_what_only_looks_changes_nothing(finished: Clone, arguments: tuple[str, ...]) -> None:
    before = everything(finished)
    finished.run("snakemake", *arguments)
    assert everything(finished) == before


def test_a_report_adds_a_file_and_changes_none(finished: Clone) -> None:
    before = everything(finished)
    finished.run("snakemake", "--report", "report.html")
    (finished.path / "report.html").unlink()
    assert everything(finished) == before


def test_what_only_looks_changes_nothing_in_a_fresh_clone(fresh: Clone) -> None:
    before = everything(fresh)
    for arguments in (("-n",), ("--list",)):
        fresh.run("snakemake", *arguments)
    shutil.rmtree(fresh.path / ".snakemake", ignore_errors=True)  # where Snakemake keeps its own state
    assert everything(fresh) == before


NOT_COMPARED = (".git/", ".snakemake/log", ".snakemake/iocache")


def everything(clone: Clone) -> dict[str, tuple[int, bytes]]:
    """Date and content of every file but Snakemake's own logs and source cache."""
    return {
        name: (file.lstat().st_mtime_ns, file.read_bytes())
        for file in clone.path.rglob("*")
        if file.is_file()
        and not (name := str(file.relative_to(clone.path))).startswith(NOT_COMPARED)
        and "__pycache__" not in name
    }
