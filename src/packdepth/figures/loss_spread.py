"""How far the losses of single batches lie apart, in each fifth of training."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from packdepth.config.study import Study
from packdepth.figures._logs import logarithmic, losses
from packdepth.figures._style import broken, canvas, styles

FIFTHS = 5
COLUMNS = 8  # panels side by side, at most
NOTE = (
    "Scale {scale}. Line: median; box: half of the batches; whiskers: nine tenths. The constant's spread is the"
    " batches' own."
)


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    groups = {variant: by_fifth(losses(study, variant)) for variant in study.variants}
    rows = -(-len(groups) // COLUMNS)
    columns = -(-len(groups) // rows)
    with canvas(path, finding(groups), NOTE.format(scale=study.scale), height=1 + 3.5 * rows) as figure:
        panels = figure.subplots(rows, columns, sharey=True, squeeze=False)
        for axes in panels.flat[len(groups) :]:
            axes.remove()
        for axes, (variant, style) in zip(panels.flat, styles(study).items(), strict=False):
            _boxes(axes, groups[variant], style["color"])
            axes.set_title(broken(variant), fontsize=9)
            logarithmic(axes)
        for axes in panels[:, 0]:
            axes.set_ylabel("loss of a batch")
        panels[-1, columns // 2].set_xlabel("fifth of training")


def by_fifth(table: pd.DataFrame) -> list[np.ndarray]:
    """The losses of each fifth of the steps, all seeds (columns) together; below five steps, some are empty."""
    fifth = np.arange(len(table)) * FIFTHS // len(table)
    return [table[fifth == place].to_numpy().ravel() for place in range(FIFTHS)]


def finding(groups: dict[str, list[np.ndarray]]) -> str:
    """In words: whose median falls most from the first fifth of the steps to the last."""
    known = {variant: fifths for variant, fifths in groups.items() if fifths[0].size and fifths[-1].size}
    falls = {variant: 1 - np.median(fifths[-1]) / np.median(fifths[0]) for variant, fifths in known.items()}
    falls = {variant: fall for variant, fall in falls.items() if np.isfinite(fall)}
    if not falls:
        return "Too few steps to compare"
    best = max(falls, key=falls.__getitem__)
    if falls[best] <= 0:
        return "No variant's median loss falls from the first to the last fifth"
    return f"{best}'s loss falls most: its median by {falls[best]:.0%} from the first to the last fifth"


def _boxes(axes: Axes, groups: list[np.ndarray], colour: str) -> None:
    axes.boxplot(
        groups,
        whis=(5, 95),
        showfliers=False,
        widths=0.7,
        patch_artist=True,
        boxprops={"facecolor": colour, "alpha": 0.5},
        medianprops={"color": "black", "linewidth": 1.5},
    )
