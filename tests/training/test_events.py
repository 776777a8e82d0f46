"""What TensorBoard shows."""

from pathlib import Path

import pandas as pd
import pytest
import torch

from packdepth import paths
from packdepth.training.events import Events
from packdepth.training.loop import run_key, train, training_frames
from packdepth.utils.fingerprint import digest

accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
DEVICE = torch.device("cpu")
RUN = paths.Run("tiny", "report", "constant", 0)


def shown(folder: Path) -> dict[str, dict[int, float]]:
    """Each curve that TensorBoard draws of a folder: values by step."""
    events = accumulator.EventAccumulator(str(folder)).Reload()
    return {name: {e.step: e.value for e in events.Scalars(name)} for name in events.Tags()["scalars"]}


def watched(raw):
    raw["training"]["tensorboard"] = True


def test_it_shows_what_the_logs_hold(stores):
    train(stores(watched), RUN)
    log, diagnostics = pd.read_csv(RUN.train_log), pd.read_csv(RUN.diagnostics)
    curves = shown(RUN.events)
    for column in ("loss", "ssim", "learning_rate"):
        assert curves[column] == pytest.approx(dict(zip(log["step"], log[column], strict=True)), rel=1e-6)
    assert set(diagnostics["name"]) < set(curves)


def test_nothing_is_written_unless_asked(stores):
    train(stores(), RUN)
    assert not RUN.events.parents[2].exists()


def test_to_be_watched_is_no_reason_to_train_anew(stores):
    plain, asked = stores(), stores(watched)
    first, second = (study.variant("constant") for study in (plain, asked))
    assert (first.training.tensorboard, second.training.tensorboard) == (False, True)
    assert digest(first) == digest(second)
    frames = training_frames(first, RUN).fingerprint
    assert run_key(first, 0, frames, DEVICE) == run_key(second, 0, frames, DEVICE)


def test_it_goes_on_after_a_kill_and_starts_anew_otherwise(tmp_path: Path):
    killed = Events(tmp_path, 0)
    for step in range(1, 8):
        killed.write(step, {"loss": 1.0 / step})
    killed.close()
    again = Events(tmp_path, 5)
    for step in range(6, 9):
        again.write(step, {"loss": 10.0})
    again.close()
    assert shown(tmp_path)["loss"] == pytest.approx({**{step: 1.0 / step for step in range(1, 6)}, 6: 10, 7: 10, 8: 10})
    anew = Events(tmp_path, 0)
    anew.write(1, {"loss": 3.0})
    anew.close()
    assert shown(tmp_path)["loss"] == {1: 3.0}
