"""A run killed by SIGKILL at any step ends with the same bits as one left alone."""

import contextlib
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from packdepth import paths
from packdepth.checkpoints.native import load_checkpoint
from packdepth.training import resume

RUN = paths.Run("tiny", "report", "packnet", 0)
TRAIN = [sys.executable, "-m", "packdepth", "train", "--variant", RUN.variant, "--seed", str(RUN.seed)]
ONE_THREAD = os.environ | {"OMP_NUM_THREADS": "1"}


def longer(raw) -> None:
    raw["scales"]["tiny"]["training"] |= {"epochs": 10, "save_every": 3}  # 30 steps


def saved_rows() -> int:
    """Rows of the log that have reached the disk."""
    return max((log.read_text().count("\n") - 1 for log in resume.FOLDER.rglob("train_log.csv")), default=0)


def losses(path: Path) -> list[str]:
    return [row.split(",")[2] for row in path.read_text().splitlines()]


@pytest.mark.slow
def test_killed_runs_end_with_the_bits_of_one_left_alone(stores):
    stores(longer)
    subprocess.run(TRAIN, check=True, env=ONE_THREAD, capture_output=True)
    alone, log_alone = load_file(RUN.checkpoint), losses(RUN.train_log)
    for path in (RUN.checkpoint, RUN.train_log):
        path.unlink()
    kills = 0
    for least in (4, 14, 25):
        process = subprocess.Popen(TRAIN, env=ONE_THREAD, stderr=subprocess.DEVNULL)
        while process.poll() is None and saved_rows() < least:
            time.sleep(0.005)
        kills += process.poll() is None
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert not RUN.checkpoint.exists()
    assert kills == 3
    done = subprocess.run(TRAIN, check=True, env=ONE_THREAD, capture_output=True, text=True)
    assert " 1/30" not in done.stderr, "it started anew"
    resumed = load_file(RUN.checkpoint)
    assert alone.keys() == resumed.keys()
    assert all(torch.equal(alone[name], resumed[name]) for name in alone)
    assert losses(RUN.train_log) == log_alone
    assert not list(resume.FOLDER.rglob("*.pt")), "a finished run leaves no state"


@pytest.mark.slow
def test_a_second_process_waits_for_the_first(stores):
    stores(longer)
    first = subprocess.Popen(TRAIN, env=ONE_THREAD, stderr=subprocess.DEVNULL)
    while saved_rows() < 2:
        time.sleep(0.01)
    second = subprocess.run(TRAIN, check=True, env=ONE_THREAD, capture_output=True, text=True)
    assert first.wait() == 0
    assert "waiting" in second.stderr
    assert "/30" not in second.stderr, "it trained what the first had already trained"


@pytest.mark.slow
def test_a_second_process_with_other_settings_waits_and_then_trains(stores):
    stores(longer)
    first = subprocess.Popen(TRAIN, env=ONE_THREAD, stderr=subprocess.DEVNULL)
    while saved_rows() < 2:
        time.sleep(0.01)
    study = stores(lambda raw: raw["groups"]["report"]["variants"]["packnet"]["network"].update(head="sigmoid"))
    second = subprocess.run(TRAIN, check=True, env=ONE_THREAD, capture_output=True, text=True)
    assert first.wait() == 0
    assert "waiting" in second.stderr
    assert load_checkpoint(RUN.checkpoint)[1].network == study.variant("packnet").network.model_dump()


def test_a_log_is_cut_after_the_last_state(tmp_path: Path):
    log = resume.Log(tmp_path / "log.csv", ("step", "value"))
    log.write(1, 1 / 3)
    log.write(2, 2 / 3)
    size, _ = log.flush()
    log.write(3, 1.0)
    log.flush()
    with (tmp_path / "log.csv").open("a") as file:
        file.write("4")  # a row torn by the kill
    again = resume.Log(tmp_path / "log.csv", ("step", "value"), size)
    again.write(3, 0.5)
    again.copy_to(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "step,value\n1,0.333333333\n2,0.666666667\n3,0.5\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a killed run's state."""
    monkeypatch.chdir(tmp_path)
    with contextlib.suppress(Killed), resume.state_folder(RUN, "key") as folder:
        log = resume.Log(folder / "log.csv", ("step", "loss"))
        for step in (2, 4):
            log.write(step, 0.5)
            resume.save_state(folder, {"step": step, "networks": {"w": torch.ones(2)}}, [log])
        raise Killed
    return folder


class Killed(Exception):
    """Nothing that comes after it is done."""


def opened(key: str = "key") -> dict[str, Any] | None:
    """What a run that starts again finds."""
    found = None
    with contextlib.suppress(Killed), resume.state_folder(RUN, key) as folder:
        found = resume.load_state(folder)
        raise Killed
    return found


def test_the_last_state_is_kept_and_says_what_its_logs_held(folder: Path):
    state = opened()
    assert state["step"] == 4
    assert state["logs"]["log.csv"][0] == len("step,loss\n2,0.5\n4,0.5\n")
    assert len(list(folder.glob("*.pt"))) == 1


def flip_a_bit(folder: Path) -> None:
    path = next(folder.glob("*.pt"))
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def change_the_log(folder: Path) -> None:
    path = folder / "log.csv"
    path.write_text(path.read_text().replace("2,0.5", "2,0.6"))


def execute(folder: Path) -> None:
    """A file whose name fits its content, and whose content would run something."""

    class Evil:
        def __reduce__(self) -> tuple[Any, ...]:
            return (os.mkdir, ("made",))

    next(folder.glob("*.pt")).unlink()
    torch.save(Evil(), folder / "evil")
    (folder / "evil").rename(folder / f"step4.{hashlib.sha256((folder / 'evil').read_bytes()).hexdigest()}.pt")


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (flip_a_bit, "is not what was saved here"),
        (lambda folder: next(folder.glob("*.pt")).write_bytes(b""), "is not what was saved here"),
        (change_the_log, "log.csv next to it is not what was saved with it"),
        (lambda folder: (folder / "log.csv").unlink(), "log.csv next to it is not what was saved with it"),
        (lambda folder: (folder / "log.csv").write_text("step,loss\n"), "log.csv next to it is not what was saved"),
        (execute, "is no state of a training"),
    ],
)
def test_a_damaged_state_is_set_aside(folder: Path, damage: Callable[[Path], object], said: str, capsys):
    damage(folder)
    assert opened() is None
    assert said in capsys.readouterr().err
    assert len(list(folder.glob("*.pt.broken"))) == 1
    assert not Path("made").exists()
    assert opened() is None
    assert capsys.readouterr().err == "", "it is said once"


def test_the_state_of_another_training_is_set_aside(folder: Path, capsys):
    folder.rename(folder.with_name("other"))
    assert opened("other") is None
    assert "is the state of another training" in capsys.readouterr().err


@pytest.mark.parametrize("kept", ["log.csv", "*.pt", "*"])
def test_a_kill_while_a_finished_state_is_removed_leaves_none(folder: Path, monkeypatch: pytest.MonkeyPatch, kept: str):
    def kill(path: Path) -> None:
        for file in set(path.iterdir()) - set(path.glob(kept)):
            file.unlink()
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", kill)
        with pytest.raises(Killed), resume.state_folder(RUN, "key"):
            pass
    assert opened() is None
    assert list(folder.parent.iterdir()) == [folder]
