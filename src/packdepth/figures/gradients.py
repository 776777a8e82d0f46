"""The gradient norm of each stage of each network over training: do gradients reach the first layers?"""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from packdepth.analysis import results
from packdepth.config.study import Study
from packdepth.figures._style import canvas, networks

PREFIX = "gradient_norm/"
COLUMNS = 3  # panels side by side, at most
DECADES = 6  # at most, that the colours span


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    tables = {variant: norms(study, variant) for variant in networks(study)}
    rows = max(1, -(-len(tables) // COLUMNS))
    seeds = f"seed {study.seeds[0]}" if len(study.seeds) == 1 else f"mean of {len(study.seeds)} seeds"
    note = (
        f"Scale {study.scale}, {seeds}. Stages from the input (top) to the output; norm over a stage's weights. The"
        " constant has none."
    )
    pair = {variant: tables[variant] for variant in study.verdict.gap if variant in tables}
    with canvas(path, finding(pair or dict(list(tables.items())[:2])), note, height=1 + 2.3 * rows) as figure:
        if tables:
            _panels(figure, tables, rows)


def norms(study: Study, variant: str) -> pd.DataFrame:
    """The gradient norm, mean over seeds: one row per stage, from input to output, one column per measured step."""
    table = pd.concat([results.read_csv(run.diagnostics) for run in results.runs(study, variant)])
    table = table[table["name"].str.startswith(PREFIX)]
    stages = table["name"].str.removeprefix(PREFIX)
    means = table.groupby([stages, table["step"]])["value"].mean().unstack()
    return means.reindex(stages.unique())


def finding(tables: dict[str, pd.DataFrame]) -> str:
    """In words: how far the stages of each network differ, by their medians over the steps."""
    told = []
    for variant, table in tables.items():
        sizes = table.median(axis=1).dropna()
        if sizes.empty:
            continue
        least = sizes.idxmin()
        ratio = f"{sizes.max() / sizes.min():,.0f}" if sizes.min() > 0 else "no bound"
        told.append(f"{ratio} in {variant} (least: {least})")
    return f"Largest gradient of a stage over the least: {', '.join(told)}" if told else "No gradient was measured"


def colour_range(tables: list[pd.DataFrame]) -> tuple[float, float]:
    """The lowest and highest norm of all tables above 0, the lowest no more than six decades below the highest."""
    values = np.concatenate([table.to_numpy().ravel() for table in tables])
    values = values[values > 0]
    if not values.size:
        return 1e-3, 1.0
    return max(values.min(), values.max() / 10**DECADES), values.max()


def _panels(figure: Figure, tables: dict[str, pd.DataFrame], rows: int) -> None:
    panels = figure.subplots(rows, min(COLUMNS, len(tables)), squeeze=False)
    norm = LogNorm(*colour_range(list(tables.values())))
    for axes, (variant, table) in zip(panels.flat, tables.items(), strict=False):
        _heat_map(axes, table, norm)
        axes.set_title(variant)
    for axes in panels.flat[len(tables) :]:
        axes.set_axis_off()
    figure.colorbar(ScalarMappable(norm), ax=panels, label="gradient norm", extend="min")


def _heat_map(axes: Axes, table: pd.DataFrame, norm: LogNorm) -> None:
    """Each measurement fills the steps since the one before; a norm of 0 gets the lowest colour."""
    if table.empty:
        axes.text(0.5, 0.5, "training ended before\nthe first measurement", ha="center", transform=axes.transAxes)
        axes.set_yticks([])
        return
    edges = [0, *table.columns]
    axes.pcolormesh(edges, np.arange(len(table) + 1), table.clip(lower=norm.vmin), norm=norm)
    axes.set_yticks(np.arange(len(table)) + 0.5, table.index, fontsize=8.5)
    axes.tick_params(axis="y", length=0)
    axes.invert_yaxis()
    axes.set_xlabel("training step")
