"""Rank correlation of two tables over images, with an interval over seeds and images."""

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from packdepth.analysis.statistics import bootstrap
from packdepth.analysis.statistics.bootstrap import RESAMPLES, Floats


def spearman(first: pd.DataFrame, second: pd.DataFrame) -> tuple[float, float, float]:
    """Spearman's rho of two tables (a row per image, a column per seed), its mean over seeds, and its 95 % interval.

    Seeds and images are drawn again together; see `bootstrap.interval` for how far to trust few seeds. NaN where all
    values of a table are equal.
    """
    images, seeds = first.shape
    generator = np.random.default_rng(0)
    weights = bootstrap.shares(seeds, generator)
    drawn = generator.integers(images, size=(RESAMPLES, images))
    whole = np.arange(images)[None]
    columns = [(first.iloc[:, seed].to_numpy(float), second.iloc[:, seed].to_numpy(float)) for seed in range(seeds)]
    mean = float(np.mean([_rho(a[whole], b[whole])[0] for a, b in columns]))
    of_samples = np.column_stack([_rho(a[drawn], b[drawn]) for a, b in columns])
    return mean, *bootstrap.interval((weights * of_samples).sum(axis=1), seeds)


def _rho(first: Floats, second: Floats) -> Floats:
    """Of every row of two arrays (samples, images)."""
    ranks = [rankdata(values, axis=1) for values in (first, second)]
    a, b = (values - values.mean(axis=1, keepdims=True) for values in ranks)
    with np.errstate(invalid="ignore"):
        return (a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
