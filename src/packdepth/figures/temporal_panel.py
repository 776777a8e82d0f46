"""Test images, their true depth, and what temporal variants predict, with each picture's scale factor."""

from pathlib import Path

import numpy as np

from packdepth.config.study import Study
from packdepth.figures._sheet import read_samples, sheet
from packdepth.figures._temporal import sound


def draw(study: Study, path: Path, group: str = "temporal") -> None:
    """Write the figure of a group to `path`. Raises InputError that names a missing result."""
    note = (
        f"Seed {study.seeds[0]}. Depth as predicted, one scale for all; grey: no truth."
        " Number: median true / predicted depth (1: metric)."
    )
    title = f"Depth learned from neighbouring frames, scale {study.scale}"
    sheet(read_samples(study, sound(study, group)), path, title, note, factor)


def factor(truth: np.ndarray, prediction: np.ndarray) -> str:
    """Median true over median predicted depth, both (h, w) in m, where the truth is known (not 0)."""
    known = truth > 0
    return f"{np.median(truth[known]) / np.median(prediction[known]):.2f}" if known.any() else ""
