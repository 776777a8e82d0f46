"""An ordinary step never asks the device for a number: the processor would wait for all kernels before it."""

import time

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from packdepth.training import loop
from packdepth.training.loader import CountedBatches, batches

WAITING = ("_local_scalar_dense", "nonzero", "masked_select", "equal", "unique", "repeat_interleave")
READING = ("item", "tolist", "cpu", "numpy", "__bool__", "__float__", "__int__", "__index__")
CPU = torch.device("cpu")


class Watched(TorchDispatchMode):
    """Notes the operations that wait on a GPU, for their results' values or their shapes."""

    def __init__(self, found: list[str]) -> None:
        super().__init__()
        self.found = found

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        name = func.overloadpacket._qualified_op_name.split("::")[1]
        indices = args[1] if name in ("index", "index_put", "index_put_") else []
        if name in WAITING or any(index is not None and index.dtype == torch.bool for index in indices):
            self.found.append(name)
        return func(*args, **(kwargs or {}))


@pytest.fixture
def waits(monkeypatch):
    """What waits while `step()` runs."""

    def of(step) -> list[str]:
        found: list[str] = []

        def noting(name, method):
            def noted(tensor, *args, **kwargs):
                found.append(name)
                return method(tensor, *args, **kwargs)

            return noted

        with monkeypatch.context() as patch, Watched(found):
            for name in READING:
                patch.setattr(torch.Tensor, name, noting(name, getattr(torch.Tensor, name)))
            step()
        return found

    return of


def trainer_of(study, name, folder):
    variant = study.variant(name)
    run = study.run(name, 0)
    return loop.Trainer(variant, run, loop.training_frames(variant, run), CPU, folder)


def seldom(raw):
    """The first steps are neither measured nor saved."""
    raw["scales"]["tiny"]["training"] |= {"diagnostics_every": 5, "save_every": 5}


def batch_of(trainer):
    return next(iter(batches(trainer.frames, CountedBatches(len(trainer.frames), 2, 1, 0), 0)))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["packnet", "densedepth", "packing"])
def test_an_ordinary_step_waits_for_nothing(stores, tmp_path, waits, name):
    trainer = trainer_of(stores(seldom), name, tmp_path)
    batch = batch_of(trainer)
    assert waits(lambda: trainer.train_step(batch, 0, time.perf_counter(), 0.0)) == []
    assert "tolist" in waits(trainer.readings.fetch)


@pytest.mark.slow
@pytest.mark.parametrize(("context", "weight"), [("recorded", 0.05), ("stereo", 0.0), (["recorded", "stereo"], 0.05)])
def test_a_step_that_learns_from_neighbours_waits_for_nothing(temporal, tmp_path, waits, context, weight: float):
    settings = {"context": context, "velocity": {"weight": weight}, "diagnostics_every": 5, "save_every": 5}
    study, _ = temporal(mode="semi-supervised", **settings)
    trainer = trainer_of(study, "new", tmp_path)
    batch = batch_of(trainer)
    assert waits(lambda: trainer.train_step(batch, 0, time.perf_counter(), 0.0)) == []


def test_what_waits_is_noticed(waits):
    values = torch.arange(4.0)
    assert waits(lambda: float(values.sum())) != []
    assert waits(lambda: values[values > 1]) != []
    assert waits(lambda: values.tolist()) != []
    assert waits(lambda: values.sum()) == []
