"""The table of reported and measured numbers side by side."""

from typing import Any

import pandas as pd

from packdepth import paths
from packdepth.analysis.results import BASELINE, read_json, reported, runs
from packdepth.analysis.text import MEANS, TextTable, circumstances, number
from packdepth.config.study import Study

MEASURED = ("loss", "final_loss", "abs_rel", "rmse", "delta1", "seconds")
CAPTION = (
    "`loss` is the report's number, the mean of the training loss over the last epoch; `final` the mean over its "
    "last tenth; time is the training's. x: ratio to DenseDepth. abs_rel, rmse (m) and delta1 are on the test split, "
)


def summarise_report(study: Study, group: str) -> pd.DataFrame:
    """One row per variant of a group.

    Columns: the reported loss and its ratio to DenseDepth's; mean and deviation over seeds of ours.

    The deviation is the sample's (n - 1), empty for a single seed.
    """
    rows = [_row(study, variant) for variant in study.shown(group)]
    table = pd.DataFrame(rows)
    for column in ("reported_loss", "reported_hours", "loss", "final_loss", "seconds"):
        baseline = table.loc[table["variant"] == BASELINE, column]
        table[f"{column}_ratio"] = table[column] / baseline.iloc[0] if len(baseline) else float("nan")
    return table


def _row(study: Study, variant: str) -> dict[str, Any]:
    values = pd.DataFrame([_measured(run) for run in runs(study, variant)])
    report = reported()["report"]
    loss = report["loss"].get(variant, {})
    row = {
        "variant": variant,
        "parameters": int(values["parameters"].iloc[0]),
        "seeds": len(values),
        "reported_loss": loss.get("value", float("nan")),
        "reported_prefix": loss.get("prefix", ""),
        "reported_hours": report["hours_per_epoch"].get(variant, float("nan")),
    }
    for name in MEASURED:
        row |= {name: values[name].mean(), f"{name}_std": values[name].std()}
    return row


def _measured(run: paths.Run) -> dict[str, float]:
    metrics, provenance = read_json(run.evaluation), read_json(run.provenance)
    return {
        "parameters": provenance["parameters"],
        "loss": metrics["training_loss"],
        "final_loss": metrics["final_training_loss"],
        "seconds": provenance["seconds"],
        **{name: metrics["headline"][name] for name in ("abs_rel", "rmse", "delta1")},
    }


def report_text(table: pd.DataFrame, study: Study) -> TextTable:
    """The table for people, with its caption."""
    head = ["variant", "parameters", "report: loss", "x", "ours: loss", "x", "final"]
    head += ["abs_rel", "rmse", "delta1", "report: time x", "ours: time", "x"]
    rows = [
        [
            row["variant"],
            f"{row['parameters'] / 1e6:.2f} M",
            number(row["reported_loss"], 3, prefix=row["reported_prefix"]),
            number(row["reported_loss_ratio"], 2),
            *(number(row["loss"], 3, row["loss_std"]), number(row["loss_ratio"], 2)),
            *(number(row[name], 3, row[f"{name}_std"]) for name in ("final_loss", "abs_rel", "rmse", "delta1")),
            number(row["reported_hours_ratio"], 2),
            f"{row['seconds']:.0f} s",
            number(row["seconds_ratio"], 2),
        ]
        for _, row in table.iterrows()
    ]
    headline = read_json(runs(study, table["variant"].iloc[0])[0].evaluation)["headline"]
    means = MEANS[headline["aggregate"]] + (", median-scaled" if headline["median_scaled"] else "")
    return TextTable(head, rows, f"{circumstances(study)}. {CAPTION}{means}.")
