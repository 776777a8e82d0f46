"""What the runs of one group measured, in a few small tables: `packdepth gather GROUP`.

The verdict and the cascades read these and the floors, nothing else. They are small enough to be published, so anybody
can judge anew without training anything. In `results/SCALE/gathered/GROUP/`, for depth networks or for autoencoders:

| file | rows | columns |
| --- | --- | --- |
| losses.csv | test images (or held-out ones) | `VARIANT/SEED`: the loss; of an autoencoder, the mean squared error |
| variants.csv | runs | losses, metrics, diagnostics; `batches`: time, memory; `widths`, `pairs`: operations |
| stages.csv | runs and stages of their networks | medians over the training |
| curves.csv | runs and steps | the training loss, mean over the steps since the last row |
| reconstructions.csv | autoencoders' runs and sets of images | size, PSNR, SSIM, error by frequency |
| uncertainty.csv | of `widths`: runs, predictors of error, images | what was predicted; AUSE, and of random order |
| sparsification.csv | of `widths`: runs, predictors of error, shares removed | the error of the other pixels |
| provenance.json | runs | where each comes from |

A run that is no longer here keeps its rows as long as it had today's settings, so seeds can be added on another
machine. Runs of one group that learned from different frames are refused. `read_gathered` gives means over seeds.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from packdepth import paths
from packdepth.analysis.results import read_csv, read_json, runs
from packdepth.config.study import Study
from packdepth.errors import InputError
from packdepth.utils.files import write_json, write_text
from packdepth.utils.fingerprint import digest

POINTS = 200  # of a curve
LATE = 0.8  # of the training; diagnostics from here on are averaged
OF_STAGES = ("gradient_rms", "update_ratio", "activation_std")
AUTOENCODER = "autoencoder"
LOSSES = "losses"
PREDICTORS = ("disagreement", "error_head")  # of the error
KEYS = {  # what means over seeds are taken by
    "variants": ["variant", "group", "architecture"],
    "stages": ["variant", "stage"],
    "curves": ["variant", "step"],
    "reconstructions": ["variant", "images"],
}


def gather(study: Study, group: str, chosen: list[paths.Run] | None = None) -> None:
    """Write the tables of a group, of all its runs or of some.

    Raises InputError that names a missing result, or runs of different frames.
    """
    folder, known = paths.gathered(study.scale, group), kept(study, group)
    provenance, tables = [], []
    for run in runs_of(study, group) if chosen is None else chosen:
        if run in known and not run.evaluation.is_file():
            provenance.append(known[run])
            tables.append(_kept_tables(folder, group, run))
        else:
            provenance.append(read_json(run.provenance))
            tables.append(_tables(study, group, run))
    # Older records name no frames; those of one store are the same.
    if len(frames := sorted({row.get("frames") or row["store"] for row in provenance})) > 1:
        raise InputError(f"{folder}: runs of {group} learned from different frames, {' and '.join(frames)}")
    for name in _names(group):
        of_runs = [of_run[name] for of_run in tables]
        table = pd.concat(of_runs, axis=1).reset_index() if name == LOSSES else pd.concat(of_runs, ignore_index=True)
        write_text(folder / f"{name}.csv", table.to_csv(index=False, float_format="%.6g"))
    write_json(folder / "provenance.json", provenance)


def runs_of(study: Study, group: str) -> list[paths.Run]:
    """The runs of a group: every variant with every seed."""
    return [run for name in study.by_group[group].variants for run in runs(study, name)]


def kept(study: Study, group: str) -> dict[paths.Run, dict[str, Any]]:
    """The runs that are gathered already, with the settings of today, and where each comes from."""
    folder = paths.gathered(study.scale, group)
    if not (folder / "provenance.json").is_file() or "seed" not in read_csv(folder / f"{_names(group)[1]}.csv"):
        return {}  # or gathered by an older version, which kept no rows of runs
    provenance: Any = read_json(folder / "provenance.json")
    rows = {(row["variant"], row["seed"]): row for row in provenance}
    found = {run: rows.get((run.variant, run.seed)) for run in runs_of(study, group)}
    return {run: row for run, row in found.items() if row and _is_of_today(study, run, row)}


def _is_of_today(study: Study, run: paths.Run, provenance: dict[str, Any]) -> bool:
    """Whether a run had the settings of today; of a stereo network, the place of the second camera is one."""
    variant = study.variant(run.variant)
    second = getattr(study.data, "stereo", None) if variant.stereo else None
    return provenance["params"] == digest(variant) and provenance.get("second_camera") == second


def gathered_groups(study: Study) -> list[str]:
    """The groups that the verdict rests on and that have been gathered."""
    return [group for group in paths.TOLD if (paths.gathered(study.scale, group) / "losses.csv").is_file()]


def read_gathered(study: Study, group: str, table: str) -> pd.DataFrame:
    """One table of a group: losses by run, what the cascades read as it is, else means over seeds.

    Raises InputError if the file is missing.
    """
    rows = read_csv(paths.gathered(study.scale, group) / f"{table}.csv")
    if "seed" not in rows or table not in KEYS:  # losses; or means, gathered by an older version
        return rows
    groups = rows.drop(columns="seed").groupby(KEYS[table], sort=False)
    if table == "stages":
        return groups.median().reset_index()
    means = groups.mean().assign(seeds=groups.size())
    if table == "variants":
        means["test_loss_std"] = groups["test_loss"].std()
        means["noise_scale"] = _noise_scale(study, means)
    return means.drop(columns=["gradient_square", "gradient_product"], errors="ignore").reset_index()


def _noise_scale(study: Study, means: pd.DataFrame) -> list[float]:
    """The batch size at which a gradient's noise equals its size; NaN where the product of two batches is none."""
    sizes = [study.variant(name).training.batch_size for name in means.index.get_level_values("variant")]
    ratios = zip(sizes, means["gradient_square"], means["gradient_product"], strict=True)
    return [size * (square / product - 1) if product > 0 else np.nan for size, square, product in ratios]


