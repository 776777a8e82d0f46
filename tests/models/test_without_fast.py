"""The networks as published know nothing of `models/fast`: without that folder the project runs, with its numbers."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml

from packdepth import models, paths
from packdepth.config.load import load_study
from packdepth.errors import InputError
from packdepth.training.loop import train
from tests.support.stores import TOP, slopes, write_store

ROOM = TOP / "src" / "packdepth" / "models"
WORDS = re.compile(r"\bfast|accelerat|implementation|winograd|\bfft|fuse", re.IGNORECASE)


def test_only_the_door_of_the_room_speaks_of_it():
    speaking = [path.name for path in ROOM.glob("*.py") if WORDS.search(path.read_text())]
    assert speaking == ["__init__.py"]


def packdepth(source: Path, *arguments: str) -> None:
    """Run the command line of the code in `source`."""
    environment = os.environ | {"PYTHONPATH": str(source), "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", "packdepth", *arguments], env=environment, check=True)


def trained(run: paths.Run) -> tuple[list[float], str]:
    """The loss of every step, and the key of settings and code."""
    return pd.read_csv(run.train_log)["loss"].tolist(), json.loads(run.provenance.read_text())["key"]


@pytest.mark.slow
def test_a_network_is_trained_and_evaluated_without_it(
    tmp_path: Path, shipped: dict[str, Any], monkeypatch: pytest.MonkeyPatch
):
    shutil.copytree(TOP / "src", tmp_path / "without", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    shutil.rmtree(tmp_path / "without" / "packdepth" / "models" / "fast")
    shipped["scales"]["smoke"]["data"] |= {"train": 8, "test": 2}
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(yaml.safe_dump(shipped | {"scale": "smoke"}, sort_keys=False))
    for split, frames in (("train", 8), ("test", 2)):
        write_store(paths.store("smoke", split), slopes(frames, (64, 96)))
    study = load_study()
    run = study.run("packnet", 0)
    for command in ("train", "evaluate"):
        packdepth(tmp_path / "without", command, "--variant", "packnet", "--seed", "0")
    assert len(pd.read_csv(run.per_image)) == 2
    losses, key = trained(run)
    assert len(losses) == 2
    train(study, run)
    assert trained(run)[1] != key  # again, by other code
    assert trained(run)[0] == pytest.approx(losses, rel=1e-4)


def test_what_only_it_has_is_refused_without_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    network = models.build("packnet", width=0.25)
    kinds = [type(part) for part in network.modules()]
    monkeypatch.setattr(models, "FAST", tmp_path / "fast" / "__init__.py")
    for implementation in ("auto", "plain"):
        models.accelerate(network, implementation)
    assert [type(part) for part in network.modules()] == kinds
    with pytest.raises(InputError, match="implementation gpu needs packdepth/models/fast, which is not there"):
        models.accelerate(network, "gpu")
    with pytest.raises(InputError, match="compile needs packdepth/models/fast, which is not there"):
        models.accelerate(network, "auto", compiled=True)
