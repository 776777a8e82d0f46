"""What a cascade of two networks gains: a cheap one for every image, a big one for those that seem to need it.

Losses, and what was predicted of them, are tables with one row per test image and one column per seed. A cost is the
mean number of operations for an image. The images of a cascade that the big network gets are the most difficult ones by
the prediction, seed by seed; where that ends within an image, a part of its loss counts.
"""

import numpy as np
import pandas as pd

from packdepth.analysis.statistics import effects
from packdepth.analysis.statistics.bootstrap import Floats
from packdepth.analysis.statistics.effects import Effect


def sent(difficulty: pd.DataFrame, share: float) -> pd.DataFrame:
    """How much of each image the big network gets, 0 to 1, if it gets this share of all."""
    easier = difficulty.rank(method="first", ascending=False) - 1
    return (share * len(difficulty) - easier).clip(0, 1)


def routed(cheap: pd.DataFrame, big: pd.DataFrame, difficulty: pd.DataFrame, share: float) -> pd.DataFrame:
    """The losses of a cascade whose big network gets this share of the images."""
    return cheap + sent(difficulty, share) * (big - cheap)


def captured(cheap: pd.DataFrame, big: pd.DataFrame, difficulty: pd.DataFrame) -> Effect:
    """How much of what an order of the images can gain this one does gain: 0 for a random one, 1 for the best.

    It is the area between the curves of loss against share of this order and of a random one, over the same of the
    order by what the big network really gains. That area counts as known in the interval. Raises InputError as
    `effects.estimate` does. NaN where both networks have the same loss for every image.
    """
    gain = cheap - big
    best = float((_earliness(gain) * gain).to_numpy().mean())
    return effects.estimate(_earliness(difficulty) * gain / (best or np.nan))


def _earliness(difficulty: pd.DataFrame) -> pd.DataFrame:
    """The mean over all shares from 0 to 1 of `sent` minus the share: from 1/2 for the most difficult to -1/2."""
    place = difficulty.rank(method="first", ascending=False) - 0.5
    return 0.5 - place / len(difficulty)


def single(losses: dict[float, pd.DataFrame], cost: float) -> pd.DataFrame:
    """The losses of a single network of this cost, from those of networks of other costs.

    Between two of them it is a straight line over the logarithm of cost; beyond the last, it is the last.
    """
    costs = sorted(losses)
    place = float(np.interp(np.log(cost), np.log(costs), np.arange(len(costs))))
    before = min(int(place), len(costs) - 2)
    weight = place - before
    return (1 - weight) * losses[costs[before]] + weight * losses[costs[before + 1]]


def oracle(losses: dict[float, pd.DataFrame], costs: Floats) -> Floats:
    """The least mean loss at each of these mean costs, if somebody knew every network's loss of every image.

    Each image gets one network, or a part of it one and the rest another, so the curve is convex. Costs below that of
    the cheapest network have NaN.
    """
    seeds = [np.column_stack([losses[cost][seed] for cost in sorted(losses)]) for seed in next(iter(losses.values()))]
    return np.mean([_envelope(values, np.sort(list(losses)), costs) for values in seeds], axis=0)


def _envelope(losses: Floats, prices: Floats, costs: Floats) -> Floats:
    """The same for one seed: losses (images, networks) at rising prices (networks,)."""
    steps = np.array([step for of_image in losses for step in _steps(of_image, prices)]).reshape(-1, 2)
    steps = steps[np.argsort(steps[:, 1] / steps[:, 0], kind="stable")]  # the most loss for an operation first
    bought = np.vstack([[prices[0], losses[:, 0].mean()], steps / len(losses)]).cumsum(axis=0)
    return np.interp(costs, bought[:, 0], bought[:, 1], left=np.nan)


def _steps(losses: Floats, prices: Floats) -> list[tuple[float, float]]:
    """From the cheapest network on: by how much more each next step costs, and by how much it changes the loss.

    Each step goes to the network with the steepest fall, so that steps become less and less worthwhile.
    """
    steps, at = [], 0
    while at + 1 < len(losses):
        slopes = (losses[at + 1 :] - losses[at]) / (prices[at + 1 :] - prices[at])
        if slopes.min() >= 0:
            break
        to = at + 1 + int(slopes.argmin())
        steps.append((prices[to] - prices[at], losses[to] - losses[at]))
        at = to
    return steps
