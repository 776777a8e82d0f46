"""A sheet of test images, their true depth, and what variants predict, on one scale of depth."""

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, PercentFormatter, StrMethodFormatter
from numpy.typing import NDArray
from PIL import Image

from packdepth.analysis.results import read_npz, runs
from packdepth.config.study import Study
from packdepth.figures._style import WIDTH, broken, canvas
from packdepth.utils.images import thumbnail_of_depth

MARGINS = (0.75, 1.1)  # in, at the side of and above the pictures
HEAD = 0.45  # in, above the pictures of a further block
PREDICTIONS = 7  # side by side, at most; more are split into blocks
COLOURS = colormaps["viridis_r"].with_extremes(bad="0.75")
ERRORS = colormaps["PuOr_r"].with_extremes(bad="0.75")  # too near is purple, too far orange
ERRORS_SHOWN = Normalize(-0.5, 0.5)  # of (prediction - truth) / truth
OUTDOORS = 20  # m: a scene this deep gets a logarithmic scale
TICKS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 40, 60, 80, 100)  # m, of a logarithmic scale
Samples = dict[str, np.ndarray]  # rgb (N, H, W, 3), truth and prediction (N, h, w) in m
Remark = Callable[[np.ndarray, np.ndarray], str]  # from truth and prediction: what to write into the latter's picture
BAR: dict[str, Any] = {"fraction": 0.03, "pad": 0.01, "aspect": 30}
BOX = {"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1}


def read_samples(study: Study, variants: list[str]) -> dict[str, Samples]:
    """The sampled test images of variants, the first seed's. Raises InputError that names a missing result."""
    return {variant: read_npz(runs(study, variant)[0].samples) for variant in variants}


def sheet(
    samples: dict[str, Samples], path: Path, title: str, note: str, remark: Remark | None = None, errors: bool = False
) -> None:
    """Write a sheet of images, truths, and the predictions of variants (at least one).

    Many variants are split into blocks, one below the other. `remark` writes into predictions; with `errors` the
    relative error stands below each.
    """
    given = next(iter(samples.values()))
    blocks = split(list(samples))
    frames, high, wide = given["rgb"].shape[:3]
    rows, columns = frames * len(blocks) * (2 if errors else 1), 2 + len(blocks[0])
    height = MARGINS[1] + HEAD * (len(blocks) - 1) + rows * (WIDTH - MARGINS[0]) / columns * high / wide
    depths = depth_scale(given["truth"])
    with canvas(path, title, note, height) as figure:
        figure.set_layout_engine("constrained", w_pad=0.03, h_pad=0.03, wspace=0, hspace=0)
        grid = figure.subplots(rows, columns, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for block, below in zip(blocks, np.split(grid, len(blocks)), strict=True):
            for axes, name in zip(below[0], ["image", "truth", *map(broken, block)], strict=False):
                axes.set_title(name, fontsize=9)
            for frame, lines in enumerate(np.split(below, frames)):
                _frame(lines, {variant: _at(samples[variant], frame) for variant in block}, depths, remark)
        _legends(figure, grid, depths, errors)


def split(variants: list[str]) -> list[list[str]]:
    """The variants in as few blocks as possible, of sizes as equal as possible, the last one the smallest."""
    blocks = -(-len(variants) // PREDICTIONS)
    size = -(-len(variants) // blocks)
    return [variants[first : first + size] for first in range(0, len(variants), size)]


def far_end(truth: NDArray[np.float32]) -> int:
    """The far end of the scale of depth: whole metres, at or beyond 99 % of the known truth (m, 0 where unknown)."""
    known = truth[truth > 0]
    return math.ceil(np.percentile(known, 99)) if known.size else 1


def depth_scale(truth: NDArray[np.float32]) -> Normalize:
    """The scale of depth for images with this truth (m, 0 where unknown): from 0, or outdoors logarithmic."""
    far = far_end(truth)
    return LogNorm(max(1.0, float(np.percentile(truth[truth > 0], 1))), far) if far > OUTDOORS else Normalize(0, far)


def relative_error(prediction: NDArray[np.float32], truth: NDArray[np.float32]) -> NDArray[np.floating]:
    """(prediction - truth) / truth at the size of the truth (h, w), which may be smaller; NaN where that is 0."""
    known = np.where(truth > 0, truth, np.nan)
    return (like(prediction, truth) - known) / known


def like(prediction: NDArray[np.float32], truth: NDArray[np.float32]) -> NDArray[np.float32]:
    """A prediction at the size of a truth that was shrunk for viewing."""
    size = truth.shape[1], truth.shape[0]
    return np.asarray(Image.fromarray(prediction).resize(size, Image.Resampling.NEAREST))


def _at(samples: Samples, frame: int) -> Samples:
    return {name: values[frame] for name, values in samples.items()}


def _frame(lines: NDArray[Any], samples: dict[str, Samples], depths: Normalize, remark: Remark | None) -> None:
    """Fill the first line of axes with an image, its truth and predictions; a second one, if given, with errors."""
    given = next(iter(samples.values()))
    truth = thumbnail_of_depth(given["truth"])
    lines[0, 0].imshow(given["rgb"])
    _draw(lines[0, 1], truth, COLOURS, depths, _span(given["truth"]))
    for column, sample in enumerate(samples.values(), 2):
        said = remark(given["truth"], sample["prediction"]) if remark else ""
        _draw(lines[0, column], sample["prediction"], COLOURS, depths, said)
        for axes in lines[1:, column]:
            _draw(axes, relative_error(sample["prediction"], truth), ERRORS, ERRORS_SHOWN)


def _span(truth: NDArray[np.float32]) -> str:
    known = truth[truth > 0]
    return f"{known.min():.1f} to {known.max():.1f} m" if known.size else "unknown"


def _draw(axes: Axes, values: NDArray[np.floating], colours: Colormap, scale: Normalize, said: str = "") -> None:
    """Draw values (h, w), grey where they are 0, which is no depth, or NaN, and write something into the picture."""
    unknown = np.isnan(values) if colours is ERRORS else values == 0
    axes.imshow(np.ma.masked_array(values, unknown), cmap=colours, norm=scale)
    if said:
        axes.text(0.04, 0.06, said, fontsize=8, transform=axes.transAxes, bbox=BOX)


def _legends(figure: Figure, grid: NDArray[Any], depths: Normalize, errors: bool) -> None:
    """One scale right of the sheet, or two, one above the other."""
    extend = "both" if isinstance(depths, LogNorm) else "max"
    half = len(grid) // 2 if errors else len(grid)
    bar = figure.colorbar(ScalarMappable(depths, COLOURS), ax=grid[:half], label="depth (m)", extend=extend, **BAR)
    if isinstance(depths, LogNorm):
        bar.minorticks_off()
        bar.locator, bar.formatter = FixedLocator(TICKS), StrMethodFormatter("{x:g}")
        bar.update_ticks()
    if errors:
        shown = ScalarMappable(ERRORS_SHOWN, ERRORS)
        form = PercentFormatter(1)
        figure.colorbar(shown, ax=grid[half:], label="(depth - truth) / truth", extend="both", format=form, **BAR)
