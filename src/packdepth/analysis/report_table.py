"""The table of reported and measured numbers side by side, with the floors under them."""

from typing import Any

import pandas as pd

from packdepth import paths
from packdepth.analysis.results import BASELINE, floors, read_json, reported, runs
from packdepth.analysis.text import MEANS, TextTable, circumstances, number
from packdepth.config.study import Study

MEASURED = ("loss", "final_loss", "test_loss", "abs_rel", "rmse", "delta1", "seconds")
NO_SKILL = "fixed map"  # the floor whose skill is 0
FLOORS = ("constant 1", "constant 2", "best constant", NO_SKILL, "image median", "truth up to 1", "truth up to 2")
CAPTION = (
    "`loss` is the report's number, the mean of the training loss over the last epoch; `final` the mean over its last"
    " tenth. `test`, `skill`, abs_rel, rmse (m) and delta1 are on the test split, {means}. `skill` is 1 - the test loss"
    f" / that of the {NO_SKILL}: 0 for a network that looks at nothing, 1 for a perfect one. Rows in italics are"
    " floors: what needs no network (the report has none). Time is the training's; x: ratio to DenseDepth."
)


def summarise_report(study: Study, group: str) -> pd.DataFrame:
    """One row per variant of a group, then one per floor.

    Columns: the reported loss; mean and deviation over seeds of ours. The deviation is the sample's (n - 1), empty for
    a single seed and for floors.
    """
    variants = pd.DataFrame([_row(study, variant) for variant in study.shown(group)])
    for column in ("reported_hours", "seconds"):
        baseline = variants.loc[variants["variant"] == BASELINE, column]
        variants[f"{column}_ratio"] = variants[column] / baseline.iloc[0] if len(baseline) else float("nan")
    table = pd.concat([variants.assign(floor=False), _of_floors(study).assign(floor=True)], ignore_index=True)
    no_skill = table.loc[table["variant"] == NO_SKILL, "test_loss"].iloc[0]
    return table.assign(skill=1 - table["test_loss"] / no_skill, skill_std=table["test_loss_std"] / no_skill)


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
        "test_loss": metrics["test_loss"],
        "seconds": provenance["seconds"],
        **{name: metrics["headline"][name] for name in ("abs_rel", "rmse", "delta1")},
    }


def _of_floors(study: Study) -> pd.DataFrame:
    """The floors in the columns of a variant: `loss` on training frames, the rest on the test split."""
    test, train = (floors(study, split).loc[lambda table: table.index.isin(FLOORS)] for split in ("test", "train"))
    errors = {name: test[name] for name in ("abs_rel", "rmse", "delta1")}
    columns = {"variant": test.index, "reported_prefix": "", "loss": train["loss"], "test_loss": test["loss"], **errors}
    return pd.DataFrame(columns).reset_index(drop=True)


def report_text(table: pd.DataFrame, study: Study) -> TextTable:
    """The table for people, with its caption."""
    head = ["variant", "report: loss", "ours: loss", "final", "test", "skill", "abs_rel", "rmse", "delta1"]
    head += ["parameters", "report: time x", "ours: time", "x"]
    rows = [
        [
            f"*{row['variant']}*" if row["floor"] else row["variant"],
            number(row["reported_loss"], 3, prefix=row["reported_prefix"]),
            *(number(row[name], 3, row[f"{name}_std"]) for name in ("loss", "final_loss", "test_loss")),
            number(row["skill"], 2, row["skill_std"]),
            *(number(row[name], 3, row[f"{name}_std"]) for name in ("abs_rel", "rmse", "delta1")),
            "-" if row["floor"] else f"{row['parameters'] / 1e6:.2f} M",
            number(row["reported_hours_ratio"], 2),
            "-" if row["floor"] else f"{row['seconds']:.0f} s",
            number(row["seconds_ratio"], 2),
        ]
        for _, row in table.iterrows()
    ]
    headline = read_json(runs(study, table["variant"].iloc[0])[0].evaluation)["headline"]
    means = MEANS[headline["aggregate"]] + (", median-scaled" if headline["median_scaled"] else "")
    return TextTable(head, rows, f"{circumstances(study)}. {CAPTION.format(means=means)}")
