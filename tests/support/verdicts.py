"""A study whose results are made by hand, for the verdict: what each variant loses is written in LOSSES."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from packdepth.analysis.results import runs
from packdepth.config.load import load_study
from packdepth.config.study import Study
from packdepth.paths import Run
from tests.support.stores import TOP

IMAGES = 40
LOSSES = {  # mean test loss of each variant; images differ by as much for all of them
    "constant": 0.30,
    "packnet": 0.50,
    "densedepth": 0.20,
    "packnet-leaky-relu": 0.25,  # 83 % of the gap
    "packnet-rate-triple": 0.49,
    "packnet-narrow": 0.425,  # 25 %
    "leaky-no-skips": 0.40,
    "packnet-best": 0.15,
    "densedepth-best": 0.18,
}
PSNR = {"packing": 30.0, "pooling-parameters": 27.0, "strided-parameters": 31.0}
SEED_NOISE = 0.01  # between the seeds of the contest
PSNR_NOISE = 0.1  # dB, between the two seeds of an autoencoder
HYPOTHESES = {
    "H1": {"rule": "vanishes", "kind": "structure", "decisive": [["packnet", "densedepth"]]},
    "H2": {"rule": "closes", "kind": "environment", "decisive": [["packnet", "packnet-rate-triple"]]},
    "H3": {"rule": "closes", "kind": "resources", "decisive": [["packnet", "packnet-narrow"]]},
    "H7": {"rule": "closes", "kind": "environment", "decisive": [["packnet", "packnet-leaky-relu"]]},
    "H8": {"rule": "keeps", "kind": "structure", "decisive": [["pooling-parameters", "packing"]]},
    "H9": {"rule": "carries", "kind": "structure", "decisive": [["packnet-leaky-relu", "leaky-no-skips"]]},
}


def study_by_hand(
    values: dict[str, float] | None = None,
    seeds: list[int] | None = None,
    autoencoders: bool = True,
    edit: Callable[[dict[str, Any]], object] = lambda raw: None,
    **verdict: Any,
) -> Study:
    """Write params.yaml and results into this folder.

    `values` replaces some of LOSSES and PSNR, `seeds` those of contest and autoencoders, `verdict` parts of that
    section; `edit` changes params.yaml last.
    """
    known = LOSSES | (PSNR if autoencoders else {}) | (values or {})
    content = yaml.safe_load((TOP / "params.yaml").read_text()) | {"scale": "smoke"}
    for name in ("report", "diagnosis", "contest", "autoencoder"):
        group = content["groups"][name]
        group["variants"] = {name: entry for name, entry in group["variants"].items() if name in known}
        if seeds and "seeds" in group:
            group["seeds"] = seeds
    hypotheses = {key: {"claim": f"Claim {key}", **hypothesis} for key, hypothesis in HYPOTHESES.items()}
    content["verdict"] |= {"hypotheses": hypotheses, **verdict}
    edit(content)
    Path("params.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    study = load_study()
    for name, value in known.items():
        for run in runs(study, name):
            _write_training(run)
            if name in PSNR:
                _write_reconstruction(run, value + PSNR_NOISE * (run.seed - 0.5) * 2**0.5)
            else:
                of_seed = SEED_NOISE * (run.seed - 2) if name in study.groups.contest.variants else 0.0
                _write_evaluation(run, value + of_seed)
    return study


def spread_out(mean: float, amount: float = 0.02) -> np.ndarray:
    """The values of all images, around their mean."""
    return mean + amount * np.linspace(-1, 1, IMAGES)


def _write_training(run: Run) -> None:
    for file in (run.train_log, run.per_image):
        file.parent.mkdir(parents=True, exist_ok=True)
    steps = np.arange(1, 401)
    pd.DataFrame({"step": steps, "loss": 1 / steps}).to_csv(run.train_log, index=False)
    rows = []
    for step in (100, 200, 300, 400):
        sizes = {"stem": (0.001 if run.variant == "packnet" else 1.0) * step, "body": 2.0 * step, "head": 4.0 * step}
        for what in ("gradient_rms", "update_ratio", "activation_std"):
            rows += [(step, f"{what}/{stage}", size) for stage, size in sizes.items()]
        rows += [(step, "prediction_std", 0.5 * step), (step, "target_std", 2.0 * step), (step, "correlation", 0.3)]
        rows += [(step, "gradient_square", 3.0), (step, "gradient_product", 1.0 + 2 * (step == 100))]
    pd.DataFrame(rows, columns=["step", "name", "value"]).to_csv(run.diagnostics, index=False)
    run.provenance.write_text(json.dumps({"parameters": 2_000_000, "seconds": 60.0, "steps": 400}))


def _write_evaluation(run: Run, loss: float) -> None:
    losses = spread_out(loss)
    names = [f"rooms/{index}" for index in range(IMAGES)]
    table = pd.DataFrame({"id": names, "loss": losses})
    table.sample(frac=1, random_state=run.seed).to_csv(run.per_image, index=False)  # in any order
    headline = {"aggregate": "pooled", "median_scaled": False, "abs_rel": 0.2, "rmse": 0.6, "delta1": 0.7}
    metrics = {"training_loss": loss + 0.1, "final_training_loss": loss + 0.05, "test_loss": float(losses.mean())}
    run.evaluation.write_text(json.dumps(metrics | {"headline": headline}))


def _write_reconstruction(run: Run, psnr: float) -> None:
    values = spread_out(psnr, 0.5)
    tables = [
        pd.DataFrame({"images": source, "id": [f"{source}/{i}" for i in range(IMAGES)], "psnr": values + more})
        for source, more in (("test", 5.0), ("photos", 0.0))
    ]
    pd.concat(tables).to_csv(run.per_image, index=False)
    measured = {"ssim": 0.9, "error_to_0.25": 0.01, "error_to_0.5": 0.2}
    of_sources = {source: {"psnr": psnr + more, **measured} for source, more in (("test", 5.0), ("photos", 0.0))}
    run.evaluation.write_text(json.dumps({"variant": run.variant, "forward_gflops": 1.25, **of_sources}))
