"""One line for what a user can do something about, and none for a fault of the program."""

import os
import signal
from pathlib import Path

import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from packdepth.errors import InputError, explained, shortened


class Dies(Dataset[int]):
    """A frame that its reader does not survive."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> int:
        os.kill(os.getpid(), signal.SIGKILL)
        return index


def error_of(work) -> Exception:
    with pytest.raises(Exception) as raised:  # noqa: PT011 (of any kind)
        work()
    return raised.value


def test_a_killed_loader_process():
    error = error_of(lambda: list(DataLoader(Dies(), num_workers=1)))
    assert explained(error).startswith("a loader process was killed or found too little shared memory")


@pytest.mark.parametrize(
    ("said", "explanation"),
    [
        ("unable to write to file </torch_12_34>: No space left on device (28)", "a loader process was killed"),
        ("[enforce fail at inline_container.cc:603] . unexpected pos", "no space left on the disk"),
        ("CUDA out of memory. Tried to allocate 2.00 GiB", "not enough memory"),
    ],
)
def test_what_torch_says(said: str, explanation: str):
    assert explained(RuntimeError(said)).startswith(explanation)


def test_too_much_memory():
    assert explained(error_of(lambda: torch.empty(1 << 60))).startswith("not enough memory")
    assert explained(MemoryError()) == "not enough memory"


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (lambda path: path.read_bytes(), "Is a directory"),
        (lambda path: (path / "none").read_bytes(), "No such file or directory"),
        (lambda path: (path / ("x" * 300)).read_bytes(), "File name too long"),
    ],
)
def test_what_the_system_says_names_the_file(tmp_path: Path, work, reason: str):
    line = explained(error_of(lambda: work(tmp_path)))
    assert line.startswith(str(tmp_path))
    assert line.endswith(f": {reason}")


def test_a_folder_that_is_called_like_shared_memory_is_none():
    line = explained(PermissionError(13, "Permission denied", "/home/shmuel/torch_models/a.h5"))
    assert line == "/home/shmuel/torch_models/a.h5: Permission denied"


def test_a_fault_of_the_program_is_not_explained():
    assert explained(KeyError("depth")) == ""
    assert explained(RuntimeError("shapes do not match")) == ""


def test_a_message_is_one_line_that_a_terminal_can_show():
    assert str(InputError("a\nb\u2028c\x1b[2Jd")) == "a b c?[2Jd"
    assert explained(InputError("a\nb")) == "a b"
    assert len(str(InputError("x" * 5000))) == 900
    assert shortened("x" * 500) == "x" * 117 + "..."
