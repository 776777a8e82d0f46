"""The report's losses next to what each head's ceiling says, before anything is trained.

A head that ends at a ceiling cannot predict what lies above it. So even a perfect network behind it has a loss, and one
that has only learned to sit at the ceiling has hardly more.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from packdepth.analysis.results import floors, reported
from packdepth.config.study import Study
from packdepth.figures._style import canvas

CEILINGS = {"inverse-sigmoid": 2, "sigmoid": 1}  # of the bounded heads, as in models/heads.py
REPORT, CEILING, PERFECT = "black", "#D55E00", "#0072B2"
LEVELS = {"best constant": ":", "fixed map": "--"}
NOTE = (
    "Training frames of scale {scale}, loss {loss}. The report: ~ is about and > above, runs that it stopped early."
    " A row without a bar has a head without a ceiling."
)


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    levels = floors(study, "train")["loss"]
    losses = {name: loss for name, loss in reported()["report"]["loss"].items() if name in study.variants}
    title = "The report's losses, and what each head's ceiling says"
    with canvas(path, title, NOTE.format(scale=study.scale, loss=study.loss_name), height=4.2) as figure:
        axes = figure.add_subplot(xlabel="loss")
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
        figure.legend(handles.values(), handles.keys(), loc="outside upper left", ncols=3)


def _ceiling(axes: Axes, levels: pd.Series, ceiling: int, place: int) -> None:
    """What a network at the ceiling and a perfect one below it have, and a bar between them."""
    at, below = levels[f"constant {ceiling}"], levels[f"truth up to {ceiling}"]
    axes.plot([below, at], [place, place], color="0.8", linewidth=9, solid_capstyle="butt", zorder=1)
    axes.plot(
        at, place, "|", color=CEILING, markersize=20, markeredgewidth=3, label="every pixel at the head's ceiling"
    )
    axes.plot(below, place, "|", color=PERFECT, markersize=20, markeredgewidth=3, label="a perfect network below it")
