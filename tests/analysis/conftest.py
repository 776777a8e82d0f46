"""The study whose results are made by hand: written once, and a copy for every test."""

import os
import shutil
from pathlib import Path

import pytest

from packdepth.config.study import Study
from tests.support.verdicts import study_by_hand


@pytest.fixture(scope="session")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Study]:
    folder = tmp_path_factory.mktemp("by_hand")
    before = Path.cwd()
    os.chdir(folder)
    try:
        return folder, study_by_hand()
    finally:
        os.chdir(before)


@pytest.fixture
def study(written: tuple[Path, Study], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Study:
    folder, study = written
    shutil.copytree(folder, tmp_path / "study")
    monkeypatch.chdir(tmp_path / "study")
    return study
