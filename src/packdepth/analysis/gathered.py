"""What the runs of one group measured, in a few small tables: `packdepth gather GROUP`.

The verdict reads these and the floors, nothing else. They are small enough to be published, so anybody can judge anew
without training anything. In `results/SCALE/gathered/GROUP/`, for depth networks or for autoencoders:

| file | rows | columns |
| --- | --- | --- |
| losses.csv | test images (or held-out ones) | `VARIANT/SEED`: the loss; of an autoencoder, the mean squared error |
| variants.csv | variants | means over seeds: losses, metrics, diagnostics |
| stages.csv | variants and stages of their networks | medians over the training and the seeds |
| curves.csv | variants and steps | the training loss, mean over seeds and over the steps since the last row |
| reconstructions.csv | autoencoders and sets of images | size, PSNR, SSIM, error by frequency |
| provenance.json | runs | where each comes from |
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from packdepth import paths
from packdepth.analysis.results import read_csv, read_json, runs
from packdepth.config.study import Study
from packdepth.utils.files import write_json, write_text

POINTS = 200  # of a curve
LATE = 0.8  # of the training; diagnostics from here on are averaged
OF_STAGES = ("gradient_rms", "update_ratio", "activation_std")
AUTOENCODER = "autoencoder"


def gather(study: Study, group: str) -> None:
    """Write the tables of a group. Raises InputError that names a missing result."""
    names = list(study.by_group[group].variants)
    folder = paths.gathered(study.scale, group)
    tables = {"losses": pd.concat([_losses(study, name) for name in names], axis=1).rename_axis("id").reset_index()}
    if group == AUTOENCODER:
        tables["reconstructions"] = pd.DataFrame([row for name in names for row in _reconstructions(study, name)])
    else:
        tables["variants"] = pd.DataFrame([_row(study, name) for name in names])
        tables["stages"] = pd.concat([_stages(study, name) for name in names], ignore_index=True)
        tables["curves"] = pd.concat([_curve(study, name) for name in names], ignore_index=True)
    for name, table in tables.items():
        write_text(folder / f"{name}.csv", table.to_csv(index=False, float_format="%.6g"))
    provenance = [read_json(run.provenance) for name in names for run in runs(study, name)]
    write_json(folder / "provenance.json", provenance)


def gathered_groups(study: Study) -> list[str]:
    """The groups that the verdict rests on and that have been gathered."""
    return [group for group in paths.TOLD if (paths.gathered(study.scale, group) / "losses.csv").is_file()]


def read_gathered(study: Study, group: str, table: str) -> pd.DataFrame:
    """One table of a group. Raises InputError if the file is missing."""
    return read_csv(paths.gathered(study.scale, group) / f"{table}.csv")


def _losses(study: Study, name: str) -> pd.DataFrame:
    """The loss of every image, one row per image, one column per seed."""
    tables = {f"{name}/{run.seed}": _of_run(run.per_image, study.group_of(name)) for run in runs(study, name)}
    return pd.DataFrame(tables)


def _of_run(per_image: Path, group: str) -> pd.Series:
    table = read_csv(per_image).set_index("id")
    if group == AUTOENCODER:
        of_test = table.loc[table["images"] == "test", "psnr"]
        return 10 ** (-of_test / 10)
    return table["loss"]


def _row(study: Study, name: str) -> dict[str, Any]:
    """Means over seeds, with the deviation of the test loss."""
    values = pd.DataFrame([_measured(run) for run in runs(study, name)])
    means = {str(key): value for key, value in values.mean().items()}
    square, product = means.pop("gradient_square"), means.pop("gradient_product")
    noise = square / product - 1 if product > 0 else np.nan
    return {
        "variant": name,
        "group": study.group_of(name),
        "architecture": study.variant(name).network.architecture,
        "seeds": len(values),
        "test_loss_std": values["test_loss"].std(),
        **means,
        "noise_scale": study.variant(name).training.batch_size * noise,
    }


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


def _of_stages(diagnostics: pd.DataFrame, what: str) -> pd.DataFrame:
    """One kind of measurement: one row per stage, from input to output, one column per measured step."""
    table = diagnostics[diagnostics["name"].str.startswith(f"{what}/")]
    table = table.assign(stage=table["name"].str.removeprefix(f"{what}/"))
    return table.pivot(index="stage", columns="step", values="value").reindex(table["stage"].unique())


def _reconstructions(study: Study, name: str) -> list[dict[str, Any]]:
    """Means over seeds, for each set of images."""
    measured = [read_json(run.evaluation) for run in runs(study, name)]
    size = {
        "variant": name,
        "parameters": read_json(runs(study, name)[0].provenance)["parameters"],
        "forward_gflops": measured[0]["forward_gflops"],
        "seeds": len(measured),
    }
    sources = [source for source, values in measured[0].items() if isinstance(values, dict)]
    means = {source: pd.DataFrame([of_seed[source] for of_seed in measured]).mean() for source in sources}
    return [size | {"images": source} | {str(key): value for key, value in means[source].items()} for source in sources]


def _stages(study: Study, name: str) -> pd.DataFrame:
    """Medians over the training and the seeds, stages from the input to the output."""
    logs = [read_csv(run.diagnostics) for run in runs(study, name)]
    medians = {what: pd.concat([_of_stages(log, what) for log in logs], axis=1).median(axis=1) for what in OF_STAGES}
    return pd.DataFrame(medians).rename_axis("stage").reset_index().assign(variant=name)


def _curve(study: Study, name: str) -> pd.DataFrame:
    """The mean over seeds and over the steps between two points."""
    logs = pd.concat([read_csv(run.train_log) for run in runs(study, name)])
    losses = logs.groupby("step")["loss"].mean()
    width = max(1, len(losses) // POINTS)
    thinned = losses.groupby((losses.index - 1) // width).mean()
    return pd.DataFrame({"variant": name, "step": (thinned.index + 1) * width, "loss": thinned.to_numpy()})
