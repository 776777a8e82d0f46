"""SIGKILL at several moments of a training, under both tools: the next run ends with the bits of an undisturbed one.

TOOL_KILLS=50 kills each tool at so many random moments besides.
"""

import os
import random
import re
import shutil
import signal
import time
from collections.abc import Callable

import pytest

from tests.support.clones import Clone

MODEL = "results/tiny/runs/report/packnet/seed0/model.safetensors"
LOG = "results/tiny/runs/report/packnet/seed0/train_log.csv"
LOCK = ".packdepth/resume/tiny/packnet/*.lock"  # there as soon as a training starts
STATE = ".packdepth/resume/tiny/packnet/seed0/*/step*.pt"
RANDOM = int(os.environ.get("TOOL_KILLS", "0"))
COMMANDS = {
    "snakemake": ("snakemake", "--cores", "8", MODEL),
    "dvc": ("dvc", "repro", "--single-item", "train@report-packnet-0"),
}


@pytest.mark.parametrize("tool", ["snakemake", "dvc"])
def test_a_killed_training_ends_with_the_same_bits(made_by: Callable[[str], Clone], tool: str) -> None:
    clone = made_by(tool)
    undisturbed = training(clone)
    forget_training(clone)
    for moment in (LOCK, STATE):
        kill(clone, tool, moment, os.killpg)
        assert not (clone.path / MODEL).exists()
    told = clone.run(*COMMANDS[tool])
    assert first_step(told) > 1
    assert training(clone) == undisturbed

    forget_training(clone)
    kill(clone, tool, STATE, os.kill)  # the tool alone: the training it started lives on
    clone.run(*COMMANDS[tool])
    assert training(clone) == undisturbed
    assert not list(clone.path.glob(STATE))


@pytest.mark.skipif(not RANDOM, reason="takes a quarter of a minute a kill; TOOL_KILLS=50 asks for it")
@pytest.mark.parametrize("tool", ["snakemake", "dvc"])
def test_a_tool_killed_at_any_moment_ends_with_the_same_bits(made_by: Callable[[str], Clone], tool: str) -> None:
    """Or it stops with one line, and ends with the same bits after what that says."""
    clone, moments, mended = made_by(tool), random.Random(0), 0
    forget_training(clone)
    start = time.monotonic()
    clone.run(*COMMANDS[tool])
    whole, undisturbed = time.monotonic() - start, training(clone)
    for number in range(RANDOM):
        forget_training(clone)
        process = clone.start(*COMMANDS[tool])
        time.sleep(moments.uniform(0, whole))
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if tool == "snakemake":
            clone.run("snakemake", "--unlock")
        again = clone.start(*COMMANDS[tool])
        if again.wait():
            mended += 1
            clone.sync()
            clone.run(*COMMANDS[tool])
        assert training(clone) == undisturbed, f"after kill {number}"
    print(f"{RANDOM} kills of {tool} within {whole:.1f} s: the same bits, {mended} times after `make sync`")


def training(clone: Clone) -> tuple[bytes, list[str]]:
    """The bits of the network, and the losses of all steps."""
    rows = [line.split(",") for line in (clone.path / LOG).read_text().splitlines()]
    return (clone.path / MODEL).read_bytes(), [row[rows[0].index("loss")] for row in rows]


def forget_training(clone: Clone) -> None:
    """Remove the trained network and all that DVC knows of it; the data stay."""
    (clone.path / MODEL).unlink()
    (clone.path / LOG).unlink()
    shutil.rmtree(clone.path / ".dvc/cache", ignore_errors=True)
    (clone.path / "dvc.lock").unlink(missing_ok=True)


def kill(clone: Clone, tool: str, moment: str, how: Callable[[int, int], None]) -> None:
    """Start the training and kill it as soon as a file of this pattern is new."""
    before = stamps(clone, moment)
    process = clone.start(*COMMANDS[tool])
    while stamps(clone, moment) == before:
        assert process.poll() is None, "ended before it could be killed"
        time.sleep(0.005)
    how(process.pid, signal.SIGKILL)
    process.wait()
    if tool == "snakemake":
        clone.run("snakemake", "--unlock")


def stamps(clone: Clone, pattern: str) -> dict[str, int]:
    """When the files of a pattern were written."""
    return {str(file): file.stat().st_mtime_ns for file in clone.path.glob(pattern)}


def first_step(told: str) -> int:
    """The first step that a training tells of."""
    steps = re.search(r"train tiny/packnet/seed 0: (\d+)/", told)
    assert steps, told
    return int(steps[1])


def test_what_a_kill_tears_of_dvcs_own_files_is_named_and_mended(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("synced")
    lock, rwlock = clone.path / "dvc.lock", clone.path / ".dvc/tmp/rwlock"
    lock.write_bytes(lock.read_bytes()[: lock.stat().st_size // 2])
    rwlock.parent.mkdir(parents=True, exist_ok=True)
    rwlock.write_text('{"x": 1}')
    assert "rwlock: broken" in clone.sync()
    (clone.path / "dvc.lock.broken").rename(lock)
    rwlock.write_text("")
    assert "dvc.lock: broken, by a kill perhaps; `make sync` sets it aside" in clone.run(
        "snakemake", "--dry-run", code=2
    )
    told = clone.sync()
    assert "dvc.lock: broken, by a kill perhaps; set aside as dvc.lock.broken" in told
    assert ".dvc/tmp/rwlock: broken" in told
    assert "agree" in told
    assert not clone.outdated()
    assert not clone.planned()
