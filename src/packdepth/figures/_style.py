"""The look that all figures share: one canvas, one caption, one colour, dash and marker per variant."""

import contextlib
import textwrap
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib.style
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from packdepth.config.study import Study
from packdepth.utils.files import atomic_write

Style = dict[str, Any]  # keyword arguments of Axes.plot

WIDTH, DPI = 8.3, 150  # in, px/in: in a page of 830 px, text has about 1.4 times its points in px
TITLE_SIZE = 11
LEAST_GAP = 0.045  # of the axes' height, between the labels of two lines
TITLE_WIDTH = 85  # letters of a title that fit into one line
NOTE_WIDTH = 125  # letters of a note that fit into one line
LOOK = {
    "font.size": 10,
    "axes.titlesize": 10,
    "axes.labelsize": 10,
    "legend.fontsize": 9.5,
    "xtick.labelsize": 9.5,
    "ytick.labelsize": 9.5,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "0.9",
    "legend.frameon": False,
    "figure.constrained_layout.h_pad": 0.06,
    "figure.constrained_layout.w_pad": 0.06,
}
# Okabe and Ito's colours that are safe for the colour-blind, without yellow, which is too pale for a line on white.
COLOURS = ("#0072B2", "#D55E00", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")
DASHES = ("-", "--", "-.", ":")
# Of the floors, those drawn: what heads that end at 2 cannot get below, and what a network has to beat.
FLOORS = {"truth up to 2": "-.", "best constant": ":", "fixed map": "--"}
CONSTANT = {"color": "0.25", "linestyle": "--", "marker": ""}


@contextlib.contextmanager
def canvas(path: Path, title: str, note: str, height: float = 4.5) -> Iterator[Figure]:
    """An empty figure of `height` inches, written to `path` as a PNG if the block ends well.

    `title` is above it; `note` below it states where the numbers come from, in as many lines as it needs.
    """
    with matplotlib.style.context(["default", LOOK]):
        figure = Figure(figsize=(WIDTH, height), layout="constrained")
        heading = textwrap.fill(title, TITLE_WIDTH)
        figure.suptitle(heading, x=0.01, ha="left", fontsize=TITLE_SIZE, fontweight="bold")
        figure.supxlabel(textwrap.fill(note, NOTE_WIDTH), x=0.01, ha="left", fontsize=9, color="0.3")
        yield figure
        with atomic_write(path) as part:
            figure.savefig(part, format="png", dpi=DPI)


def legend_below_title(figure: Figure, handles: Sequence[Any], labels: Sequence[str], *, ncols: int = 1) -> None:
    """A legend for the whole figure, between its title and its axes.

    Both stand at the upper edge, so the legend has an empty title of its own, of as many lines, where the figure's is.
    """
    empty = " " + "\n " * figure.get_suptitle().count("\n")
    figure.legend(handles, labels, loc="outside upper right", ncols=ncols, title=empty, title_fontsize=TITLE_SIZE)


def is_constant(study: Study, variant: str) -> bool:
    """Whether a variant is a single depth, the floor that networks are read against."""
    return study.variant(variant).network.architecture == "constant"


def networks(study: Study) -> list[str]:
    """The variants that are networks, in the order of params.yaml."""
    return [variant for variant in study.variants if not is_constant(study, variant)]


def styles(study: Study) -> dict[str, Style]:
    """Colour, dash and marker of each variant, by its place in params.yaml; adding one at the end changes no other."""
    chosen: dict[str, Style] = {variant: CONSTANT for variant in study.variants}
    for place, variant in enumerate(networks(study)):
        chosen[variant] = {
            "color": COLOURS[place % len(COLOURS)],
            "linestyle": DASHES[place // len(COLOURS) % len(DASHES)],
            "marker": MARKERS[place % len(MARKERS)],
        }
    return chosen


def plot_seeds(axes: Axes, table: pd.DataFrame, label: str, style: Style) -> None:
    """Draw the mean over a table's columns (one per seed) against its index; of several seeds, the range as a band."""
    axes.plot(table.index, table.mean(axis=1), label=label, markersize=4, linewidth=1.5, **style)
    if table.shape[1] > 1:
        band = table.min(axis=1), table.max(axis=1)
        axes.fill_between(table.index, *band, color=style["color"], alpha=0.18, linewidth=0)


def draw_floors(axes: Axes, losses: pd.Series, vertical: bool = True) -> None:
    """A line for each floor that a reader needs to judge a loss; `losses` by floor."""
    for name, linestyle in FLOORS.items():
        line = axes.axvline if vertical else axes.axhline
        label = f"{name}: {losses[name]:.3f}"
        line(losses[name], color="black", linestyle=linestyle, linewidth=1, label=label)


def label_ends(axes: Axes) -> None:
    """Write every line's label right of the axes, at the height of the line's end, or as near as there is room.

    A thin line leads from each end to its label. The axes' limits stay as they are.
    """
    axes.set(xlim=axes.get_xlim(), ylim=axes.get_ylim())  # final from here on
    to_axes = axes.transData + axes.transAxes.inverted()
    ends = {line: to_axes.transform(np.asarray(line.get_xydata())[-1])[1] for line in axes.get_lines() if _named(line)}
    lines = sorted(ends, key=ends.__getitem__)
    for line, height in zip(lines, spread([ends[line] for line in lines], LEAST_GAP), strict=True):
        leader = {"arrowstyle": "-", "color": line.get_color(), "linewidth": 0.8, "relpos": (0, 0.5)}
        axes.annotate(
            str(line.get_label()),
            xy=(1, ends[line]),
            xytext=(1.03, height),
            xycoords="axes fraction",
            va="center",
            fontsize=9,
            color=line.get_color(),
            annotation_clip=False,
            arrowprops=leader | {"shrinkA": 0, "shrinkB": 0},
        )


def spread(heights: Sequence[float], gap: float) -> list[float]:
    """Ascending heights, moved as little as it takes (least squares) to lie `gap` apart at least.

    What remains after the i-th is lowered by i gaps must not fall: an isotonic regression, by pooling neighbours.
    """
    blocks: list[list[float]] = []
    for place, height in enumerate(heights):
        blocks.append([height - place * gap])
        while len(blocks) > 1 and np.mean(blocks[-2]) > np.mean(blocks[-1]):
            blocks[-2:] = [blocks[-2] + blocks[-1]]
    lowered = [float(np.mean(block)) for block in blocks for _ in block]
    return [height + place * gap for place, height in enumerate(lowered)]


def _named(line: Line2D) -> bool:
    return not str(line.get_label()).startswith("_")


def of_seeds(study: Study) -> str:
    """In words, what a line drawn by `plot_seeds` shows."""
    if len(study.seeds) == 1:
        return f"seed {study.seeds[0]}"
    return f"mean of {len(study.seeds)} seeds, band: lowest to highest"


def broken(variant: str) -> str:
    """A variant's name on several lines, broken at hyphens, for narrow columns."""
    return textwrap.fill(variant, 10, break_long_words=False)
