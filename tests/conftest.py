"""What many tests start from: a project folder with tiny stores and a params.yaml of its own."""

import copy
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from hypothesis import settings

from packdepth import paths
from packdepth.config.load import load_study
from packdepth.config.study import Study
from tests.support.stores import TOP, slopes, write_store

pytest_plugins = [
    "tests.support.browser",
    "tests.support.context_store",
    "tests.support.packnet_sfm",
    "tests.support.results",
]
torch.set_num_threads(1)  # tests run side by side
if not torch.cuda.is_available():
    os.environ["TRITON_INTERPRET"] = "1"  # Triton reads it once, when it is imported, and runs its kernels on a CPU
settings.register_profile("untimed", deadline=None)  # a first call loads what later ones have
settings.load_profile("untimed")
TINY = {
    "data": {"dataset": "rooms", "size": [64, 64], "train": 12, "test": 3, "seed": 0},
    "context": {"kinds": ["recorded", "synthetic"], "motion": "cart"},
    "width": 0.25,
    "training": {"context": "recorded", "save_every": 2, "diagnostics_every": 2},
    "evaluation": {"protocol": "indoor", "flip": True},
}


@pytest.fixture(scope="session")
def shipped() -> dict[str, Any]:
    """The project's own params.yaml."""
    return yaml.safe_load((TOP / "params.yaml").read_text())


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shipped: dict[str, Any]) -> Callable[..., Study]:
    """Make the temporary folder a project at scale `tiny`; called with a function that edits params.yaml first."""
    monkeypatch.chdir(tmp_path)

    def write(edit: Callable[[dict[str, Any]], object] = lambda raw: None) -> Study:
        raw = copy.deepcopy(shipped) | {"scale": "tiny"}
        raw["scales"]["tiny"] = copy.deepcopy(TINY)
        edit(raw)
        Path("params.yaml").write_text(yaml.dump(raw, Dumper=yaml.CSafeDumper, sort_keys=False))
        return load_study()

    return write


@pytest.fixture
def stores(project: Callable[..., Study]) -> Callable[..., Study]:
    """As `project`, with both stores of scale `tiny` already made."""

    def write(edit: Callable[[dict[str, Any]], object] = lambda raw: None) -> Study:
        study = project(edit)
        write_store(paths.store("tiny", "train"), slopes(12, seed=0))
        write_store(paths.store("tiny", "test"), slopes(3, seed=1))
        return study

    return write
