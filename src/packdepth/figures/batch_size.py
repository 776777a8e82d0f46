"""What batches of other sizes cost and give, at equal frames seen."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

from packdepth.analysis import batches
from packdepth.config.study import Study
from packdepth.figures._style import COLOURS, MARKERS, Style, canvas, legend_below_title

PANELS = {"skill": "skill on test images", "seconds": "time of a training (s)", "memory": "memory (GiB)"}
NOTE = (
    "Scale {scale}. All networks see the same number of frames. Bars: 95 % intervals over seeds and images. Dashed: one"
    " fixed map."
)


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    table = batches.summarise(study)
    table["memory"] /= 1024
    with canvas(path, batches.finding(table), NOTE.format(scale=study.scale), height=3.6) as figure:
        panels = figure.subplots(1, len(PANELS))
        for place, (architecture, rows) in enumerate(table.groupby("architecture", sort=False)):
            style = {"color": COLOURS[place], "marker": MARKERS[place], "label": str(architecture)}
            for axes, column in zip(panels, PANELS, strict=True):
                _line(axes, rows.sort_values("batch_size"), column, style)
        panels[0].axhline(0, color="0.35", linestyle="--", linewidth=1)
        for axes, (column, label) in zip(panels, PANELS.items(), strict=True):
            axes.set_xscale("log", base=2)
            axes.set_xticks(sorted(set(table["batch_size"])), sorted(set(table["batch_size"])))
            axes.set(xlabel="frames in a batch", ylabel=label)
            if column != "skill":
                axes.set_ylim(0, 1.08 * axes.get_ylim()[1])
            axes.grid(axis="y")
        legend_below_title(figure, *panels[1].get_legend_handles_labels(), ncols=2)


def _line(axes: Axes, rows: pd.DataFrame, column: str, style: Style) -> None:
    """A network's values by batch size, with their intervals where they have one."""
    bars = None
    if f"{column}_low" in rows:
        bars = [rows[column] - rows[f"{column}_low"], rows[f"{column}_high"] - rows[column]]
    axes.errorbar(rows["batch_size"], rows[column], yerr=bars, capsize=3, markersize=6, linewidth=1.5, **style)
