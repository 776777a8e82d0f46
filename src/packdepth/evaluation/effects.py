"""How much a change does: differences of the loss over the same test images, with an interval.

Two things make a difference uncertain: which images were drawn, for which the paired bootstrap stands (Efron and
Tibshirani 1993, section 8.2), and which seed a network was trained with, for which the spread of variants that were
trained with several seeds stands. Both are independent, so their variances add.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
RESAMPLES = 10_000
NORMAL_95 = 1.96  # standard deviations on either side of the mean that hold 95 %


@dataclass(frozen=True)
class Effect:
    """A mean difference and its 95 % intervals."""

    mean: float
    low: float  # over images and seeds
    high: float
    low_images: float  # over images alone, the seeds taken as given
    high_images: float


def effect(before: Array, after: Array, seed_noise: float) -> Effect:
    """How much less the loss is after a change: (seeds, images) of each, the same images in the same order.

    Where their numbers of seeds differ, those that both have are compared. `seed_noise` is the standard deviation of a
    variant's mean loss over seeds; without it (NaN) the interval is that over images.
    """
    seeds = min(len(before), len(after))
    differences = (before[:seeds] - after[:seeds]).mean(axis=0)
    resampled = bootstrap_means(differences)
    mean = float(differences.mean())
    low_images, high_images = np.percentile(resampled, (2.5, 97.5))
    of_seeds = 0.0 if np.isnan(seed_noise) else 2 * seed_noise**2 / seeds
    half = NORMAL_95 * float(np.sqrt(resampled.var() + of_seeds))
    return Effect(mean, mean - half, mean + half, float(low_images), float(high_images))


def bootstrap_means(values: Array) -> Array:
    """Means of RESAMPLES samples drawn from values (N,) with replacement, always the same ones."""
    counts = np.random.default_rng(0).multinomial(len(values), np.full(len(values), 1 / len(values)), RESAMPLES)
    means: Array = counts @ values / len(values)
    return means


def pooled_deviation(groups: list[list[float]]) -> float:
    """The standard deviation within groups, pooled over those of two values and more; NaN if there are none."""
    groups = [values for values in groups if len(values) > 1]
    freedom = sum(len(values) - 1 for values in groups)
    squares = sum(float(np.var(values)) * len(values) for values in groups)
    return float(np.sqrt(squares / freedom)) if freedom else float("nan")
