"""A study whose results are made by hand, for the verdict: SKILL holds what each variant has learned."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from packdepth import paths
from packdepth.analysis.gathered import gather
from packdepth.analysis.results import runs
from packdepth.config.load import load_study
from packdepth.config.study import Study
from packdepth.paths import Run
from packdepth.utils.fingerprint import digest
from tests.support.stores import TOP

IMAGES = 40
FLOOR = 0.5  # loss of the fixed map
THUMBNAIL = 0.01  # mean squared error
SKILL = {  # mean skill of each variant; images differ by as much for all of them
    "constant": -0.1,
    "packnet": -0.3,
    "densedepth": 0.1,
    "packnet-best": 0.3,
    "densedepth-best": 0.4,  # so that the margin is 0.08
    "packnet-strided": 0.5,
    "packnet-epsilon": 0.3,
    "packnet-ceiling-2": -0.3,
    "packnet-ceiling-100": 0.2,
    "densedepth-ceiling-2": -0.3,
    "densedepth-ceiling-100": 0.3,
    "packnet-usual": 0.3,
    "packnet-longest": 0.38,
    "densedepth-usual": 0.3,
    "densedepth-longest": 0.3,
    "packing-rate-1": 0.2,
    "packing-rate-3": 0.25,
}
RECONSTRUCTION = {"packing": 0.5, "pooling-parameters": 0.1}  # skill
SEEDS = {"contest": [1, 2, 3, 4, 5], "autoencoder": [0, 1]}  # of groups whose seeds in params.yaml may become more
SEED_NOISE = 0.003  # of skill, between seeds; not the same in every variant
FACTORS = {"skips": (0.05, 0.0), "swap": (0.0, 0.1)}  # effect in both networks, and more of it in PackNet
HYPOTHESES: dict[str, dict[str, Any]] = {
    "H1": {"kind": "structure", "gain": ["packnet-best", "packnet-epsilon"], "panel": "gradients"},
    "H3": {
        "kind": "resources",
        "interaction": [["packnet-usual", "packnet-longest"], ["densedepth-usual", "densedepth-longest"]],
        "panel": "curves",
    },
    "H5": {"kind": "environment", "factor": "swap", "sign": -1},
    "H7": {
        "kind": "environment",
        "gain": ["packnet-ceiling-2", "packnet-ceiling-100"],
        "shown_with": [["densedepth-ceiling-2", "densedepth-ceiling-100"]],
        "panel": "ceilings",
    },
    "H8": {"kind": "structure", "gain": ["pooling-parameters", "packing"], "panel": "autoencoders"},
    "H9": {"kind": "structure", "factor": "skips"},
    "H10": {
        "kind": "structure",
        "gain": ["packnet-best", ["packnet-strided", "densedepth-best"]],
        "panel": "structures",
    },
}


def study_by_hand(
    values: dict[str, float] | None = None,
    seeds: list[int] | None = None,
    edit: Callable[[dict[str, Any]], object] = lambda raw: None,
    **verdict: Any,
) -> Study:
    """Write params.yaml and results into this folder.

    `values` replaces some of SKILL and RECONSTRUCTION, `seeds` those of all groups, `verdict` parts of that section;
    `edit` changes params.yaml last.
    """
    known = SKILL | RECONSTRUCTION | (values or {})
    content = yaml.safe_load((TOP / "params.yaml").read_text()) | {"scale": "smoke"}
    for name, group in content["groups"].items():
        if name in paths.TOLD and "variants" in group:
            group["variants"] = {name: entry for name, entry in group["variants"].items() if name in known}
        if "seeds" in group:
            group["seeds"] = seeds or SEEDS.get(name, group["seeds"])
    factors = content["groups"]["factors"]["factors"]
    content["groups"]["factors"] |= {
        "factors": {name: factors[name] for name in ("network", *FACTORS)},
        "runs": [f"f{number}" for number in range(8)],
    }
    hypotheses = {key: {"claim": f"Claim {key}", **hypothesis} for key, hypothesis in HYPOTHESES.items()}
    content["verdict"] |= {"hypotheses": hypotheses, **verdict}
    edit(content)
    Path("params.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    study = load_study()
    _write_floors(study)
    for run_name, signs in zip(study.groups.factors.runs, study.groups.factors.design.runs(), strict=True):
        known[run_name] = 0.2 + sum(
            signs[name] / 2 * (both + more / 2 * signs["network"]) for name, (both, more) in FACTORS.items()
        )
    for place, (name, value) in enumerate(known.items()):
        for run in runs(study, name):
            _write_training(study, run)
            of_seed = SEED_NOISE * np.sin(7 * run.seed + 3 * place) / 2
            if name in RECONSTRUCTION:
                _write_reconstruction(run, value + of_seed)
            else:
                _write_evaluation(run, value + of_seed)
    for group in paths.TOLD:
        gather(study, group)
    return study


def spread_out(mean: float, amount: float = 0.02) -> np.ndarray:
    """The values of all images, around their mean."""
    return mean + amount * np.linspace(-1, 1, IMAGES)


def _write_floors(study: Study) -> None:
    floors = {"best constant": 0.55, "fixed map": FLOOR}
    floors |= {f"truth up to {ceiling}": 0.6 / ceiling for ceiling in (1, 2, 5, 10, 20, 100)}
    rows = [{"name": study.loss_name, "split": "test", "floor": name, "loss": loss} for name, loss in floors.items()]
    images = {"thumbnail": THUMBNAIL, "principal components": 0.2 * THUMBNAIL}
    rows += [{"name": "image", "split": "test", "floor": name, "loss": loss} for name, loss in images.items()]
    paths.floors(study.scale).parent.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(rows).to_csv(paths.floors(study.scale), index=False)


def _write_training(study: Study, run: Run) -> None:
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
    steps_of = 1600 if run.variant.endswith("-longest") else 400
    origin = {"variant": run.variant, "seed": run.seed, "params": digest(study.variant(run.variant)), "frames": "abc"}
    cost = {"parameters": 2_000_000, "seconds": 60.0, "steps": steps_of}
    run.provenance.write_text(json.dumps(origin | cost))


def _write_evaluation(run: Run, skill: float) -> None:
    losses = spread_out(FLOOR * (1 - skill))
    names = [f"rooms/{index}" for index in range(IMAGES)]
    table = pd.DataFrame({"id": names, "loss": losses})
    table.sample(frac=1, random_state=run.seed).to_csv(run.per_image, index=False)  # in any order
    headline = {"aggregate": "pooled", "median_scaled": False, "abs_rel": 0.2, "rmse": 0.6, "delta1": 0.7}
    mean = float(losses.mean())
    metrics = {"training_loss": mean + 0.1, "final_training_loss": mean + 0.05, "test_loss": mean}
    run.evaluation.write_text(json.dumps(metrics | {"headline": headline}))


def _write_reconstruction(run: Run, skill: float) -> None:
    values = -10 * np.log10(spread_out(THUMBNAIL * (1 - skill), 0.0001))
    tables = [
        pd.DataFrame({"images": source, "id": [f"{source}/{i}" for i in range(IMAGES)], "psnr": values + more})
        for source, more in (("test", 0.0), ("photos", -5.0))
    ]
    pd.concat(tables).to_csv(run.per_image, index=False)
    measured = {"ssim": 0.9, "error_to_0.25": 0.01, "error_to_0.5": 0.2}
    psnr = float(values.mean())
    of_sources = {source: {"psnr": psnr + more, **measured} for source, more in (("test", 0.0), ("photos", -5.0))}
    run.evaluation.write_text(json.dumps({"variant": run.variant, "forward_gflops": 1.25, **of_sources}))
