"""A run killed by SIGKILL at any step ends with the same bits as one left alone."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

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
    assert not list(resume.FOLDER.rglob("state.pt")), "a finished run leaves no state"


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
    log = resume.Log(tmp_path / "log.csv", ("step", "value"), 0)
    for step in (1, 2, 3):
        log.write(step, step / 3)
    log.flush()
    with (tmp_path / "log.csv").open("a") as file:
        file.write("4")  # a row torn by the kill
    again = resume.Log(tmp_path / "log.csv", ("step", "value"), 2)
    again.write(3, 0.5)
    again.copy_to(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "step,value\n1,0.333333333\n2,0.666666667\n3,0.5\n"


def test_a_kill_while_the_log_is_cut_loses_no_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    log = resume.Log(tmp_path / "log.csv", ("step", "value"), 0)
    log.write(1, 0.5)
    log.flush()

    def kill(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", kill)
        with pytest.raises(KeyboardInterrupt):
            resume.Log(tmp_path / "log.csv", ("step", "value"), 1)
    resume.Log(tmp_path / "log.csv", ("step", "value"), 1).copy_to(tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_text() == "step,value\n1,0.5\n"


def test_a_state_is_whole_or_absent_and_never_executed(tmp_path: Path):
    assert resume.load_state(tmp_path) is None
    resume.save_state(tmp_path, {"step": 3, "model": {"w": torch.ones(2)}})
    assert resume.load_state(tmp_path)["step"] == 3

    class Evil:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "made"),))

    torch.save(Evil(), tmp_path / "state.pt")
    with pytest.raises(Exception, match="weights_only"):
        resume.load_state(tmp_path)
    assert not (tmp_path / "made").exists()
