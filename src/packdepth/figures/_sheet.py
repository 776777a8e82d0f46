"""A sheet of test images, their true depth, and what variants predict, on one scale of depth."""

import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize

from packdepth.analysis.results import read_npz, runs
from packdepth.config.study import Study
from packdepth.figures._style import WIDTH, broken, canvas
from packdepth.utils.images import thumbnail_of_depth

MARGINS = (0.75, 1.1)  # in, at the side of and above the pictures
HEAD = 0.45  # in, above the pictures of a further block
PREDICTIONS = 7  # side by side, at most; more are split into blocks
COLOURS = colormaps["viridis_r"].with_extremes(bad="0.75")
Samples = dict[str, np.ndarray]  # rgb (N, H, W, 3), truth and prediction (N, h, w) in m
Remark = Callable[[np.ndarray, np.ndarray], str]  # from truth and prediction: what to write into the latter's picture
BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}


def sheet(study: Study, variants: list[str], path: Path, title: str, note: str, remark: Remark | None = None) -> None:
    """Write a sheet of images, truths and the predictions of these variants (at least one), the first seed's.

    Many variants are split into blocks, one below the other. Raises InputError that names a missing result.
    """
    samples = {variant: read_npz(runs(study, variant)[0].samples) for variant in variants}
    given = samples[variants[0]]
    blocks = split(variants)
    frames, high, wide = given["rgb"].shape[:3]
    rows, columns = frames * len(blocks), 2 + len(blocks[0])
    height = MARGINS[1] + HEAD * (len(blocks) - 1) + rows * (WIDTH - MARGINS[0]) / columns * high / wide
    scale: dict[str, Any] = {"cmap": COLOURS, "vmin": 0, "vmax": far_end(given["truth"])}
    with canvas(path, title, note, height) as figure:
        figure.set_layout_engine("constrained", w_pad=0.03, h_pad=0.03, wspace=0, hspace=0)
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for first, block in zip(range(0, rows, frames), blocks, strict=True):
            _block(
                grid[first : first + frames].T, given, {variant: samples[variant] for variant in block}, scale, remark
            )
        shown = ScalarMappable(Normalize(0, scale["vmax"]), COLOURS)
        figure.colorbar(shown, ax=grid, label="depth (m)", extend="max", fraction=0.03, pad=0.01, aspect=30)


def split(variants: list[str]) -> list[list[str]]:
    """The variants in as few blocks as possible, of sizes as equal as possible, the last one the smallest."""
    blocks = -(-len(variants) // PREDICTIONS)
    size = -(-len(variants) // blocks)
    return [variants[first : first + size] for first in range(0, len(variants), size)]


def far_end(truth: np.ndarray) -> int:
    """The far end of the scale of depth: whole metres, at or beyond 99 % of the known truth (m, 0 where unknown)."""
    known = truth[truth > 0]
    return math.ceil(np.percentile(known, 99)) if known.size else 1


def _block(
    columns: np.ndarray, given: Samples, samples: dict[str, Samples], scale: dict[str, Any], remark: Remark | None
) -> None:
    """Fill columns of axes: images, truths, and one column per variant."""
    _column(columns[0], "image", given["rgb"], scale)
    _column(columns[1], "truth", [thumbnail_of_depth(truth) for truth in given["truth"]], scale)
    for column, (variant, sample) in zip(columns[2:], samples.items(), strict=False):
        _column(column, broken(variant), sample["prediction"], scale)
        if remark:
            for axes, truth, prediction in zip(column, given["truth"], sample["prediction"], strict=True):
                axes.text(0.04, 0.06, remark(truth, prediction), fontsize=8, transform=axes.transAxes, bbox=BOX)


def _column(column: np.ndarray, name: str, pictures: Iterable[np.ndarray], scale: dict[str, Any]) -> None:
    """Draw RGB images (H, W, 3), or depths (h, w) in m on `scale`, below one another."""
    column[0].set_title(name, fontsize=9)
    for axes, picture in zip(column, pictures, strict=True):
        if picture.ndim == 3:
            axes.imshow(picture)
        else:
            axes.imshow(np.ma.masked_equal(picture, 0), **scale)
