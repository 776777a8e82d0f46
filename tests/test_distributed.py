"""Processes that share every batch: what they tell one another, and that they train like one."""

import fcntl
import functools
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from packdepth import distributed, paths
from packdepth.data.store.context import FORMAT, append_neighbours
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.training import loop, resume
from tests.support.context import neighbours
from tests.support.stores import slopes, write_store

CHECKPOINT = "results/tiny/runs/temporal/new/seed0/model.safetensors"


def tell(folder: Path) -> None:
    """What each of two processes knows, in a file of its own."""
    number = distributed.rank()
    network = torch.nn.Linear(2, 1, bias=False)
    shared = distributed.shared(network)
    seen = torch.tensor([[0.5, 2.0]]) * (number + 1)
    with distributed.exchanging(shared, now=False):
        shared(seen).sum().backward()
    assert torch.equal(network.weight.grad, seen)  # its own, as yet
    with distributed.exchanging(shared, now=True):
        shared(seen).sum().backward()
    known = {
        "size": distributed.size(),
        "count": distributed.count_of_all(torch.tensor(10 * (number + 1))).item(),
        "means": [mean.tolist() for mean in distributed.mean_of_all([torch.tensor([number, 2.0]), torch.tensor(3.0)])],
        "gradient": network.weight.grad.tolist(),
        "names": list(network.state_dict()),
    }
    print(f"process {number}")
    (folder / f"{number}.json").write_text(json.dumps(known))


def fail_in_the_second(error: Exception) -> None:
    if distributed.rank() == 1:
        raise error
    distributed.mean_of_all([torch.zeros(())])  # never answered


def train_and_stop(*arguments: Any) -> None:
    """Train until the first state is saved."""
    save = resume.save_state

    def save_and_stop(folder: Path, state: dict[str, Any], logs: Sequence[resume.Log]) -> None:
        save(folder, state, logs)
        raise OSError(f"stopped at step {state['step']}")

    resume.save_state = save_and_stop
    loop.train_in(*arguments)


@pytest.mark.slow
def test_what_processes_tell_one_another(tmp_path: Path, capfd: pytest.CaptureFixture[str]):
    distributed.run(2, tell, tmp_path)
    first, second = (json.loads((tmp_path / f"{number}.json").read_text()) for number in range(2))
    assert first == second
    same = {"gradient": [[1.5, 6.0]], "names": ["weight"]}
    assert first == {"size": 2, "count": 15.0, "means": [[0.5, 2.0], 3.0], **same}
    assert capfd.readouterr().out == "process 0\n"


ENDLESS = """
from pathlib import Path
from packdepth import distributed
from tests.test_distributed import never_end
if __name__ == "__main__":
    distributed.run(2, never_end, Path.cwd())
"""


def never_end(folder: Path) -> None:
    """Hold a lock as long as this process lives."""
    with (folder / f"{distributed.rank()}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        (folder / f"{distributed.rank()}.started").touch()
        time.sleep(600)


@pytest.mark.slow
def test_processes_end_with_the_one_that_started_them(tmp_path: Path):
    (tmp_path / "endless.py").write_text(ENDLESS)
    parent = subprocess.Popen(
        [sys.executable, "endless.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        preexec_fn=functools.partial(signal.signal, signal.SIGINT, signal.SIG_IGN),  # as a shell's background jobs
    )
    wait_until(lambda: len(list(tmp_path.glob("*.started"))) == 2)
    parent.kill()
    parent.wait()
    wait_until(lambda: all(map(is_free, tmp_path.glob("*.lock"))))


def wait_until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


def is_free(lock: Path) -> bool:
    with lock.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
    return True


def test_one_process_is_this_one(tmp_path: Path):
    distributed.run(1, tell, tmp_path)
    alone = json.loads((tmp_path / "0.json").read_text())
    same = {"gradient": [[1.0, 4.0]], "names": ["weight"]}
    assert alone == {"size": 1, "count": 10, "means": [[0.0, 2.0], 3.0], **same}


@pytest.mark.slow
@pytest.mark.parametrize("error", [InputError("broken in a place"), OSError(28, "No space left on device")], ids=repr)
def test_what_one_process_raises_ends_all_and_is_raised(error: Exception):
    with pytest.raises(type(error)) as raised:
        distributed.run(2, fail_in_the_second, error)
    assert str(raised.value) == str(error)


@pytest.fixture
def losses(project):
    """Train with these settings, and give the loss of every step; `holes` are rows without depth in five frames."""

    def of(holes=20, mode="supervised", **changes):
        def edit(raw):
            raw["scales"]["tiny"]["training"] |= {"batch_size": 4, "epochs": 2, "save_every": 4, **changes}
            network = {"architecture": "packnet", "head": "scaled-sigmoid", "width": 0.125}
            raw["groups"]["temporal"]["variants"]["new"] = {"network": network, "training": {"mode": mode}}

        study, frames = project(edit), slopes(12)
        depth = frames.depth.copy()
        depth[:5, :holes] = 0  # so that the parts of a batch know depth at different numbers of pixels
        write_store(paths.store("tiny", "train"), replace(frames, depth=depth))
        with h5py.File(paths.context("tiny"), "w") as file:
            append_neighbours(file.create_group("recorded"), neighbours(12))
            file["recorded"].attrs["fingerprint"] = "of these neighbours"
            fingerprint = Store(paths.store("tiny", "train")).fingerprint
            file.attrs.update({"format": FORMAT, "store": fingerprint, "parameters": "{}"})
        loop.train(study, study.run("new", 0))
        return pd.read_csv(study.run("new", 0).train_log)["loss"].tolist()

    return of


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["supervised", "self-supervised"])
def test_two_processes_train_like_one(losses, mode):
    alone, shared = losses(mode=mode), losses(mode=mode, devices=2)
    assert len(alone) == 6
    assert shared[:4] == pytest.approx(alone[:4], rel=1e-5)
    assert shared == pytest.approx(alone, rel=1e-3)  # Adam moves by the sign of gradients that are 0 but for rounding
    assert shared != alone


@pytest.mark.slow
def test_turns_train_like_one_batch_where_depth_is_known_everywhere(losses):
    whole = losses(holes=0)
    assert losses(holes=0, micro_batches=2) == pytest.approx(whole, rel=1e-5)
    assert losses(holes=0, micro_batches=2, devices=2) == pytest.approx(whole, rel=1e-3)  # for Adam's reason, see above


@pytest.mark.slow
def test_processes_that_were_stopped_end_with_the_bits_of_ones_left_alone(losses, monkeypatch):
    alone, weights = losses(devices=2), load_file(CHECKPOINT)
    with monkeypatch.context() as patch:
        patch.setattr(loop, "train_in", train_and_stop)
        with pytest.raises(OSError, match="stopped at step 4"):
            losses(devices=2)
    again, weights_again = losses(devices=2), load_file(CHECKPOINT)
    assert again == alone
    assert all(torch.equal(weights[name], weights_again[name]) for name in weights)


def test_a_batch_without_equal_parts_is_refused(losses):
    with pytest.raises(InputError, match="a batch of 4 makes no equal parts for 3 devices in 1 micro-batches"):
        losses(devices=3)
