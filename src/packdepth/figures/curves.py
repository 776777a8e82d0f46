"""The training curves of all variants, with the floors."""

from pathlib import Path

import pandas as pd

from packdepth.analysis.results import floors
from packdepth.config.study import Study
from packdepth.figures._logs import logarithmic, losses
from packdepth.figures._style import canvas, draw_floors, of_seeds, plot_seeds, styles

WINDOWS = 20  # moving averages in one training, end to end


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    tables = {variant: losses(study, variant) for variant in study.variants}
    width = window(max(len(table) for table in tables.values()))
    with canvas(path, f"Training loss, scale {study.scale}", _note(study, width)) as figure:
        axes = figure.add_subplot(xlabel="training step", ylabel="loss of a batch")
        for variant, style in styles(study).items():
            if len(study.seeds) == 1:
                axes.plot(tables[variant], color=style["color"], linewidth=0.4, alpha=0.25, zorder=1)
            plot_seeds(axes, moving_average(tables[variant], width), variant, style, markevery=0.1)
        draw_floors(axes, floors(study, "train")["loss"], vertical=False)
        logarithmic(axes)
        axes.margins(x=0.01)
        figure.legend(loc="outside right upper")


def window(steps: int) -> int:
    """The length of the moving average for a training of so many steps: a twentieth, at least one step."""
    return max(1, steps // WINDOWS)


def moving_average(table: pd.DataFrame, width: int) -> pd.DataFrame:
    """Each column's mean over the last `width` steps; at the start, over as many as there are."""
    return table.rolling(width, min_periods=1).mean()


def _note(study: Study, width: int) -> str:
    average = f"moving average over the last {width} steps" if width > 1 else "every step"
    raw = "; thin: single batches" if len(study.seeds) == 1 and width > 1 else ""
    return f"Lines: {average}, {of_seeds(study)}{raw}."
