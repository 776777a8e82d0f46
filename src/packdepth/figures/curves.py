"""The training curves of all variants, with the floors."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from pandas.api.typing import Rolling

from packdepth.analysis.results import floors
from packdepth.config.study import Study
from packdepth.figures._logs import logarithmic, losses
from packdepth.figures._style import FLOORS, canvas, draw_floors, label_ends, of_seeds, plot_seeds, styles

WINDOWS = 20  # moving averages in one training, end to end
BATCHES = (0.1, 0.9)  # quantiles of single batches that a band spans


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    tables = {variant: losses(study, variant) for variant in study.variants}
    width = window(max(len(table) for table in tables.values()))
    of_floors = floors(study, "train")["loss"]
    averages = {variant: moving_average(table, width) for variant, table in tables.items()}
    lowest = min(averages, key=lambda variant: averages[variant].iloc[-1].mean())
    beaten = [name for name in FLOORS if averages[lowest].iloc[-1].mean() < of_floors[name]]
    told = f"below the {beaten[-1]}" if beaten else "above every floor"
    with canvas(path, f"{lowest} ends lowest, {told}, scale {study.scale}", _note(lowest, study, width), 5.5) as figure:
        axes = figure.add_subplot(xlabel="training step", ylabel="loss of a batch")
        looks = styles(study)
        for variant, style in looks.items():
            plot_seeds(axes, averages[variant], variant, style | {"marker": ""})
        if len(study.seeds) == 1 and width > 1:
            _band(axes, tables[lowest].iloc[:, 0].rolling(width, min_periods=1), looks[lowest]["color"])
        draw_floors(axes, of_floors, vertical=False)
        logarithmic(axes)
        axes.margins(x=0.01)
        label_ends(axes)


def window(steps: int) -> int:
    """The length of the moving average for a training of so many steps: a twentieth, at least one step."""
    return max(1, steps // WINDOWS)


def moving_average(table: pd.DataFrame, width: int) -> pd.DataFrame:
    """Each column's mean over the last `width` steps; at the start, over as many as there are."""
    return table.rolling(width, min_periods=1).mean()


def _band(axes: Axes, batches: "Rolling[pd.Series[float]]", colour: str) -> None:
    """Where single batches of one training lie."""
    low, high = map(batches.quantile, BATCHES)
    axes.fill_between(low.index, low, high, color=colour, alpha=0.18, linewidth=0)


def _note(lowest: str, study: Study, width: int) -> str:
    average = f"moving average over the last {width} steps" if width > 1 else "every step"
    raw = f"; band: 10 to 90 % of the single batches of {lowest}" if len(study.seeds) == 1 and width > 1 else ""
    return f"Lines: {average}, {of_seeds(study)}{raw}."
