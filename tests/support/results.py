"""Result files made by hand, small but of the shapes that training and evaluation write."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from packdepth import paths
from packdepth.analysis.results import runs
from packdepth.config.load import load_study
from packdepth.config.study import Study
from packdepth.paths import Run
from tests.support.batches import write_batches
from tests.support.pairs import write_pairs
from tests.support.stores import no_verdict
from tests.support.widths import write_widths

PARAMS = Path(__file__).parents[2] / "params.yaml"
VARIANTS = ("constant", "densedepth", "packnet-no-skips")
PAIR = ("photometric", "photometric-velocity")
SUPERVISION = ("packnet-supervised", "packnet-selfsup", "packnet-velocity")
SENSORS = ("sensor-perfect", "noise-30", "bias-plus-25")


@pytest.fixture
def make_study(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Study]:
    """A function that writes params.yaml and results into a folder of their own, goes there, and returns the study."""

    def make(
        variants: tuple[str, ...] = VARIANTS,
        seeds: tuple[int, ...] = (0,),
        steps: int = 12,
        supervision: tuple[str, ...] = SUPERVISION,
        sensors: tuple[str, ...] = SENSORS,
    ) -> Study:
        monkeypatch.chdir(tmp_path)
        content = yaml.safe_load(PARAMS.read_text())
        content |= {"scale": "smoke", "seeds": list(seeds)}
        for group, names in (("report", variants), ("supervision", supervision), ("sensors", sensors)):
            section = content["groups"][group]
            section["variants"] = {name: section["variants"][name] for name in names}
        for group in ("widths", "batches", "pairs"):
            content["groups"][group]["seeds"] = list(seeds)
        content["verdict"] = no_verdict(variants[0])
        Path("params.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
        study = load_study()
        for run in (run for variant in (*variants, *PAIR, *supervision, *sensors) for run in runs(study, variant)):
            _write(run, steps)
        _write_context(study.scale)
        _write_floors(study)
        write_widths(study)
        write_batches(study)
        write_pairs(study)
        return study

    return make


def _write(run: Run, steps: int) -> None:
    for file in (run.train_log, run.evaluation):
        file.parent.mkdir(parents=True, exist_ok=True)
    step = np.arange(1, steps + 1)
    loss = (len(run.variant) + run.seed) / (10 + step)
    pd.DataFrame({"step": step, "epoch": 0, "loss": loss}).to_csv(run.train_log, index=False)
    rows = [(k, f"gradient_norm/{stage}", 0.1 * k) for k in step[3::4] for stage in ("stem", "encoder", "head")]
    pd.DataFrame(rows, columns=["step", "name", "value"]).to_csv(run.diagnostics, index=False)
    near = np.array([0.5, 1.0, 2.5])
    errors = pd.DataFrame({"near": near, "far": near + 0.5, "pixels": [10, 30, 60], "abs_error": 0.2 * near})
    errors.to_csv(run.error_by_distance, index=False)
    headline = {"aggregate": "pooled", "median_scaled": False, "abs_rel": 0.2, "rmse": 0.6, "delta1": 0.7}
    metrics = {
        "training_loss": loss.mean(),
        "final_training_loss": loss[-1],
        "test_loss": loss[-1],
        "headline": headline,
    }
    metrics |= {scaling: {"pooled": headline} for scaling in ("metric", "median_scaled")}
    pd.DataFrame({"id": ["a", "b", "c"], "median_factor": [0.5, 1.0 + run.seed, 2.0]}).to_csv(run.per_image)
    run.evaluation.write_text(json.dumps(metrics))
    run.provenance.write_text(json.dumps({"parameters": 1000, "seconds": 2.0}))
    depth = np.linspace(0, 8, 2 * 4 * 6, dtype=np.float32).reshape(2, 4, 6)
    rgb = np.zeros((2, 4, 6, 3), np.uint8)
    np.savez(run.samples, rgb=rgb, truth=depth, prediction=depth + 1, focal_length=np.array([5.0, 5.0]))


def _write_floors(study: Study) -> None:
    names = ["constant 1", "constant 2", "best constant", "fixed map", "image median", "truth up to 1", "truth up to 2"]
    losses = [0.8, 0.62, 0.51, 0.5, 0.46, 0.75, 0.6]
    table = pd.DataFrame({"floor": names, "loss": losses, "abs_rel": 0.4, "rmse": 1.2, "delta1": 0.4})
    splits = [table.assign(name=study.loss_name, split=split) for split in ("train", "test")]
    pd.concat(splits).to_csv(paths.floors(study.scale), index=False)


def _write_context(scale: str) -> None:
    quality, examples = paths.context_quality(scale), paths.context_examples(scale)
    quality.parent.mkdir(parents=True, exist_ok=True)
    frames = {"displacement_px": [4.0, 1.0, 2.0], "psnr_seen": [30.0, 36.0, 33.0], "ssim_seen": [0.7, 0.9, 0.8]}
    methods = {"forward-warp": [0.8, 0.9, 0.85], "noise-floor": None}
    tables = [pd.DataFrame({"method": name, **frames, "coverage": known}) for name, known in methods.items()]
    pd.concat(tables).to_csv(quality, index=False)
    image = np.arange(2 * 4 * 6 * 3, dtype=np.uint8).reshape(2, 4, 6, 3)
    seen = np.ones((2, 4, 6), np.bool_)
    np.savez(examples, target=image, true=image, made=image + 9, seen=seen, displacement_px=np.array([1.5, 9.0]))
