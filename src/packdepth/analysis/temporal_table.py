"""The table of what was learned from neighbouring frames: is depth metric, and how good is it?"""

from typing import Any

import pandas as pd

from packdepth import paths
from packdepth.analysis.results import read_csv, read_json, runs
from packdepth.analysis.text import MEANS, TextTable, circumstances, number
from packdepth.config.study import Study
from packdepth.config.variants import Training
from packdepth.errors import InputError

FAULTS = ("noise", "bias", "lag", "drop_out")  # of the speed sensor
MEASURED = ("factor", "factor_spread", "abs_rel", "rmse", "delta1", "abs_rel_scaled", "delta1_scaled", "seconds")
CAPTION = (
    "`factor` is the mean over test images of median true / median predicted depth: at 1, depth is metric. `spread`,"
    " its standard deviation over images, is how far images disagree on the scale. abs_rel, rmse (m) and delta1 are of"
    " depth as predicted, then scaled by each image's own factor; on the test split, "
)


def summarise_temporal(study: Study, group: str) -> pd.DataFrame:
    """One row per variant of a group: its settings; mean and deviation over seeds of the measurements.

    Metrics are the protocol's kind of mean (`aggregate`). The deviation is the sample's (n - 1), empty for a single
    seed. Raises InputError that names a missing result, or states that there are no such variants.
    """
    if not study.shown(group):
        raise InputError(f"params.yaml: groups.{group}.variants is empty; there is nothing to tell of")
    return pd.DataFrame([_row(study, variant) for variant in study.shown(group)])


def faults(training: Training) -> dict[str, float]:
    """The faults of the speed sensor that a training uses: those of FAULTS that are not 0."""
    if training.mode == "supervised" or not training.velocity.weight:
        return {}
    amounts = {name: getattr(training.velocity, name) for name in FAULTS}
    return {name: amount for name, amount in amounts.items() if amount}


def _row(study: Study, variant: str) -> dict[str, Any]:
    settings = study.variant(variant)
    training = settings.training
    alone = training.mode == "supervised"
    values = pd.DataFrame([_measured(run) for run in runs(study, variant)])
    row = {
        "variant": variant,
        "network": settings.network.architecture,
        "mode": training.mode,
        "context": "-" if alone else " + ".join(training.context),
        "pose": training.pose if training.sees_other_times else "-",
        "velocity_weight": float("nan") if alone else training.velocity.weight,
        "sensor": _sensor(training),
        "parameters": int(values["parameters"].iloc[0]),
        "seeds": len(values),
        "aggregate": values["aggregate"].iloc[0],
    }
    for name in MEASURED:
        row |= {name: values[name].mean(), f"{name}_std": values[name].std()}
    return row


def _sensor(training: Training) -> str:
    """The faults of the speed sensor, in words; a dash for none."""
    units = {"noise": "noise {:g} m/s", "bias": "bias {:+.0%}", "lag": "lag {:g} s", "drop_out": "drop-out {:.0%}"}
    return ", ".join(units[name].format(amount) for name, amount in faults(training).items()) or "-"


def _measured(run: paths.Run) -> dict[str, Any]:
    metrics, provenance = read_json(run.evaluation), read_json(run.provenance)
    factors = read_csv(run.per_image)["median_factor"]
    aggregate = metrics["headline"]["aggregate"]
    plain, scaled = metrics["metric"][aggregate], metrics["median_scaled"][aggregate]
    return {
        "parameters": provenance["parameters"],
        "aggregate": aggregate,
        "factor": factors.mean(),
        "factor_spread": factors.std(),
        **{name: plain[name] for name in ("abs_rel", "rmse", "delta1")},
        **{f"{name}_scaled": scaled[name] for name in ("abs_rel", "delta1")},
        "seconds": provenance["seconds"],
    }


def temporal_text(table: pd.DataFrame, study: Study) -> TextTable:
    """The table for people, with its caption."""
    head = [
        "variant",
        "network",
        "mode",
        "context",
        "pose",
        "velocity weight",
        "sensor",
        "parameters",
        "factor",
        "spread",
    ]
    head += ["abs_rel", "rmse", "delta1", "scaled: abs_rel", "delta1", "time"]
    rows = [
        [
            *(row[name] for name in ("variant", "network", "mode", "context", "pose")),
            "-" if pd.isna(row["velocity_weight"]) else f"{row['velocity_weight']:g}",
            row["sensor"],
            f"{row['parameters'] / 1e6:.2f} M",
            *(number(row[name], 3, row[f"{name}_std"]) for name in MEASURED[:-1]),
            f"{row['seconds']:.0f} s",
        ]
        for _, row in table.iterrows()
    ]
    means = MEANS[table["aggregate"].iloc[0]]
    seeds = " ± is the deviation over seeds." if len(study.seeds) > 1 else ""
    return TextTable(head, rows, f"{circumstances(study)}. {CAPTION}{means}.{seeds}")
