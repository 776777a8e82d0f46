"""What is left over is found, and what is needed is not."""

import os
import time
from pathlib import Path

import pytest
import torch

from packdepth.litter import litter
from packdepth.training import loop, resume
from packdepth.utils.files import atomic_write

YESTERDAY = time.time() - 86_400


def current_key(study, device: str = "cpu") -> str:
    variant, run = study.variant("packnet"), study.run("packnet", 0)
    return loop.run_key(variant, 0, loop.training_frames(variant, run).fingerprint, torch.device(device))


@pytest.fixture
def left(stores):
    """A study in which something of every kind is left over."""
    study = stores()
    with atomic_write(Path("results/tiny/table.csv")) as part:
        kept = part.with_name(part.name.replace("table", "other"))
        kept.write_bytes(bytes(2_000_000))
    states = Path(".packdepth/resume/tiny/packnet/seed0")
    for name in (
        current_key(study),
        current_key(study, "cuda"),
        "0123456789abcdef",
        f"0123456789abcdef{resume.FINISHED}",
    ):
        (states / name).mkdir(parents=True)
        (states / name / "step2.pt").touch()
    (states / current_key(study) / f"step1.pt{resume.BROKEN}").touch()
    (states / current_key(study) / resume.UNNAMED).touch()
    (states / "0123456789abcdef" / ".state.01234567.part.new").touch()  # goes with its folder
    (states.parent / "seed0.lock").touch()
    (states.parent / "seedX/0123456789abcdef").mkdir(parents=True)  # not ours
    Path("dvc.lock.broken").touch()
    for path in [*Path().rglob("*"), *Path().rglob(".*")]:
        os.utime(path, (YESTERDAY, YESTERDAY))
    return study


def test_all_of_it_is_found_and_nothing_else(left):
    found = {one.path.name: one for one in litter(left)}
    assert sorted(one.why.split()[0] for one in found.values()) == ["broken", "part", "state", "state", "state", "torn"]
    assert {one.size for name, one in found.items() if name.endswith(".csv")} == {2_000_000}
    for one in found.values():
        one.remove()
    assert litter(left) == []
    assert Path("results/tiny/table.csv").exists()
    assert Path(".packdepth/resume/tiny/packnet/seed0", current_key(left), "step2.pt").exists()
    assert Path(".packdepth/resume/tiny/packnet/seed0", current_key(left, "cuda"), "step2.pt").exists()
    assert Path("data/tiny/train.h5").exists()


def test_what_may_still_be_written_is_left_alone(left):
    for one in litter(left):
        for path in [one.path, *one.path.rglob("*")]:
            os.utime(path)
    assert litter(left) == []


def states(study) -> list[str]:
    return [one.path.name for one in litter(study) if "today" in one.why]


def test_a_training_that_runs_is_left_alone(left):
    assert states(left) == ["0123456789abcdef"]
    with resume.locked(left.run("packnet", 0)):
        assert states(left) == []


def test_while_its_data_are_away_no_state_is_called_another_ones(left):
    store = Path("data/tiny/train.h5")
    store.rename("elsewhere.h5")
    assert states(left) == []
    Path("elsewhere.h5").rename(store)
    assert states(left) == ["0123456789abcdef"]


def test_what_was_written_inside_a_folder_counts(left):
    os.utime(".packdepth/resume/tiny/packnet/seed0/0123456789abcdef/step2.pt")
    assert states(left) == []
