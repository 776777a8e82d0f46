"""Which images need the big network? Cascades of the networks of the group `widths`, from what was gathered of them.

A cascade predicts every image with a cheap network, and those that seem difficult with a big one too. What counts is
skill, 1 - loss / floor, against the operations of a forward pass. A cascade pays if its skill is higher than that of a
single network of as many operations.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product
from typing import Any

import numpy as np
import pandas as pd

from packdepth import paths
from packdepth.analysis import skill
from packdepth.analysis.gathered import PREDICTORS, read_gathered
from packdepth.analysis.results import floors
from packdepth.analysis.statistics import cascade, effects
from packdepth.analysis.statistics.correlation import spearman
from packdepth.analysis.statistics.effects import Effect
from packdepth.config.study import Study
from packdepth.errors import InputError

PASSES = dict(zip(PREDICTORS, (2, 1), strict=True))  # of the cheap network for an image: its own, and the predictor's
HEADLINE = PREDICTORS[0]  # the predictor that the finding rests on: every network has it
BUDGET = 0.5  # of the big network's operations, at which a cascade is judged
SHARES = np.linspace(0, 1, 41)  # of images that the big network gets, in curves
NETWORK, CASCADE, UNCERTAINTY, FLOOR = "network", "cascade", "uncertainty", "floor"  # kinds of rows
FLOORS = ("best constant", "fixed map", "image median")

Row = dict[str, Any]


@dataclass(frozen=True)
class Widths:
    """The networks of the group, the cheapest first: one row per test image and one column per seed that all have."""

    gflops: dict[str, float]  # of a forward pass for one image
    losses: dict[str, pd.DataFrame]
    floor: float  # the loss at which skill is 0
    of_floors: "pd.Series[float]"  # the skill of what needs no network

    @property
    def by_cost(self) -> dict[float, pd.DataFrame]:
        """The losses by operations, in 1e9."""
        return {cost: self.losses[name] for name, cost in self.gflops.items()}

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """Every cheap network with every bigger one; the first pair is the headline's, the cheapest and the biggest."""
        first = (next(iter(self.gflops)), list(self.gflops)[-1])
        return [first, *(pair for pair in combinations(self.gflops, 2) if pair != first)]

    def skill(self, losses: pd.DataFrame) -> pd.DataFrame:
        """The skill of every image and seed."""
        return 1 - losses / self.floor


@dataclass(frozen=True)
class Cascade:
    """One pair of networks, and what was predicted of the images' difficulty."""

    widths: Widths
    cheap: str
    big: str
    difficulty: pd.DataFrame  # one row per image and one column per seed, in any unit
    passes: int  # of the cheap network for every image

    def cost(self, share: float) -> float:
        """The mean operations for an image, in 1e9, if the big network gets this share."""
        return self.passes * self.widths.gflops[self.cheap] + share * self.widths.gflops[self.big]

    def share_within(self, budget: float) -> float:
        """The share that the big network can get for such mean operations; negative if there are none left for it."""
        return (budget - self.cost(0)) / self.widths.gflops[self.big]

    def skill(self, share: float) -> pd.DataFrame:
        """The skill of every image and seed."""
        losses = self.widths.losses
        return self.widths.skill(cascade.routed(losses[self.cheap], losses[self.big], self.difficulty, share))

    def advantage(self, share: float) -> Effect:
        """By how much the skill is higher than that of a single network of as many operations."""
        alone = self.widths.skill(cascade.single(self.widths.by_cost, self.cost(share)))
        return effects.estimate(effects.paired_difference(self.skill(share), alone))

    def captured(self) -> Effect:
        """How much of what an order of the images can gain the prediction gains: 0 for noise, 1 for the truth."""
        losses = self.widths.losses
        return cascade.captured(losses[self.cheap], losses[self.big], self.difficulty)

    def of_the_truth(self) -> "Cascade":
        """The same networks and price, with a predictor that knows what the big network gains for every image."""
        losses = self.widths.losses
        return Cascade(self.widths, self.cheap, self.big, losses[self.cheap] - losses[self.big], self.passes)


def read_widths(study: Study) -> Widths:
    """What was gathered of the group. Raises InputError if it is missing, or no seed is common to all networks."""
    rows = read_gathered(study, paths.WIDTHS, "variants").sort_values("forward_gflops")
    gflops = dict(zip(rows["variant"], rows["forward_gflops"], strict=True))
    losses = {name: skill.losses(study, name) for name in gflops}
    first, *others = losses.values()
    seeds = [seed for seed in first if all(seed in table for table in others)]
    if not seeds or len(losses) < 2:
        raise InputError(f"group {paths.WIDTHS}: a cascade takes two networks that have a seed in common")
    common = {name: table[seeds] for name, table in losses.items()}
    floor = skill.floor_loss(study, next(iter(common)))
    return Widths(gflops, common, floor, 1 - floors(study, "test")["loss"] / floor)


