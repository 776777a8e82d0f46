"""Is depth learned from neighbouring frames metric? The scale factor of every image, and the gain of scaling by it."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from packdepth.analysis.results import read_csv, runs
from packdepth.analysis.temporal_table import summarise_temporal
from packdepth.analysis.text import MEANS
from packdepth.config.study import Study
from packdepth.figures._logs import logarithmic
from packdepth.figures._style import COLOURS, Style, canvas, legend_below_title
from packdepth.figures._temporal import drawn, finding, settings, taught_by

THICKNESS = 0.42  # of a box, in rows
LEAST = (0.5, 2.0), (0.1, 1.0)  # the axes span at least this, so that a hundredth does not look large
WIDE = 300  # an axis's ratio from end to end, above which only one number per decade has room
MARK: Style = {"marker": "o", "markersize": 6}
SCALINGS = {
    "abs_rel": ("as predicted", MARK),
    "abs_rel_scaled": ("median-scaled", MARK | {"fillstyle": "none"}),
}


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    variants = drawn(study, "supervision")
    teachers = list(dict.fromkeys(taught_by(study, variant) for variant in variants))
    table = summarise_temporal(study, "supervision").set_index("variant").loc[variants]
    with canvas(
        path,
        finding(dict(zip(variants, table["factor"], strict=True))),
        _note(study),
        height=1.6 + 0.48 * max(len(variants), 2),
    ) as figure:
        left, right = figure.subplots(1, 2, sharey=True, width_ratios=[1.2, 1])
        for place, (variant, (_, row)) in enumerate(zip(variants, table.iterrows(), strict=True)):
            colour = COLOURS[teachers.index(taught_by(study, variant))]
            _box(left, place, factors(study, variant), colour)
            _pair(right, place, row, colour)
        _axes(left, right, MEANS[table["aggregate"].iloc[0]])
        left.set_yticks(range(len(variants)), [f"{name}\n{settings(study, name)}" for name in variants], fontsize=8)
        left.set_ylim(len(variants) - 0.5, -0.5)
        marks = [Line2D([], [], color="0.25", linestyle="", **mark) for _, mark in SCALINGS.values()]
        legend_below_title(figure, marks, [name for name, _ in SCALINGS.values()], ncols=2)


def factors(study: Study, variant: str) -> np.ndarray:
    """Median true over median predicted depth of every test image, all seeds together."""
    return np.concatenate([read_csv(run.per_image)["median_factor"].to_numpy() for run in runs(study, variant)])


def _note(study: Study) -> str:
    several = len(study.seeds) > 1
    images = f"images of {len(study.seeds)} seeds" if several else f"images, seed {study.seeds[0]}"
    right = " Right, whiskers: deviation over seeds." if several else ""
    return f"Scale {study.scale}. Left, bar: middle half of the {images}; whiskers: nine tenths; tick: median.{right}"


def _box(axes: Axes, place: int, values: np.ndarray, colour: str) -> None:
    ends = np.percentile(values, (5, 25, 50, 75, 95))
    axes.hlines(place, ends[0], ends[4], color=colour, linewidth=1.5)
    axes.barh(place, ends[3] - ends[1], THICKNESS, left=ends[1], color=colour, edgecolor=colour)
    axes.vlines(ends[2], place - THICKNESS / 2, place + THICKNESS / 2, color="black", linewidth=1.5)


def _pair(axes: Axes, place: int, row: pd.Series, colour: str) -> None:
    axes.hlines(place, row["abs_rel"], row["abs_rel_scaled"], color=colour, linewidth=1.5)
    for name, (_, mark) in SCALINGS.items():
        spread = None if pd.isna(row[f"{name}_std"]) else row[f"{name}_std"]
        axes.errorbar(row[name], place, xerr=spread, color=colour, capsize=3, **mark)


def _axes(left: Axes, right: Axes, means: str) -> None:
    left.axvline(1, color="black", linestyle="--", linewidth=1.2, zorder=0)
    for axes, (lowest, highest) in zip((left, right), LEAST, strict=True):
        axes.set_xscale("log")
        near, far = axes.get_xlim()
        near, far = min(near, lowest), max(far, highest)
        axes.set_xlim(near, far)
        logarithmic(axes, "x", (1, 2, 5) if far / near < WIDE else (1,))
        axes.tick_params(axis="y", length=0)
    left.set_xlabel("an image's median true / predicted depth\n(dashed: 1, metric)")
    right.set_xlabel(f"abs_rel,\n{means}")
