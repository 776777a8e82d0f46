"""Depth as a picture that a person can read: beside the image, with a legend."""

from typing import Any

import numpy as np
from matplotlib import colormaps
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image

COLOURS = colormaps["viridis_r"]  # near is bright; legible to the colour-blind
SHOWN = (1.0, 99.0)  # percentiles of depth that the colours span
LEAST = 0.1  # m that they span at least
SIDE = 5.0  # in, the longer side of each of the two pictures
MARGIN, LEGEND = 0.1, 0.9  # in, around the pictures and right of them
DPI = 144


class Picture:
    """An image and its depth side by side, on one canvas that is used again for images of the same size."""

    def __init__(self, size: tuple[int, int], ends: tuple[float, float]) -> None:
        """Lay out the canvas.

        Args:
            size: height and width of the images, px.
            ends: the nearest and the farthest depth that the colours tell apart, m.
        """
        height, width = (SIDE * side / max(size) for side in size)
        whole = 2 * width + 3 * MARGIN + LEGEND, max(height, SIDE / 2) + 2 * MARGIN
        figure = Figure(figsize=whole, dpi=DPI)
        self.canvas = FigureCanvasAgg(figure)
        bottom, top = MARGIN / whole[1], 1 - 2 * MARGIN / whole[1]
        axes = [
            figure.add_axes((left / whole[0], bottom, width / whole[0], top), xticks=[], yticks=[])
            for left in (MARGIN, width + 2 * MARGIN)
        ]
        bar = figure.add_axes(((2 * width + 3 * MARGIN) / whole[0], 2 * bottom, 0.15 / whole[0], 1 - 4 * bottom))
        self.image = axes[0].imshow(np.zeros((*size, 3), np.uint8))
        self.depth = axes[1].imshow(np.zeros(size), cmap=COLOURS, vmin=ends[0], vmax=ends[1])
        figure.colorbar(self.depth, cax=bar, label="depth (m)", extend="both")

    def draw(self, rgb: NDArray[np.uint8], depth: NDArray[np.float32]) -> NDArray[np.uint8]:
        """The picture (rows, columns, 3) of an image (H, W, 3) and its depth (H, W) in m."""
        self.image.set_data(_shrunk(rgb))
        self.depth.set_data(_shrunk(depth))
        self.canvas.draw()
        return np.asarray(self.canvas.buffer_rgba())[..., :3]


def _shrunk(pixels: NDArray[Any]) -> NDArray[Any]:
    """Pixels (H, W) or (H, W, 3), averaged in blocks where there are far more of them than a picture shows."""
    factor = max(1, int(max(pixels.shape[:2]) // (2 * SIDE * DPI)))
    return np.asarray(Image.fromarray(pixels).reduce(factor))


def coloured(depth: NDArray[np.float32], ends: tuple[float, float]) -> NDArray[np.uint8]:
    """Colours (H, W, 3) of depth (H, W), in m; `ends` are the nearest and the farthest that they tell apart."""
    return COLOURS(Normalize(*ends)(depth), bytes=True)[..., :3]


def span(depth: NDArray[np.float32]) -> tuple[float, float]:
    """The depths, in m, that nearly all pixels lie between."""
    near, far = (float(value) for value in np.percentile(depth, SHOWN))
    return near, max(far, near + LEAST)
