"""Test images, their true depth, and what temporal variants predict, with each picture's scale factor."""

from pathlib import Path

import numpy as np

from packdepth.config.study import Study
from packdepth.figures._sheet import Samples, read_samples, sheet
from packdepth.figures._temporal import drawn, finding


def draw(study: Study, path: Path, group: str = "temporal") -> None:
    """Write the figure of a group to `path`. Raises InputError that names a missing result."""
    samples = read_samples(study, drawn(study, group))
    note = (
        f"Scale {study.scale}, seed {study.seeds[0]}. Depth as predicted, one scale for all; grey: no truth."
        " Number: median true / predicted depth (1: metric)."
    )
    found = finding({variant: median_factor(sample) for variant, sample in samples.items()})
    sheet(samples, path, f"On these images {found}", note, remark)


def factor(truth: np.ndarray, prediction: np.ndarray) -> float:
    """Median true over median predicted depth, both (h, w) in m, where the truth is known (not 0); else NaN."""
    known = truth > 0
    return float(np.median(truth[known]) / np.median(prediction[known])) if known.any() else np.nan


def remark(truth: np.ndarray, prediction: np.ndarray) -> str:
    """The factor, to be written into a picture."""
    known = factor(truth, prediction)
    return "" if np.isnan(known) else f"{known:.2f}"


def median_factor(samples: Samples) -> float:
    """The median of the factors of a variant's images; NaN if no truth is known."""
    factors = [factor(*pair) for pair in zip(samples["truth"], samples["prediction"], strict=True)]
    known = [value for value in factors if not np.isnan(value)]
    return float(np.median(known)) if known else np.nan
