"""What a second camera's image buys, after short and long trainings."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes

from packdepth.analysis import pairs
from packdepth.config.study import Study
from packdepth.figures._style import COLOURS, MARKERS, Style, canvas, legend_below_title

STYLES: dict[int, Style] = {
    1: {"label": "one camera", "fillstyle": "none", "linestyle": "--"},
    2: {"label": "two cameras", "fillstyle": "full", "linestyle": "-"},
}
NOTE = "Scale {scale}. Bars: 95 % intervals over seeds and images. 0 is one fixed map."


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    table = pairs.summarise(study)
    by_network = list(table.groupby("architecture", sort=False))
    with canvas(path, pairs.finding(table), NOTE.format(scale=study.scale), height=3.8) as figure:
        panels = figure.subplots(1, len(by_network), sharey=True, squeeze=False)[0]
        for place, (axes, (architecture, rows)) in enumerate(zip(panels, by_network, strict=True)):
            for cameras, of_cameras in rows.groupby("cameras"):
                style = STYLES[int(str(cameras))] | {"color": COLOURS[place], "marker": MARKERS[place]}
                _line(axes, of_cameras.sort_values("steps"), style)
            steps = sorted(set(table["steps"]))
            axes.set_xscale("log")
            axes.set_xticks(steps, [f"{step:,.0f}" for step in steps])
            axes.set_xticks([], minor=True)
            axes.set(title=str(architecture), xlabel="training steps", xlim=(steps[0] / 1.5, 1.5 * steps[-1]))
            axes.axhline(0, color="0.35", linewidth=1)
            axes.grid(axis="y")
        panels[0].set_ylabel("skill on test images")
        legend_below_title(figure, *panels[0].get_legend_handles_labels(), ncols=2)


def _line(axes: Axes, rows: pd.DataFrame, style: Style) -> None:
    bars = [rows["skill"] - rows["skill_low"], rows["skill_high"] - rows["skill"]]
    axes.errorbar(rows["steps"], rows["skill"], yerr=bars, capsize=3, markersize=6, linewidth=1.5, **style)
