"""Test images, their true depth, and what every variant predicts, on one scale of depth."""

from pathlib import Path

from packdepth.config.study import Study
from packdepth.figures._sheet import sheet


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    note = f"Seed {study.seeds[0]}. One scale of depth for all; grey: no truth."
    sheet(study, list(study.variants), path, f"Test images and predictions, scale {study.scale}", note)
