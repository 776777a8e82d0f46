"""The report's losses next to what each head's ceiling allows, before anything is trained.

A head that ends at a ceiling cannot predict what lies above it. So even the truth, cut off there, has a loss. A network
that has only learned to sit at the ceiling has hardly more.
"""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from packdepth.analysis.results import floors, reported
from packdepth.config.study import Study
from packdepth.figures._style import canvas

CEILINGS = {"inverse-sigmoid": 2, "sigmoid": 1}  # of the bounded heads, as in models/heads.py
REPORT, CEILING, TRUTH = "black", "#D55E00", "#0072B2"
LEVELS = {"best constant": ":", "fixed map": "--"}
NOTE = (
    "Lines and bars: training frames of scale {scale}, loss {loss}, no training. The report: ~ is about and > above,"
    " runs that it stopped early. A row without a bar has a head without a ceiling."
)


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    levels = floors(study, "train")["loss"]
    losses = reported_losses(study)
    with canvas(path, finding(levels), NOTE.format(scale=study.scale, loss=study.loss_name), height=4.2) as figure:
        axes = figure.add_subplot(xlabel="average loss")
        for place, (variant, loss) in enumerate(losses.items()):
            ceiling = CEILINGS.get(getattr(study.variant(variant).network, "head", ""))
            if ceiling:
                _ceiling(axes, levels, ceiling, place)
            axes.plot(loss["value"], place, "D", color=REPORT, markersize=7, label="the report")
            text = f"{loss.get('prefix', '')}{loss['value']:g}"
            axes.annotate(text, (loss["value"], place), (0, 8), textcoords="offset points", ha="center")
        for name, linestyle in LEVELS.items():
            axes.axvline(levels[name], color="0.35", linestyle=linestyle, label=f"{name}: {levels[name]:.3f}")
        axes.set_yticks(np.arange(len(losses)), list(losses))
        axes.invert_yaxis()
        axes.margins(x=0.08, y=0.12)
        axes.grid(axis="x")
        handles = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
        axes.legend(
            handles.values(), handles.keys(), loc="lower right", bbox_to_anchor=(1, 1), ncols=3, markerscale=0.7
        )


def finding(levels: pd.Series) -> str:
    """In words: whether the truth, cut off at a head's ceiling, has a lower loss than one map for all images."""
    truth, level = (levels[name] for name in (f"truth up to {max(CEILINGS.values())}", "fixed map"))
    told = "the truth has a lower" if truth < level else "even the truth has a higher"
    return f"Cut off at PackNet's ceiling, {told} loss than one fixed map"


def reported_losses(study: Study) -> dict[str, dict[str, Any]]:
    """The report's losses by variant; of two readings of one experiment, the first."""
    losses: dict[str, dict[str, Any]] = {}
    for variant, loss in reported()["report"]["loss"].items():
        if variant in study.variants and loss not in losses.values():
            losses[variant] = loss
    return losses


def _ceiling(axes: Axes, levels: pd.Series, ceiling: int, place: int) -> None:
    """What a network at the ceiling and the truth cut off there have, and a bar between them."""
    at, below = levels[f"constant {ceiling}"], levels[f"truth up to {ceiling}"]
    axes.plot([below, at], [place, place], color="0.8", linewidth=9, solid_capstyle="butt", zorder=1)
    axes.plot(at, place, "|", color=CEILING, markersize=24, markeredgewidth=3, label="every pixel at the ceiling")
    axes.plot(below, place, "|", color=TRUTH, markersize=13, markeredgewidth=4, label="the truth, cut off there")
