"""How close synthetic neighbour frames come to the true ones, over how far pixels move between them."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from packdepth import paths
from packdepth.analysis.results import read_csv
from packdepth.config.study import Study
from packdepth.figures._style import COLOURS, MARKERS, Style, canvas, legend_below_title

BINS = 8  # of displacement, of equally many frames
COLUMNS = {
    "psnr_seen": "PSNR of seen pixels (dB)",
    "ssim_seen": "SSIM of seen pixels",
    "coverage": "share of pixels seen",
}
NOISE = "noise-floor"  # the method that is none: two exposures of one frame
NOTE = "Scale {scale}. Lines: median over frames of like motion; bands: the middle half."


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    table = read_csv(paths.context_quality(study.scale))
    with canvas(path, finding(table), NOTE.format(scale=study.scale), height=3.8) as figure:
        panels = figure.subplots(1, len(COLUMNS))
        for axes, (column, label) in zip(panels, COLUMNS.items(), strict=True):
            for place, (method, rows) in enumerate(table.groupby("method", sort=False)):
                style = {"color": COLOURS[place % len(COLOURS)], "marker": MARKERS[place % len(MARKERS)]}
                _line(axes, by_displacement(rows, column), str(method), style)
            axes.set(xlabel="mean optical flow (px)", xlim=(0, None))
            axes.set_title(label)
            axes.grid()
        legend_below_title(figure, *panels[0].get_legend_handles_labels(), ncols=2)


def finding(table: pd.DataFrame) -> str:
    """In words: which method comes closest to the true frames, and what the noise of the frames leaves to reach."""
    medians = table.groupby("method")["psnr_seen"].median().dropna()
    reached, ceiling = medians.drop(NOISE, errors="ignore"), medians.get(NOISE)
    if reached.empty:
        return "No method was measured"
    limit = "" if ceiling is None else f"; noise allows {ceiling:.1f}"
    return f"On seen pixels {reached.idxmax()} is closest to the true frames: {reached.max():.1f} dB{limit}"


def by_displacement(rows: pd.DataFrame, column: str) -> pd.DataFrame:
    """Quartiles (0.25, 0.5, 0.75) of a column in bins of displacement, indexed by the bins' median displacement (px).

    Bins hold equally many frames, give or take one; frames without a value do not count.
    """
    known = rows.dropna(subset=column).sort_values("displacement_px")
    bins = np.arange(len(known)) * BINS // max(len(known), 1)
    quartiles = known.groupby(bins)[column].quantile(np.array([0.25, 0.5, 0.75])).unstack()
    return quartiles.set_axis(known.groupby(bins)["displacement_px"].median())


def _line(axes: Axes, table: pd.DataFrame, label: str, style: Style) -> None:
    if table.empty:
        return
    axes.plot(table.index, table[0.5], label=label, markersize=4, linewidth=1.5, **style)
    axes.fill_between(table.index, table[0.25], table[0.75], color=style["color"], alpha=0.18, linewidth=0)
