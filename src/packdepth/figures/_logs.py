"""The losses of the training logs, and the axis they are drawn on."""

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

from packdepth.evaluation import results
from packdepth.params import Study


def losses(study: Study, variant: str) -> pd.DataFrame:
    """The loss of every batch: a row a step, a column a seed. Raises InputError if a log is missing."""
    logs = {run.seed: results.read_csv(run.train_log) for run in results.runs(study, variant)}
    return pd.DataFrame({seed: log.set_index("step")["loss"] for seed, log in logs.items()})


def logarithmic(axes: Axes) -> None:
    """Make the y axis logarithmic, with plain numbers at 1, 2, 3 and 5."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 3, 5)))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.grid(axis="y")
