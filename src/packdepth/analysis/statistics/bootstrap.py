"""Resampling of seeds or images, and the interval of what is computed from the samples."""

from math import nan, sqrt

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, t

from packdepth.analysis.statistics.effects import CONFIDENCE

RESAMPLES = 2_000

Floats = npt.NDArray[np.float64]


def shares(count: int, generator: np.random.Generator) -> Floats:
    """The share of each of `count` units in RESAMPLES samples with replacement: (RESAMPLES, count), rows sum to 1."""
    return generator.multinomial(count, np.full(count, 1 / count), RESAMPLES) / count


def interval(values: npt.ArrayLike, seeds: int) -> tuple[float, float]:
    """The expanded percentile interval of bootstrapped values (Hesterberg 2015); NaN for one seed.

    Values that are NaN do not count.

    Plain percentiles are too narrow for few seeds. These are moved outwards by Student's t and sqrt(n / (n - 1)). They
    still end at the extremes of the samples, so the interval of a mean covers the truth in at most 50 % of experiments
    of two seeds, and in 75 % of experiments of three.
    """
    known = np.asarray(values, dtype=float)
    known = known[~np.isnan(known)]
    if seeds < 2 or not len(known):
        return nan, nan
    outside = norm.cdf(t.ppf((1 - CONFIDENCE) / 2, seeds - 1) * sqrt(seeds / (seeds - 1)))
    # A value of the samples, not one between two of them: values may be infinite.
    low, high = np.quantile(known, [outside, 1 - outside], method="inverted_cdf")
    return float(low), float(high)
