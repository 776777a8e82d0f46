"""A group without Snakemake and DVC: the same files, and it goes on where it stopped."""

import contextlib
import shutil
import subprocess
import sys
import tarfile
import time

import psutil
import pytest

from packdepth import paths
from packdepth.analysis.gathered import read_gathered
from tests.support.stores import TOP, no_verdict

SCRIPT = TOP / "workflow" / "by_hand.py"
VARIANTS = {"first": {"network": {"architecture": "constant"}}}


def by_hand(*arguments):
    done = subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout.strip().splitlines(), done.stderr


@pytest.fixture
def study(stores):
    def edit(raw):
        raw["seeds"] = [0, 1]
        raw["groups"]["diagnosis"] = {"variants": VARIANTS}
        raw["verdict"] = no_verdict("packnet")

    made = stores(edit)
    paths.archives("tiny").write_text("[]")
    return made


@pytest.mark.slow
def test_a_group_is_made_and_only_once(study, tmp_path):
    status, said, wrong = by_hand("diagnosis", "--minutes", "0")
    assert (status, said[-1]) == (0, "2 runs are left"), wrong
    status, said, wrong = by_hand("diagnosis", "--together", "2", "--keep", str(tmp_path / "kept.tar.gz"))
    assert (status, said[-1]) == (0, "all runs are done"), wrong
    assert sorted(line for line in said if line.startswith("done:")) == [
        f"done: tiny/first/seed {seed}" for seed in (0, 1)
    ]
    losses = read_gathered(study, "diagnosis", "losses")
    assert list(losses) == ["id", "first/0", "first/1"]
    with tarfile.open(tmp_path / "kept.tar.gz") as kept:
        names = kept.getnames()
    assert "results/tiny/runs/diagnosis/first/seed0/evaluation.json" in names
    assert not [name for name in names if name.endswith(".safetensors")]
    status, said, wrong = by_hand("diagnosis")
    assert not [line for line in said if line.startswith("done:")], wrong


@pytest.mark.slow
def test_whole_seeds_are_gathered_and_torn_ones_left_out(study):
    assert by_hand("diagnosis")[0] == 0
    shutil.rmtree(study.run("first", 1).folder)
    shutil.rmtree(paths.gathered("tiny", "diagnosis"))
    status, said, wrong = by_hand("diagnosis", "--minutes", "0")
    assert (status, said[-1]) == (0, "1 runs are left"), wrong
    assert list(read_gathered(study, "diagnosis", "losses")) == ["id", "first/0"]


@pytest.mark.slow
def test_a_failure_is_named(study):
    paths.store("tiny", "test").write_bytes(b"broken")
    paths.floors("tiny").parent.mkdir(parents=True, exist_ok=True)
    paths.floors("tiny").write_text("")
    status, said, wrong = by_hand("diagnosis", "--together", "2")
    assert status == 1
    assert said[-1] == "2 runs are left"
    assert "tiny/first/seed 0" in wrong.splitlines()[-1]


def test_an_unknown_group_is_named(project):
    project()
    status, _, wrong = by_hand("diagnosys")
    assert status == 2
    assert wrong.count("\n") == 1
    assert "did you mean 'diagnosis'?" in wrong


@pytest.mark.slow
def test_trainings_end_with_it(study):
    paths.floors("tiny").parent.mkdir(parents=True, exist_ok=True)
    paths.floors("tiny").touch()  # so that the first processes are trainings
    running = subprocess.Popen([sys.executable, SCRIPT, "diagnosis", "--together", "2"])
    trainings = []
    while len(trainings) < 2 and running.poll() is None:
        trainings = [one for one in psutil.Process(running.pid).children() if "train" in one.cmdline()]
        time.sleep(0.05)
    running.terminate()
    try:
        assert running.wait(60) == 143
        assert len(trainings) == 2
        assert not any(training.is_running() for training in trainings)
    finally:
        for training in trainings:
            with contextlib.suppress(psutil.NoSuchProcess):
                training.kill()