def _names(group: str) -> list[str]:
    if group == AUTOENCODER:
        return [LOSSES, "reconstructions"]
    of_depth = [LOSSES, "variants", "stages", "curves"]
    return [*of_depth, "uncertainty", "sparsification"] if group == paths.WIDTHS else of_depth


def _tables(study: Study, group: str, run: paths.Run) -> dict[str, pd.DataFrame]:
    """What one run adds to the tables of its group, from its results."""
    name: dict[str, Any] = {"variant": run.variant, "seed": run.seed}
    losses = _of_run(run.per_image, group).rename(f"{run.variant}/{run.seed}").rename_axis("id").to_frame()
    if group == AUTOENCODER:
        return {LOSSES: losses, "reconstructions": pd.DataFrame(_reconstructions(run)).assign(**name)}
    of_variant = {"group": group, "architecture": study.variant(run.variant).network.architecture}
    tables = {
        LOSSES: losses,
        "variants": pd.DataFrame([name | of_variant | _measured(run)]),
        "stages": _stages(run).assign(**name),
        "curves": _curve(run).assign(**name),
    }
    if group == paths.BATCHES:
        tables["variants"] = tables["variants"].assign(**_costs(run))
    if group in (paths.WIDTHS, paths.PAIRS):
        tables["variants"]["forward_gflops"] = read_json(run.evaluation)["forward_gflops"]
    if group == paths.WIDTHS:
        tables["uncertainty"] = _uncertainty(run).assign(**name)
        tables["sparsification"] = _sparsification(run).assign(**name)
    return tables


def _kept_tables(folder: Path, group: str, run: paths.Run) -> dict[str, pd.DataFrame]:
    """The same, as they were gathered."""
    tables = {name: read_csv(folder / f"{name}.csv") for name in _names(group)}
    losses = tables.pop(LOSSES).set_index("id")[[f"{run.variant}/{run.seed}"]]
    of_run = {
        name: rows[(rows["variant"] == run.variant) & (rows["seed"] == run.seed)] for name, rows in tables.items()
    }
    return {LOSSES: losses, **of_run}


