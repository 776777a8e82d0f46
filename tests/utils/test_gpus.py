"""Trainings spread over GPUs, and never wait for one."""

from pathlib import Path

import pytest

from packdepth.utils.gpus import PLACES, taken

NAMES = ["a", "b", "c"]


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_each_takes_the_gpu_that_the_fewest_have_taken():
    with taken(1, NAMES) as first, taken(2, NAMES) as second, taken(1, NAMES) as third:
        assert (first, second, third) == ([0], [1, 2], [0])
        with taken(2, NAMES) as fourth:
            assert fourth == [1, 2]


def test_what_has_ended_leaves_its_place():
    with taken(1, NAMES), taken(1, NAMES):
        pass
    with taken(3, NAMES) as numbers:
        assert numbers == [0, 1, 2]


def test_without_locks_the_first_are_taken():
    PLACES.parent.mkdir()
    PLACES.touch()  # a file where a folder should be
    with taken(2, NAMES) as numbers:
        assert numbers == [0, 1]
