"""What the page shows, from the result files, as plain values for JSON."""

import base64
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from markdown_it import MarkdownIt
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image

from packdepth import paths
from packdepth.analysis.results import floors, read_csv, read_npz, runs
from packdepth.config.study import Study
from packdepth.figures._sheet import COLOURS, far_end, like
from packdepth.figures._style import FLOORS, styles
from packdepth.figures.curves import moving_average, window
from packdepth.predict.depth_file import millimetres
from packdepth.utils.images import thumbnail_of_depth

POINTS = 250  # of a curve
ERRORS = colormaps["magma"]
SHADES = 256
LARGEST = 640  # px of an image's side
DASHES = {"-": "solid", "--": "dash", "-.": "dashdot", ":": "dot"}  # matplotlib's names and plotly's


@dataclass(frozen=True)
class Column:
    """Of the table."""

    source: str  # in the group's table
    name: str
    meaning: str
    form: str = "{:.3f}"
    factor: float = 1.0
    prefix: str = ""  # the column that holds what stands before a number


COLUMNS = (
    Column("parameters", "parameters", "weights that are trained, millions", "{:.2f} M", 1e-6),
    Column("reported_loss", "report: loss", "the report's mean training loss", prefix="reported_prefix"),
    Column("loss", "loss", "mean training loss of the last epoch"),
    Column("test_loss", "test loss", "mean loss of the test images"),
    Column("skill", "skill", "1 - test loss / that of the fixed map", "{:.2f}"),
    Column("abs_rel", "abs_rel", "mean of |error| / truth"),
    Column("rmse", "rmse (m)", "root of the mean squared error"),
    Column("delta1", "delta1", "share of pixels within a factor of 1.25"),
    Column("seconds", "time (s)", "of the training", "{:.0f}"),
)


def content(study: Study) -> dict[str, Any]:
    """Everything the page shows of the scale's report group. Raises InputError that names a missing result."""
    return {
        "scale": study.scale,
        "floors": {name: round(float(floors(study, "train")["loss"][name]), 4) for name in FLOORS},
        "curves": _curves(study),
        "table": _table(study),
        "samples": _samples(study),
        "shades": {"depth": _shades(COLOURS), "error": _shades(ERRORS)},
        "verdict": _verdict(study),
    }


def _curves(study: Study) -> list[dict[str, Any]]:
    """Every variant's training loss, its first seed's: a moving average, and what single batches had."""
    drawn = []
    for variant, style in styles(study).items():
        log = read_csv(runs(study, variant)[0].train_log).set_index("step")[["loss"]]
        smooth = moving_average(log, window(len(log)))
        step = max(1, len(log) // POINTS)
        rows = [*range(step - 1, len(log), step)]
        drawn.append(
            {
                "name": variant,
                "colour": style["color"] if style["color"].startswith("#") else "#808080",
                "dash": DASHES[style["linestyle"]],
                "steps": [int(value) for value in log.index[rows]],
                "loss": _rounded(smooth["loss"].iloc[rows]),
                "batches": _rounded(log["loss"].iloc[rows]),
            }
        )
    return drawn


def _table(study: Study) -> dict[str, Any]:
    """The group's table: columns with what they mean; per row whether it is a floor, and cells to sort and to read."""
    table = read_csv(paths.table(study.scale, "report", "csv"))
    rows = [
        {
            "floor": bool(row["floor"]),
            "cells": [{"value": row["variant"], "text": row["variant"]}, *(_cell(row, column) for column in COLUMNS)],
        }
        for _, row in table.iterrows()
    ]
    columns = [{"name": "variant", "meaning": ""}, *({"name": c.name, "meaning": c.meaning} for c in COLUMNS)]
    return {"columns": columns, "rows": rows}


def _cell(row: "pd.Series[Any]", column: Column) -> dict[str, Any]:
    value = row[column.source]
    if pd.isna(value):
        return {"value": None, "text": "-"}
    before = row[column.prefix] if column.prefix and isinstance(row[column.prefix], str) else ""
    return {"value": float(value), "text": before + column.form.format(value * column.factor)}


def _samples(study: Study) -> dict[str, Any]:
    """Test images with the truth and every variant's depth, shrunk for viewing."""
    of_variants = {variant: read_npz(runs(study, variant)[0].samples) for variant in study.variants}
    given = next(iter(of_variants.values()))
    truths = [thumbnail_of_depth(truth) for truth in given["truth"]]
    return {
        "far": far_end(given["truth"]),
        "images": [
            {
                "rgb": _picture(rgb),
                "focal": float(focal) / rgb.shape[0] if focal else None,  # in heights of the image
                "truth": _depth(truth),
            }
            for rgb, truth, focal in zip(given["rgb"], truths, _focal_lengths(given), strict=True)
        ],
        "variants": {
            variant: [
                _depth(like(prediction, truth)) for prediction, truth in zip(of_one["prediction"], truths, strict=True)
            ]
            for variant, of_one in of_variants.items()
        },
    }


def _focal_lengths(samples: dict[str, NDArray[Any]]) -> list[float | None]:
    """Of each image, px; None where an older version of packdepth evaluated."""
    known = samples.get("focal_length")
    return [None] * len(samples["rgb"]) if known is None else [float(value) for value in known]


def _depth(depth: NDArray[np.float32]) -> dict[str, Any]:
    """Depth in mm, 16 bits, row by row; 0 where unknown."""
    encoded = base64.b64encode(millimetres(depth).astype("<u2").tobytes())
    return {"height": depth.shape[0], "width": depth.shape[1], "mm": encoded.decode()}


def _picture(rgb: NDArray[np.uint8]) -> str:
    """An image as an address that holds it, not larger than depth is shown."""
    image = Image.fromarray(rgb)
    image.thumbnail((LARGEST, LARGEST))
    file = io.BytesIO()
    image.save(file, format="WEBP", quality=90)
    return f"data:image/webp;base64,{base64.b64encode(file.getvalue()).decode()}"


def _verdict(study: Study) -> str | None:
    """The verdict as HTML, its figures inside; None where it has not been written yet."""
    path = paths.verdict(study.scale) / "verdict.md"
    if not path.is_file():
        return None
    html = MarkdownIt("commonmark", {"html": False}).enable("table").render(path.read_text())
    return re.sub(r'src="([\w.-]+\.png)"', lambda found: f'src="{_inline(path.parent / found[1])}"', html)


def _inline(path: Path) -> str:
    if not path.is_file():
        return ""
    return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"


def _shades(colours: Any) -> list[list[int]]:
    """A map of colours: red, green and blue of each of 256 shades."""
    return colours(np.linspace(0, 1, SHADES), bytes=True)[:, :3].tolist()


def _rounded(values: "pd.Series[float]") -> list[float]:
    return [round(float(value), 5) for value in values]
