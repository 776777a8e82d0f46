"""How much a change raises the skill, with an interval that holds for other seeds and other test images.

Two networks that were trained with the same seed and evaluated on the same image make a pair. Both seeds and images are
samples, so both make the mean difference uncertain.
"""

from dataclasses import dataclass, replace
from math import inf, sqrt

import pandas as pd
from scipy.stats import chi2, t

from packdepth.errors import InputError

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Effect:
    """A mean difference and how sure it is: (mean - truth) / standard_error follows Student's t."""

    mean: float
    standard_error: float
    freedom: float  # degrees of freedom of Student's t, not always whole
    seeds: int  # 1: the interval is over images only and says nothing about other seeds
    images: int  # 1: one mean per seed was given, so the interval says nothing about other images

    @property
    def low(self) -> float:
        """The lower end of the 95 % interval."""
        return self.mean - self._half_width

    @property
    def high(self) -> float:
        """The upper end of the 95 % interval."""
        return self.mean + self._half_width

    @property
    def of_one_seed(self) -> bool:
        """Whether nothing can be said about other seeds."""
        return self.seeds == 1

    @property
    def _half_width(self) -> float:
        return float(t.ppf((1 + CONFIDENCE) / 2, self.freedom)) * self.standard_error

    def columns(self, name: str) -> dict[str, float]:
        """For a row of a table: the mean as `name`, the ends of the interval as `..._low` and `..._high`."""
        return {name: self.mean, f"{name}_low": self.low, f"{name}_high": self.high}

    def __neg__(self) -> "Effect":
        """The effect of the opposite change."""
        return replace(self, mean=-self.mean)


def gain(before: pd.DataFrame, after: pd.DataFrame, floor_loss: float) -> pd.DataFrame:
    """By how much a change raises the skill, for each image (row) and seed (column).

    `before` and `after` are test losses of the same shape; `floor_loss` is the loss of one fixed map. Skill is
    1 - loss / floor_loss, so a gain is (before - after) / floor_loss. Seeds that only one table has are left out.
    Raises InputError as `paired_difference` does.
    """
    return paired_difference(before, after) / floor_loss


def interaction(first: pd.DataFrame, second: pd.DataFrame) -> Effect:
    """The gain in the first network minus the gain in the second: negative if a change hurts the first one more.

    Both are tables of `gain`, for the same images and seeds. Raises InputError as `paired_difference` does.
    """
    return estimate(paired_difference(first, second))


def paired_difference(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """`first` minus `second`, paired by image (row) and seed (column); only seeds that both have.

    Raises InputError if the tables are of different images, have no seed in common, or lack a value.
    """
    if not (first.index.is_unique and second.index.is_unique and set(first.index) == set(second.index)):
        raise InputError("two tables are of different test images; evaluate both again")
    seeds = [seed for seed in first.columns if seed in second.columns]
    if not seeds:
        raise InputError("two tables have no seed in common; train both with the same seeds")
    difference = first[seeds] - second[seeds]  # pandas pairs them by name
    if difference.isna().any(axis=None):
        raise InputError("a loss is missing for some image and seed; evaluate again")
    return difference


def estimate(differences: pd.DataFrame) -> Effect:
    """The mean of a table of paired differences (one row per image, one column per seed), and how sure it is.

    Seeds and images are crossed random effects: difference = mean + seed + image + error. Then the variance of the mean
    is (MS_seed + MS_image - MS_error) / (seeds * images), where MS are the mean squares of the two-way analysis of
    variance (Cornfield and Tukey 1956; Searle, Casella and McCulloch 1992, chapter 4). No component may be negative.
    With one seed or one image, it is the standard error of a plain mean over the others.
    Raises InputError if there is only one value.
    """
    values = differences.to_numpy(float)
    images, seeds = values.shape
    if values.size < 2:
        raise InputError("an interval takes two seeds or two images; there is one of each")
    mean = float(values.mean())
    if seeds == 1 or images == 1:
        return Effect(mean, float(values.std(ddof=1)) / sqrt(values.size), values.size - 1, seeds, images)
    of_seeds, of_images, of_error = mean_squares(differences)
    of_images = max(of_images, of_error)
    variance = (max(of_seeds, of_error) + of_images - of_error) / values.size
    return Effect(mean, sqrt(variance), _freedom(of_seeds, of_images, of_error, seeds, images), seeds, images)


def mean_squares(table: pd.DataFrame) -> tuple[float, float, float]:
    """The mean squares of seeds (columns), images (rows) and error in a two-way analysis of variance."""
    values = table.to_numpy(float)
    images, seeds = values.shape
    of_image, of_seed = values.mean(axis=1, keepdims=True), values.mean(axis=0, keepdims=True)
    residuals = values - of_image - of_seed + values.mean()
    return (
        images * float(of_seed.var(ddof=1)),
        seeds * float(of_image.var(ddof=1)),
        float((residuals**2).sum()) / ((seeds - 1) * (images - 1)),
    )


def _freedom(of_seeds: float, of_images: float, of_error: float, seeds: int, images: int) -> float:
    """Satterthwaite's (1946) degrees of freedom of the sum of mean squares, on the safe side.

    Two or three seeds often look alike by chance. The plain formula then trusts the many images: its 95 % intervals
    cover the truth in as few as 87 % of experiments of two seeds, and a test at 0.5 % errs fourteen times as often as
    it says. So the mean square of seeds enters with the upper end of its one-sided 95 % interval, by chi-squared.
    """
    of_seeds = max(of_seeds * (seeds - 1) / float(chi2.ppf(1 - CONFIDENCE, seeds - 1)), of_error)
    squares = of_seeds**2 / (seeds - 1) + of_images**2 / (images - 1) + of_error**2 / ((seeds - 1) * (images - 1))
    freedom = (of_seeds + of_images - of_error) ** 2 / squares if squares else inf
    return max(freedom, min(seeds, images) - 1)
