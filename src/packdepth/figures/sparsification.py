"""Does a network know where it errs? The error that is left when the most uncertain pixels are removed."""

from pathlib import Path

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import PercentFormatter

from packdepth import paths
from packdepth.analysis import cascades
from packdepth.analysis.cascades import UNCERTAINTY
from packdepth.analysis.gathered import read_gathered
from packdepth.config.study import Study
from packdepth.figures._style import COLOURS, DASHES, canvas, legend_below_title

NOTE = (
    "The mean error (|error| / truth) of the pixels that are left, over that of all pixels of the image; means over"
    " test images and seeds. Random: what is left has the error of all. Oracle: the pixels of largest error go first."
    " Known: 1 - the area between a curve and the oracle's, over the same of random order; 95 % intervals stand in the"
    " table."
)


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    table = cascades.summarise(study)
    known = table[table["kind"] == UNCERTAINTY]
    curves = read_gathered(study, paths.WIDTHS, "sparsification")
    networks = [name for name in table["name"].unique() if name in set(curves["variant"])]
    with canvas(path, f"{_finding(known)}, scale {study.scale}", NOTE, height=4.2) as figure:
        panels = figure.subplots(1, len(networks), sharey=True, squeeze=False)[0]
        for axes, name in zip(panels, networks, strict=True):
            _of_network(axes, curves[curves["variant"] == name], known[known["name"] == name])
            axes.set_title(name)
        panels[0].set_ylabel("error left, over that of all pixels")
        legend_below_title(figure, *panels[0].get_legend_handles_labels(), ncols=4)


def _finding(known: pd.DataFrame) -> str:
    row = known[known["predictor"] == cascades.HEADLINE].iloc[0]
    return (
        f"Flip disagreement knows {row['known']:.0%} ({row['known_low']:.0%} to {row['known_high']:.0%}) of where"
        f" {row['name']} errs"
    )


def _of_network(axes: Axes, curves: pd.DataFrame, known: pd.DataFrame) -> None:
    means = curves.groupby(["predictor", "removed"], sort=False)[["error", "oracle"]].mean()
    for place, predictor in enumerate(cascades.PASSES):
        curve = means.loc[predictor]
        axes.plot(
            curve.index,
            curve["error"],
            color=COLOURS[place],
            linestyle=DASHES[place],
            label=predictor.replace("_", " "),
        )
        share = known.loc[known["predictor"] == predictor, "known"].iloc[0]
        axes.annotate(
            f"known: {share:z.0%}", (0.04, 0.04 + 0.07 * place), xycoords="axes fraction", color=COLOURS[place]
        )
    axes.plot(curve.index, curve["oracle"], color="black", linestyle=":", label="oracle")
    axes.axhline(1, color="0.5", linewidth=1, label="random")
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.set(xlim=(0, 1), xlabel="pixels removed")
    axes.set_ylim(bottom=0)
    axes.grid()
