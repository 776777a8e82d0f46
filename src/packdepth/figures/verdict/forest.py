"""Effects on skill in rows, each with its 95 % interval, before the band within which an effect does not matter."""

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from packdepth.figures._style import COLOURS

VERDICTS = {  # colour and marker
    "supported": (COLOURS[1], "s"),
    "reversed": (COLOURS[0], "D"),
    "refuted": (COLOURS[3], "o"),
    "open": ("0.5", "^"),
}
NAMED = 34  # letters of a row's name in one line


def forest(axes: Axes, rows: pd.DataFrame, margin: float, label: str) -> None:
    """One row per effect, the first on top. `rows` has `name`, `mean`, `low`, `high`, and may have a `verdict`."""
    if margin > 0:  # NaN where no network has learned anything
        axes.axvspan(-margin, margin, color="0.92", zorder=0)
    axes.axvline(0, color="0.6", linewidth=1, zorder=1)
    for place, (_, row) in enumerate(rows.iterrows()):
        colour, marker = VERDICTS.get(str(row.get("verdict")), (COLOURS[0], "o"))
        half = [[row["mean"] - row["low"]], [row["high"] - row["mean"]]]
        axes.errorbar(row["mean"], place, xerr=half, fmt=marker, color=colour, capsize=3, markersize=6)
    axes.set_yticks(range(len(rows)), [textwrap.fill(str(name).replace("`", ""), NAMED) for name in rows["name"]])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlabel(label)
    axes.xaxis.set_major_locator(MaxNLocator(5))
    axes.grid(axis="x")
    axes.tick_params(axis="y", length=0)
