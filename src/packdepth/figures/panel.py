"""Test images, their true depth, and what every variant predicts, on one scale of depth."""

import math
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes

from packdepth.evaluation.results import read_npz, runs
from packdepth.figures._style import WIDTH, broken, canvas
from packdepth.params import Study
from packdepth.pictures import of_depth

MARGINS = (0.75, 1.1)  # in, what stands beside and above the pictures
COLOURS = colormaps["viridis_r"].with_extremes(bad="0.75")


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    samples = {variant: read_npz(runs(study, variant)[0].samples) for variant in study.variants}
    first = next(iter(samples.values()))
    columns: dict[str, Any] = {"image": first["rgb"], "truth": [of_depth(truth) for truth in first["truth"]]}
    columns |= {broken(variant): sample["prediction"] for variant, sample in samples.items()}
    frames, high, wide = first["rgb"].shape[:3]
    height = MARGINS[1] + frames * (WIDTH - MARGINS[0]) / len(columns) * high / wide
    scale: dict[str, Any] = {"cmap": COLOURS, "vmin": 0, "vmax": far_end(first["truth"])}
    note = f"Seed {study.seeds[0]}. One scale of depth for all; grey: no truth."
    with canvas(path, f"Test images and predictions, scale {study.scale}", note, height) as figure:
        figure.set_layout_engine("constrained", w_pad=0.03, h_pad=0.03, wspace=0, hspace=0)
        grid = figure.subplots(frames, len(columns), squeeze=False)
        for place, (name, pictures) in enumerate(columns.items()):
            for axes, picture in zip(grid[:, place], pictures, strict=True):
                shown = _show(axes, picture, scale)
            grid[0, place].set_title(name, fontsize=9)
        figure.colorbar(shown, ax=grid, label="depth (m)", extend="max", fraction=0.03, pad=0.01, aspect=30)


def far_end(truth: np.ndarray) -> int:
    """The far end of the scale of depth: whole metres, at or beyond 99 % of the known truth (m, 0 where unknown)."""
    known = truth[truth > 0]
    return math.ceil(np.percentile(known, 99)) if known.size else 1


def _show(axes: Axes, picture: np.ndarray, scale: dict[str, Any]) -> Any:
    """Draw an RGB image (H, W, 3), or depth (h, w) in m on `scale`."""
    axes.set_axis_off()
    if picture.ndim == 3:
        return axes.imshow(picture)
    return axes.imshow(np.ma.masked_equal(picture, 0), **scale)
