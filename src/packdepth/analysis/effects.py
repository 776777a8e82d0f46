"""How much a change does: differences of the loss over the same test images, with an interval.

Two things make a difference uncertain. One is which images were drawn: the paired bootstrap covers it (Efron and
Tibshirani 1993, section 8.2). The other is which seed a network was trained with: the spread of variants trained with
several seeds covers it. Both are independent, so the squares of their half widths add.
"""

from dataclasses import dataclass
from math import isnan, nan, sqrt

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import norm, t

from packdepth.errors import InputError

RESAMPLES = 10_000
COVERED = 0.975  # of 95 %, the share below the upper end


@dataclass(frozen=True)
class SeedNoise:
    """How far a variant's mean loss spreads over seeds; NaN where no variant was trained with several."""

    deviation: float
    freedom: int  # degrees of freedom that it was found with

    def half_width(self, *seeds: int) -> float:
        """Half the 95 % interval of a sum or difference of means, each over so many seeds (Student's t)."""
        if isnan(self.deviation):
            return 0.0
        return float(t.ppf(COVERED, self.freedom)) * self.deviation * sqrt(sum(1 / count for count in seeds))


@dataclass(frozen=True)
class Effect:
    """A mean difference and its 95 % intervals."""

    mean: float
    low: float  # over images and seeds
    high: float
    low_images: float  # over images only, the seeds taken as given
    high_images: float


def seed_noise(groups: list[list[float]]) -> SeedNoise:
    """The standard deviation within groups, pooled over those of two or more values."""
    several = [values for values in groups if len(values) > 1]
    freedom = sum(len(values) - 1 for values in several)
    squares = sum(float(np.var(values)) * len(values) for values in several)
    return SeedNoise(sqrt(squares / freedom) if freedom else nan, freedom)


def effect(before: pd.DataFrame, after: pd.DataFrame, noise: SeedNoise) -> Effect:
    """How much a change lowers the loss; both tables have one row per image and one column per seed.

    Raises InputError unless both are of the same images.
    """
    if set(before.index) != set(after.index):
        raise InputError("two variants were evaluated on different test images; evaluate both again")
    differences = before.mean(axis=1) - after.mean(axis=1)  # pandas pairs them by name
    resampled = bootstrap_means(differences.to_numpy(float))
    mean = float(differences.mean())
    low_images, high_images = np.percentile(resampled, (100 * (1 - COVERED), 100 * COVERED))
    of_images = float(norm.ppf(COVERED)) * float(resampled.std())
    half = sqrt(of_images**2 + noise.half_width(before.shape[1], after.shape[1]) ** 2)
    return Effect(mean, mean - half, mean + half, float(low_images), float(high_images))


def bootstrap_means(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Means of RESAMPLES samples drawn from values (N,) with replacement, always the same ones."""
    counts = np.random.default_rng(0).multinomial(len(values), np.full(len(values), 1 / len(values)), RESAMPLES)
    means: npt.NDArray[np.float64] = counts @ values / len(values)
    return means
