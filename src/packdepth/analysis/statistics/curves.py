"""Learning curves: does a power law foretell longer training, and where do two curves cross?

A learning curve is a table of losses: one row per number of steps, in rising order, and one column per seed. Every
point is the loss after a full decay of the rate.
"""

from dataclasses import dataclass
from math import inf, nan

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.optimize import curve_fit

from packdepth.analysis.statistics import bootstrap
from packdepth.errors import InputError


@dataclass(frozen=True)
class PowerLaw:
    """L(n) = floor + above * (n / first)^-exponent: the loss after n steps (Hestness et al. 2017)."""

    floor: float
    above: float  # how far the loss after the first steps lies above the floor
    exponent: float
    first: float  # steps of the first point

    def loss(self, steps: float) -> float:
        """The loss after so many steps."""
        return float(_law(steps / self.first, self.floor, self.above, self.exponent))


@dataclass(frozen=True)
class Extrapolation:
    """What the power law foretold of the last point of a curve, and what was found."""

    law: PowerLaw
    steps: float
    predicted: float
    found: float
    low: float  # of the 95 % interval of found - predicted, over seeds
    high: float


@dataclass(frozen=True)
class Crossing:
    """From where on one curve stays below the other.

    `steps` is NaN if the mean curves do not cross within the data. `low` and `high` are its 95 % interval over seeds:
    0 is before the first point, infinity after the last, NaN without a crossing or with one seed. `share` is the part
    of bootstrap samples in which the curves cross.
    """

    steps: float
    low: float
    high: float
    share: float


def fit(steps: npt.ArrayLike, losses: npt.ArrayLike) -> PowerLaw:
    """The power law nearest to the points by least squares; floor, above and exponent are at least 0.

    Raises InputError for fewer than four points, which three parameters would pass through.
    """
    n, found = np.asarray(steps, dtype=float), np.asarray(losses, dtype=float)
    if len(n) < 4:
        raise InputError(f"a power law takes four points of a learning curve or more, not {len(n)}")
    least = float(found.min())
    start = (least / 2, max(float(found[0]) - least / 2, 0.0), 0.5)
    (floor, above, exponent), _ = curve_fit(_law, n / n[0], found, p0=start, bounds=(0, np.inf))
    return PowerLaw(float(floor), float(above), float(exponent), float(n[0]))


def extrapolate(curve: pd.DataFrame) -> Extrapolation:
    """Fit the points up to half of the last point's steps, and compare the law with the last point.

    The interval of the error is bootstrapped over seeds; see `bootstrap.interval` for how far to trust few seeds.
    Raises InputError for fewer than four points before the last doubling.
    """
    steps, losses = curve.index.to_numpy(float), curve.to_numpy(float)
    fitted = steps <= steps[-1] / 2
    samples = bootstrap.shares(losses.shape[1], np.random.default_rng(0))
    distinct, of_sample = np.unique(samples, axis=0, return_inverse=True)  # few seeds have few samples
    means = distinct @ losses.T
    errors = np.array([mean[-1] - fit(steps[fitted], mean[fitted]).loss(steps[-1]) for mean in means])
    low, high = bootstrap.interval(errors[of_sample], losses.shape[1])
    found = losses.mean(axis=1)
    law = fit(steps[fitted], found[fitted])
    return Extrapolation(law, float(steps[-1]), law.loss(steps[-1]), float(found[-1]), low, high)


def crossing(first: pd.DataFrame, second: pd.DataFrame) -> Crossing:
    """Where the mean curves cross for the last time: straight lines between points, over the logarithm of steps.

    Both have the same steps. Seeds are paired, so those that lack a point of either curve are left out.
    Raises InputError for other steps or no seed in common.
    """
    if list(first.index) != list(second.index):
        raise InputError("two learning curves have points after different numbers of steps")
    difference = (first - second).dropna(axis=1)
    if difference.empty:
        raise InputError("two learning curves have no seed in common")
    steps, values = difference.index.to_numpy(float), difference.to_numpy(float)
    seeds = values.shape[1]
    mean = values.mean(axis=1)
    samples = bootstrap.shares(seeds, np.random.default_rng(0)) @ values.T
    share = float(np.mean([_changes(sample).size > 0 for sample in samples]))
    if not _changes(mean).size:
        return Crossing(nan, nan, nan, share)
    final = np.sign(mean[-1])
    low, high = bootstrap.interval([_last_crossing(steps, sample, final) for sample in samples], seeds)
    return Crossing(_last_crossing(steps, mean, final), low, high, share)


def _law(n: npt.ArrayLike, floor: float, above: float, exponent: float) -> bootstrap.Floats:
    return floor + above * np.asarray(n, dtype=float) ** -exponent


def _changes(difference: bootstrap.Floats) -> npt.NDArray[np.intp]:
    """The points before which the sign changes."""
    return np.flatnonzero(np.diff(np.sign(difference)))


def _last_crossing(steps: bootstrap.Floats, difference: bootstrap.Floats, final: float) -> float:
    """From where on the sign stays `final`: 0 if it always was, infinity if it is not at the last point."""
    if np.sign(difference[-1]) != final:
        return inf
    changes = _changes(difference)
    if not changes.size:
        return 0.0
    before = changes[-1]
    left, right = difference[before], difference[before + 1]
    logs = np.log(steps[before : before + 2])
    return float(np.exp(logs[0] + (logs[1] - logs[0]) * left / (left - right)))
