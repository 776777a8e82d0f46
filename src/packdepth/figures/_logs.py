"""The losses of the training logs, and the axis they are drawn on."""

from typing import Literal

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from packdepth.analysis import results
from packdepth.config.study import Study


def losses(study: Study, variant: str) -> pd.DataFrame:
    """The loss of every batch: one row per step, one column per seed. Raises InputError if a log is missing."""
    logs = {run.seed: results.read_csv(run.train_log) for run in results.runs(study, variant)}
    return pd.DataFrame({seed: log.set_index("step")["loss"] for seed, log in logs.items()})


def logarithmic(axes: Axes, which: Literal["x", "y"] = "y", ticks: tuple[int, ...] = (1, 2, 3, 5)) -> None:
    """Make an axis logarithmic, with plain numbers at these ticks of every decade."""
    axes.set(**{f"{which}scale": "log"})
    axis: Axis = {"x": axes.xaxis, "y": axes.yaxis}[which]
    axis.set_major_locator(LogLocator(subs=ticks))
    axis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axis.set_minor_formatter(NullFormatter())
    axes.grid(axis=which)
