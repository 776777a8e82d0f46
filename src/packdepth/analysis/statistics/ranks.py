"""Whether a cheap scale tells the truth about an expensive one: the order of variants and the signs of effects."""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from packdepth.analysis.statistics import bootstrap
from packdepth.analysis.statistics.effects import CONFIDENCE, Effect, estimate, paired_difference
from packdepth.analysis.statistics.judgement import holm, two_sided
from packdepth.errors import InputError

SURE = 1 - CONFIDENCE  # below this two-sided p value, a difference is surely not 0

# The test losses of every variant at one scale: one row per image and one column per seed, the same ones for all.
# Where only mean losses are known, a table has one row; the interval then says nothing about other images.
Losses = Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Agreement:
    """Kendall's tau-b between two scales with its 95 % interval, NaN where a scale has one seed."""

    tau: float
    low: float
    high: float
    variants: int  # below eight, tau says little
    flips: pd.DataFrame  # the pairs in another order: better_first, better_second, p, sure


def rank_agreement(first: Losses, second: Losses) -> Agreement:
    """Kendall's tau-b (1945) of the variants that both scales have, with a bootstrap interval, and the pairs that flip.

    Seeds and images are resampled together, for all variants at once and separately for each scale. Resampling adds
    noise, so close variants pull the interval towards 0.
    A flip is sure if both scales' differences are surely not 0: two-sided t tests, the larger p value of both scales,
    Holm's correction over all pairs, at 5 %. Other flips may be noise; so are all where a scale has one seed.
    Raises InputError if a scale's variants are of different images or seeds, or fewer than two are common.
    """
    names = [name for name in first if name in second]
    if len(names) < 2:
        raise InputError("rank agreement takes two variants or more that both scales have")
    cubes = [_cube(losses, names) for losses in (first, second)]
    flips = _flips(first, second, names)
    tau = _tau(*(cube.mean(axis=(1, 2)) for cube in cubes))
    generator = np.random.default_rng(0)
    resampled = zip(*(_resampled_means(cube, generator) for cube in cubes), strict=True)
    low, high = bootstrap.interval([_tau(*means) for means in resampled], min(cube.shape[2] for cube in cubes))
    return Agreement(tau, low, high, len(names), flips)


def sign_agreement(first: Mapping[str, Effect], second: Mapping[str, Effect]) -> pd.DataFrame:
    """Whether effects have the same sign at both scales: one row per effect that both have.

    Columns: the means `first` and `second`, `agree`, `p` and `sure`. An effect is sure if it is surely not 0 at both
    scales, as in `rank_agreement`.
    """
    names = [name for name in first if name in second]
    rows = [{"effect": name, "first": first[name].mean, "second": second[name].mean} for name in names]
    table = pd.DataFrame(rows, columns=["effect", "first", "second"]).set_index("effect")
    p = holm([max(_p_of_effect(first[name]), _p_of_effect(second[name])) for name in names])
    return table.assign(agree=table["first"] * table["second"] > 0, p=p, sure=[value < SURE for value in p])


def _cube(losses: Losses, names: list[str]) -> bootstrap.Floats:
    """(variants, images, seeds)"""
    reference = losses[names[0]]
    tables = [losses[name] for name in names]
    if any(set(table.index) != set(reference.index) or set(table) != set(reference) for table in tables):
        raise InputError("a scale's variants are of different test images or seeds; compare the common ones")
    return np.stack([table.loc[reference.index, reference.columns].to_numpy(float) for table in tables])


def _resampled_means(cube: bootstrap.Floats, generator: np.random.Generator) -> bootstrap.Floats:
    """(resamples, variants)"""
    _, images, seeds = cube.shape
    weights = bootstrap.shares(images, generator), bootstrap.shares(seeds, generator)
    return np.einsum("vis,ri,rs->rv", cube, *weights, optimize=True)


def _tau(first: bootstrap.Floats, second: bootstrap.Floats) -> float:
    return float(kendalltau(first, second).statistic)


def _flips(first: Losses, second: Losses, names: list[str]) -> pd.DataFrame:
    rows = []
    for a, b in combinations(names, 2):
        here, there = (paired_difference(losses[b], losses[a]) for losses in (first, second))
        worse = [float(table.to_numpy().mean()) for table in (here, there)]  # by how much b is worse than a
        better = [a if difference > 0 else b for difference in worse]
        rows.append((*better, worse[0] * worse[1] < 0, max(_p(here), _p(there))))
    table = pd.DataFrame(rows, columns=["better_first", "better_second", "flips", "p"])
    table["p"] = holm(table["p"].tolist())
    table["sure"] = table["p"] < SURE
    return table[table.pop("flips")].reset_index(drop=True)


def _p(differences: pd.DataFrame) -> float:
    """That there is no difference; 1 for one seed, which says nothing about others."""
    return _p_of_effect(estimate(differences)) if differences.size > 1 else 1.0


def _p_of_effect(effect: Effect) -> float:
    return 1.0 if effect.of_one_seed else two_sided(effect)