def _of_run(per_image: Path, group: str) -> "pd.Series[float]":
    table = read_csv(per_image).set_index("id")
    if group == AUTOENCODER:
        of_test = table.loc[table["images"] == "test", "psnr"]
        return 10 ** (-of_test / 10)
    return table["loss"]


def _measured(run: paths.Run) -> dict[str, float]:
    metrics, provenance = read_json(run.evaluation), read_json(run.provenance)
    diagnostics = read_csv(run.diagnostics)
    late = diagnostics[diagnostics["step"] > LATE * diagnostics["step"].max()].groupby("name")["value"].mean()
    whole = diagnostics.groupby("name")["value"].mean()
    return {
        "parameters": provenance["parameters"],
        "steps": provenance["steps"],
        "training_loss": metrics["training_loss"],
        "final_loss": metrics["final_training_loss"],
        "test_loss": metrics["test_loss"],
        **{name: metrics["headline"][name] for name in ("abs_rel", "rmse", "delta1")},
        "spread": late.get("prediction_std", np.nan) / late.get("target_std", np.nan),
        "correlation": late.get("correlation", np.nan),
        "saturation": late.get("saturation", np.nan),
        **{name: whole.get(name, np.nan) for name in ("gradient_square", "gradient_product")},
    }


def _costs(run: paths.Run) -> dict[str, float]:
    """The time of the training, s, and the most memory that it took, MiB."""
    diagnostics = read_csv(run.diagnostics)
    memory = diagnostics.loc[diagnostics["name"] == "peak_memory_mib", "value"]
    return {"seconds": read_json(run.provenance)["seconds"], "peak_memory_mib": memory.max()}


def _of_stages(diagnostics: pd.DataFrame, what: str) -> pd.DataFrame:
    """One kind of measurement: one row per stage, from input to output, one column per measured step."""
    table = diagnostics[diagnostics["name"].str.startswith(f"{what}/")]
    table = table.assign(stage=table["name"].str.removeprefix(f"{what}/"))
    return table.pivot(index="stage", columns="step", values="value").reindex(table["stage"].unique())


def _reconstructions(run: paths.Run) -> list[dict[str, Any]]:
    """One row for each set of images."""
    measured = read_json(run.evaluation)
    size = {
        "parameters": read_json(run.provenance)["parameters"],
        "forward_gflops": measured["forward_gflops"],
    }
    return [size | {"images": name} | values for name, values in measured.items() if isinstance(values, dict)]


def _stages(run: paths.Run) -> pd.DataFrame:
    """Medians over the training, stages from the input to the output."""
    log = read_csv(run.diagnostics)
    return pd.DataFrame({what: _of_stages(log, what).median(axis=1) for what in OF_STAGES}).reset_index()


def _uncertainty(run: paths.Run) -> pd.DataFrame:
    """What each predictor of the error says of each image, and how it orders the image's pixels."""
    images = read_csv(run.per_image)
    of_predictors = [
        images[["id", name, f"{name}_ause", "ause_random"]]
        .rename(columns={name: "predicted", f"{name}_ause": "ause"})
        .assign(predictor=name)
        for name in PREDICTORS
    ]
    return pd.concat(of_predictors, ignore_index=True)


def _sparsification(run: paths.Run) -> pd.DataFrame:
    """The mean error of the pixels that are left, over that of all: by each predictor, and by the oracle."""
    curves = read_json(run.evaluation)["sparsification"]
    of_predictors = [
        pd.DataFrame({"removed": curves["removed"], "error": curves[predictor], "oracle": curves["oracle"]}).assign(
            predictor=predictor
        )
        for predictor in PREDICTORS
    ]
    return pd.concat(of_predictors, ignore_index=True)


def _curve(run: paths.Run) -> pd.DataFrame:
    """The mean over the steps between two points."""
    losses = read_csv(run.train_log).set_index("step")["loss"]
    width = max(1, len(losses) // POINTS)
    thinned = losses.groupby((losses.index - 1) // width).mean()
    return pd.DataFrame({"step": (thinned.index + 1) * width, "loss": thinned.to_numpy()})
