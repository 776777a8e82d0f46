"""Test images, their true depth, and what the variants of `supervision` predict."""

from pathlib import Path

from packdepth.config.study import Study
from packdepth.figures import temporal_panel


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    temporal_panel.draw(study, path, "supervision")
