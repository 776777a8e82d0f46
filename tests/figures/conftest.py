"""Result files made by hand, small but of the shapes that training and evaluation write."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from packdepth import params
from packdepth.evaluation.results import all_runs
from packdepth.layout import Run
from packdepth.params import Study

PARAMS = Path(__file__).parents[2] / "params.yaml"
VARIANTS = ("constant", "densedepth", "packnet-no-skips")


@pytest.fixture
def make_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Study]:
    """A function that writes params.yaml and results into a folder of their own, goes there, and returns the study."""

    def make(variants: tuple[str, ...] = VARIANTS, seeds: tuple[int, ...] = (0,), steps: int = 12) -> Study:
        monkeypatch.chdir(tmp_path)
        content = yaml.safe_load(PARAMS.read_text())
        content |= {"scale": "smoke", "seeds": list(seeds)}
        content["variants"] = {name: content["variants"][name] for name in variants}
        Path("params.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        study = params.load()
        for run in all_runs(study):
            _write(run, steps)
        return study

    return make


def _write(run: Run, steps: int) -> None:
    for file in (run.train_log, run.metrics):
        file.parent.mkdir(parents=True, exist_ok=True)
    step = np.arange(1, steps + 1)
    loss = (len(run.variant) + run.seed) / (10 + step)
    pd.DataFrame({"step": step, "epoch": 0, "loss": loss}).to_csv(run.train_log, index=False)
    rows = [(k, f"gradient_norm/{stage}", 0.1 * k) for k in step[3::4] for stage in ("stem", "encoder", "head")]
    pd.DataFrame(rows, columns=["step", "name", "value"]).to_csv(run.instruments, index=False)
    near = np.array([0.5, 1.0, 2.5])
    errors = pd.DataFrame({"near": near, "far": near + 0.5, "pixels": [10, 30, 60], "abs_error": 0.2 * near})
    errors.to_csv(run.error_by_distance, index=False)
    headline = {"aggregate": "pooled", "median_scaled": False, "abs_rel": 0.2, "rmse": 0.6, "delta1": 0.7}
    metrics = {"training_loss": loss.mean(), "final_training_loss": loss[-1], "headline": headline}
    run.metrics.write_text(json.dumps(metrics))
    run.provenance.write_text(json.dumps({"parameters": 1000, "seconds": 2.0}))
    depth = np.linspace(0, 8, 2 * 4 * 6, dtype=np.float32).reshape(2, 4, 6)
    np.savez(run.samples, rgb=np.zeros((2, 4, 6, 3), np.uint8), truth=depth, prediction=depth + 1)
