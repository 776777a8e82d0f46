"""The depth error of every variant over the true distance, and how many pixels are at each distance."""

from pathlib import Path

import numpy as np
import pandas as pd

from packdepth.analysis import results
from packdepth.config.study import Study
from packdepth.figures._style import canvas, networks, of_seeds, plot_seeds, styles


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    tables = {variant: by_distance(study, variant) for variant in study.variants}
    errors = {variant: mean_error(study, variant) for variant in networks(study) or study.variants}
    best = min(errors, key=lambda variant: np.nan_to_num(errors[variant], nan=np.inf))
    title = f"{best} has the least error over all pixels, {errors[best]:.2f} m on average"
    note = f"Scale {study.scale}, test images. Lines: mean over all pixels of a bin, {of_seeds(study)}."
    with canvas(path, title, note, height=5) as figure:
        error, share = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
        for variant, style in styles(study).items():
            plot_seeds(error, tables[variant], variant, style)
        error.set(ylabel="mean absolute error (m)", ylim=(0, None))
        bins = _bins(study)
        widths = bins["far"] - bins["near"]
        share.bar(bins["near"], bins["share"], widths, align="edge", color="0.6", edgecolor="white")
        share.set(ylabel="pixels (%)", xlabel="true depth (m)", xlim=(0, bins["far"].max()))
        for axes in (error, share):
            axes.grid()
        figure.legend(loc="outside right upper")


def by_distance(study: Study, variant: str) -> pd.DataFrame:
    """The mean absolute error (m): one row per bin, indexed by its middle (m), one column per seed."""
    tables = {run.seed: results.read_csv(run.error_by_distance) for run in results.runs(study, variant)}
    return pd.DataFrame({seed: table.set_index(_middle(table))["abs_error"] for seed, table in tables.items()})


def mean_error(study: Study, variant: str) -> float:
    """The mean absolute error (m) over the pixels of all distances and seeds; NaN if some of it is."""
    bins = pd.concat([results.read_csv(run.error_by_distance) for run in results.runs(study, variant)])
    bins = bins[bins["pixels"] > 0]
    return float((bins["abs_error"] * bins["pixels"]).sum(skipna=False) / bins["pixels"].sum())


def _middle(table: pd.DataFrame) -> pd.Series:
    return (table["near"] + table["far"]) / 2


def _bins(study: Study) -> pd.DataFrame:
    """The bins of the test split, the same for every variant, with their share of the pixels in %."""
    table = results.read_csv(next(results.all_runs(study)).error_by_distance)
    return table.assign(share=100 * table["pixels"] / table["pixels"].sum())
