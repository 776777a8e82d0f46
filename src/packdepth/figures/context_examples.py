"""Synthetic neighbour frames next to the true ones, for small and large motion."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize

from packdepth import paths
from packdepth.analysis.results import read_npz
from packdepth.config.study import Study
from packdepth.figures._style import WIDTH, Style, canvas

MARGINS = (1.2, 1.0)  # in, at the side of and above the pictures
RANGE = Normalize(0, 64)  # of the difference, out of 255
COLOURS = "viridis"
MASK = ListedColormap(["black", "0.8"])
NOTE = (
    "Scale {scale}. Left: mean optical flow. Black: not seen, made up. Difference: mean over colours, also of what is"
    " made up."
)


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    examples = read_npz(paths.context_examples(study.scale))
    columns = {name: examples[name] for name in ("target", "made", "true", "seen")}
    columns["difference"] = difference(examples["made"], examples["true"])
    frames, high, wide = examples["seen"].shape
    height = MARGINS[1] + frames * (WIDTH - MARGINS[0]) / len(columns) * high / wide
    found = finding(columns["difference"][examples["seen"]])
    with canvas(path, found, NOTE.format(scale=study.scale), height) as figure:
        figure.set_layout_engine("constrained", w_pad=0.03, h_pad=0.03, wspace=0, hspace=0)
        grid = figure.subplots(frames, len(columns), squeeze=False)
        for column, (name, pictures) in zip(grid.T, columns.items(), strict=True):
            column[0].set_title(name)
            for axes, picture in zip(column, pictures, strict=True):
                _show(axes, picture)
        for axes, displacement in zip(grid[:, 0], examples["displacement_px"], strict=True):
            axes.set_ylabel(f"{displacement:.1f} px")
        bar: Style = {"label": "absolute difference (of 255)", "fraction": 0.03, "pad": 0.01, "aspect": 30}
        figure.colorbar(ScalarMappable(RANGE, COLOURS), ax=grid, extend="max", **bar)


def finding(seen: np.ndarray) -> str:
    """In words: how far the pixels that were seen (N,) differ from the true ones, on average."""
    if not seen.size:
        return "These frames show nothing that was seen"
    return f"What these frames show differs from the true frames by {seen.mean():.0f} of 255 on average"


def difference(made: np.ndarray, true: np.ndarray) -> np.ndarray:
    """The absolute difference (K, H, W) of uint8 images (K, H, W, 3), mean over the channels."""
    return np.abs(made.astype(np.float32) - true).mean(axis=-1)


def _show(axes: Axes, picture: np.ndarray) -> None:
    """Draw an RGB image (H, W, 3), a mask or a difference, both (H, W)."""
    axes.set(xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    if picture.dtype == np.bool_:
        axes.imshow(picture, cmap=MASK, vmin=0, vmax=1)
    else:
        axes.imshow(picture, cmap=COLOURS, norm=RANGE)  # an RGB image ignores both
