"""The table of every checkpoint on every data set."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd

from packdepth import paths
from packdepth.analysis.results import all_runs, read_json, reported
from packdepth.analysis.text import markdown_table
from packdepth.config.study import Study
from packdepth.utils.files import write_text

SHOWN = ("abs_rel", "delta1")
CAPTION = (
    "Rows: checkpoints; columns: data sets, each with its own protocol and the mean that this publishes. Cells: metric"
    " depth as predicted / scaled to each image's true median. Images are scaled to the size that a checkpoint was"
    " trained at, whatever their shape."
)


def write_transfer_table(study: Study) -> str:
    """Write table.csv and table.md of the study's checkpoints and data sets; returns the latter.

    Raises InputError that names a missing result.
    """
    table = pd.DataFrame([_row(read_json(path)) for path in _cells(study)])
    folder = paths.transfer(study.scale)
    write_text(folder / "table.csv", table.to_csv(index=False, float_format="%.6g"))
    write_text(folder / "table.md", transfer_markdown(table))
    return transfer_markdown(table)


def _cells(study: Study) -> Iterator[Path]:
    """The results, checkpoints in the order of params.yaml, the scale's own first."""
    checkpoints = [str(run.checkpoint) for run in all_runs(study)] + study.transfer.checkpoints
    for checkpoint in checkpoints:
        for data in study.transfer.data:
            yield paths.transfer(study.scale) / data / paths.checkpoint_name(checkpoint) / "metrics.json"


def _row(result: dict[str, Any]) -> dict[str, Any]:
    """The protocol's kind of mean, of all metrics, as predicted and median-scaled."""
    aggregate = result["headline"]["aggregate"]
    row = {name: result[name] for name in ("checkpoint", "data", "images")}
    row |= {"protocol": result["protocol"]["name"], "aggregate": aggregate}
    row |= result["metric"][aggregate]
    return row | {f"{name}_scaled": value for name, value in result["median_scaled"][aggregate].items()}


def transfer_markdown(table: pd.DataFrame) -> str:
    """One table per metric for people, with the caption, and the numbers that papers report for these checkpoints."""
    parts = [_pairs(table, name) for name in SHOWN]
    return "\n\n".join([*parts, CAPTION, *_published(table["checkpoint"].unique())]) + "\n"


def _pairs(table: pd.DataFrame, name: str) -> str:
    cells = table.assign(
        cell=[f"{row[name]:.3f} / {row[f'{name}_scaled']:.3f}" for _, row in table.iterrows()]
    ).pivot_table("cell", "checkpoint", "data", aggfunc="first", sort=False)
    return markdown_table([name, *cells.columns], [[row, *values] for row, *values in cells.itertuples()])


def _published(checkpoints: Any) -> Iterator[str]:
    """What PackNet's authors report for their own checkpoints."""
    known = reported()["packnet-sfm"]["checkpoints"]
    rows = [[name, *(str(known[name][key]) for key in ("data", *SHOWN))] for name in checkpoints if name in known]
    if rows:
        yield f"As published ({reported()['packnet-sfm']['source']}):"
        yield markdown_table(["checkpoint", "data", *SHOWN], rows)
