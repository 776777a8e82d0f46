"""The average losses of the report next to ours, and our skill on test images."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from packdepth.analysis.report_table import NO_SKILL, summarise_report
from packdepth.config.study import Study
from packdepth.figures._style import canvas, draw_floors, legend_below_title

REPORT, OURS = "#B3B3B3", "#0072B2"
THICKNESS = 0.38  # of a bar, in rows
LABEL: dict[str, Any] = {"padding": 3, "fontsize": 9, "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 0.5}}


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    table = summarise_report(study, "report")
    floor = table["floor"].to_numpy(bool)
    rows, floors = table[~floor], table[floor].set_index("variant")
    with canvas(path, finding(rows), _note(study), height=1.6 + 0.5 * max(len(rows), 2)) as figure:
        losses, skill = figure.subplots(1, 2, sharey=True)
        _pairs(losses, rows)
        draw_floors(losses, floors["loss"])
        losses.set_xlabel("mean training loss of the last epoch")
        losses.set_yticks(range(len(rows)), rows["variant"])
        losses.invert_yaxis()
        _bars(skill, rows)
        skill.axvline(0, color="black", linewidth=1.2)
        skill.set_xlabel(f"skill on test images ({NO_SKILL}: 0)")
        legend_below_title(figure, *losses.get_legend_handles_labels(), ncols=3)


def finding(rows: pd.DataFrame) -> str:
    """In words: which variant has the most skill, and how many have none."""
    known = rows.dropna(subset="skill").sort_values("skill")
    if known.empty:
        return "No variant has a loss to compare"
    best, none = known.iloc[-1], len(rows) - (rows["skill"] > 0).sum()
    return f"{best['variant']} has the most skill, {best['skill']:.2f}; {none} of {len(rows)} variants have none"


def _note(study: Study) -> str:
    seeds = len(study.seeds)
    ours = f"seed {study.seeds[0]}" if seeds == 1 else f"mean of {seeds} seeds, whiskers: standard deviation"
    return f"Ours: scale {study.scale}, {ours}. In the report, ~ is about and > above: runs that it stopped early."


def _pairs(axes: Axes, rows: pd.DataFrame) -> None:
    """The report's loss above ours, each with its number; without a number there is no bar."""
    places = np.arange(len(rows))
    report = axes.barh(places - THICKNESS / 2, rows["reported_loss"], THICKNESS, color=REPORT, label="report")
    ours = axes.barh(places + THICKNESS / 2, rows["loss"], THICKNESS, xerr=rows["loss_std"], color=OURS, label="ours")
    axes.bar_label(report, numbers(rows["reported_loss"], "{:.3g}", rows["reported_prefix"]), **LABEL)
    axes.bar_label(ours, numbers(rows["loss"], "{:.3g}"), **LABEL)
    _finish(axes)


def _bars(axes: Axes, rows: pd.DataFrame) -> None:
    places = np.arange(len(rows)) + THICKNESS / 2
    bars = axes.barh(places, rows["skill"], THICKNESS, xerr=rows["skill_std"], color=OURS)
    axes.bar_label(bars, numbers(rows["skill"], "{:.2f}"), **LABEL)
    _finish(axes)


def _finish(axes: Axes) -> None:
    axes.margins(x=0.18)
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)


def numbers(values: pd.Series, number: str, prefixes: pd.Series | None = None) -> list[str]:
    """The text at the ends of bars: each value in the format `number` after its prefix; empty for no value."""
    marks = [""] * len(values) if prefixes is None else list(prefixes)
    pairs = zip(values, marks, strict=True)
    return ["" if pd.isna(value) else mark + number.format(value) for value, mark in pairs]