def read_predicted(study: Study, widths: Widths, column: str) -> dict[tuple[str, str], pd.DataFrame]:
    """By predictor and variant: a column of uncertainty.csv, with one row per image and one column per seed.

    Raises InputError if the table is missing, or lacks a value.
    """
    table = read_gathered(study, paths.WIDTHS, "uncertainty")
    found = {}
    for predictor, (name, losses) in product(PASSES, widths.losses.items()):
        rows = table[(table["predictor"] == predictor) & (table["variant"] == name)]
        by_image = rows.pivot(index="id", columns="seed", values=column)
        found[predictor, name] = by_image.reindex(index=losses.index, columns=losses.columns)
        if found[predictor, name].isna().any(axis=None):
            path = paths.gathered(study.scale, paths.WIDTHS) / "uncertainty.csv"
            raise InputError(f"{path}: lacks the {predictor} of {name} for some image; evaluate it, and gather again")
    return found


def cascades(study: Study, widths: Widths) -> Iterator[tuple[str, Cascade]]:
    """Every pair with every predictor, by the predictor's name; the headline's first."""
    predicted = read_predicted(study, widths, "predicted")
    for cheap, big in widths.pairs:
        for predictor, passes in PASSES.items():
            yield predictor, Cascade(widths, cheap, big, predicted[predictor, cheap], passes)


def summarise(study: Study) -> pd.DataFrame:
    """One row per network, cascade, uncertainty of a network, and floor; `kind` says which.

    | kind | columns |
    | --- | --- |
    | network | gflops; skill |
    | cascade | gflops, share; skill, advantage, captured, perfect, oracle; at BUDGET of the big one's operations |
    | floor | skill |
    | uncertainty | rank correlation with the loss over images; `known`, 1 - AUSE / AUSE of random order; both AUSE |

    `perfect` is the advantage if the predictor knew what the big network gains; `oracle` the skill of one network an
    image for the same operations, chosen by who knows all losses. Skill, advantage, captured, correlation and known
    have 95 % intervals: `..._low`, `..._high`. A cascade whose cheap network costs more than the budget is left out.
    Raises InputError that names a missing table.
    """
    widths = read_widths(study)
    rows: list[Row] = [
        {"kind": NETWORK, "name": name, "gflops": cost, **effects.estimate(widths.skill(losses)).columns("skill")}
        for (name, losses), cost in zip(widths.losses.items(), widths.gflops.values(), strict=True)
    ]
    rows += [_of_cascade(predictor, one) for predictor, one in cascades(study, widths) if _affordable(one) >= 0]
    rows += _of_uncertainties(study, widths)
    shown = widths.of_floors[widths.of_floors.index.isin(FLOORS)]
    rows += [{"kind": FLOOR, "name": name, "gflops": 0.0, "skill": value} for name, value in shown.items()]
    return pd.DataFrame(rows)


def finding(table: pd.DataFrame) -> str:
    """The answer in one line, with its number: the advantage of the cheapest and the biggest network's cascade."""
    judged = table[table["kind"] == CASCADE]
    if judged.empty:
        return "No cascade is judged: running the cheap network costs more than half of the big one's operations"
    row = judged[judged["predictor"] == HEADLINE].iloc[0]
    low, high = row["advantage_low"], row["advantage_high"]
    verdict = "pays" if low > 0 else "does not pay" if high < 0 else "may pay or not"
    return f"A cascade {verdict}: {row['advantage']:+.3f} skill ({low:+.3f} to {high:+.3f}) for half of the operations"


def _affordable(one: Cascade) -> float:
    """The share that the big network can get for half of its operations."""
    return one.share_within(BUDGET * one.widths.gflops[one.big])


def _of_cascade(predictor: str, one: Cascade) -> Row:
    share = _affordable(one)
    known = cascade.oracle(one.widths.by_cost, np.array([one.cost(share)]))
    return {
        "kind": CASCADE,
        "name": f"{one.cheap}, then {one.big}",
        "cheap": one.cheap,
        "big": one.big,
        "predictor": predictor,
        "gflops": one.cost(share),
        "share": share,
        **effects.estimate(one.skill(share)).columns("skill"),
        **one.advantage(share).columns("advantage"),
        **one.captured().columns("captured"),
        "perfect": one.of_the_truth().advantage(share).mean,
        "oracle": 1 - float(known[0]) / one.widths.floor,
    }


def _of_uncertainties(study: Study, widths: Widths) -> list[Row]:
    predicted, areas, random = (
        read_predicted(study, widths, column) for column in ("predicted", "ause", "ause_random")
    )
    rows: list[Row] = []
    for name, predictor in product(widths.gflops, PASSES):
        of_random = random[predictor, name]
        known = effects.estimate((of_random - areas[predictor, name]) / of_random.to_numpy().mean())
        correlation, low, high = spearman(predicted[predictor, name], widths.losses[name])
        rows.append(
            {
                "kind": UNCERTAINTY,
                "name": name,
                "predictor": predictor,
                **{"correlation": correlation, "correlation_low": low, "correlation_high": high},
                **known.columns("known"),
                "ause": areas[predictor, name].to_numpy().mean(),
                "ause_random": of_random.to_numpy().mean(),
            }
        )
    return rows
