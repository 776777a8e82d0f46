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


def current_key(study) -> str:
    variant, run = study.variant("packnet"), study.run("packnet", 0)
    return loop.run_key(variant, 0, loop.training_frames(variant, run).fingerprint, torch.device("cpu"))


@pytest.fixture
def left(stores, monkeypatch: pytest.MonkeyPatch):
    """A study in which something of every kind is left over."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    study = stores()
    with atomic_write(Path("results/tiny/table.csv")) as part:
        kept = part.with_name(part.name.replace("table", "other"))
        kept.write_bytes(bytes(2_000_000))
    states = Path(".packdepth/resume/tiny/packnet/seed0")
    for name in (current_key(study), "0123456789abcdef", f"0123456789abcdef{resume.FINISHED}"):
        (states / name).mkdir(parents=True)
        (states / name / "step2.pt").touch()
    (states / current_key(study) / f"step1.pt{resume.BROKEN}").touch()
    (states.parent / "seed0.lock").touch()
    for path in [*Path().rglob("*"), *Path().rglob(".*")]:
        os.utime(path, (YESTERDAY, YESTERDAY))
    return study


def test_all_of_it_is_found_and_nothing_else(left):
    found = {one.path.name.split(".")[-1]: one for one in litter(left)}
    assert sorted(one.why.split()[0] for one in found.values()) == ["broken", "part", "state", "state"]
    assert found["csv"].size == 2_000_000
    for one in found.values():
        one.remove()
    assert litter(left) == []
    assert Path("results/tiny/table.csv").exists()
    assert Path(".packdepth/resume/tiny/packnet/seed0", current_key(left), "step2.pt").exists()
    assert Path("data/tiny/train.h5").exists()


def test_what_may_still_be_written_is_left_alone(left):
    for one in litter(left):
        os.utime(one.path)
    assert litter(left) == []
