"""Learning curves of the group `durations`: does a power law foretell the longest training, and do two curves cross?"""

from dataclasses import asdict

import pandas as pd

from packdepth.analysis import skill
from packdepth.analysis.statistics.curves import crossing, extrapolate
from packdepth.config.study import Study

FORETOLD = ("architecture", "steps", "predicted", "found", "low", "high")
CROSSED = ("first", "second", "steps", "low", "high", "share")
ENOUGH = 5  # points: four that are fitted, and the last


def learning_curves(study: Study, steps: dict[str, float]) -> dict[str, pd.DataFrame]:
    """The mean test loss by architecture: one row per length of training, in steps, and one column per seed.

    `steps` says how many every variant of the group took.
    """
    curves: dict[str, dict[float, pd.Series]] = {}
    for name in study.groups.durations.variants:
        of_one = curves.setdefault(study.variant(name).network.architecture, {})
        of_one[steps[name]] = skill.losses(study, name).mean()
    return {architecture: pd.DataFrame(points).T.sort_index() for architecture, points in curves.items()}


def foretold(curves: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """What a power law through all but the last doubling foretells of the last point; without curves of five points."""
    rows = []
    for architecture, curve in curves.items():
        if len(curve) >= ENOUGH:
            found = asdict(extrapolate(curve))
            rows.append({"architecture": architecture, **{name: found[name] for name in FORETOLD[1:]}})
    return pd.DataFrame(rows, columns=FORETOLD)


def crossed(curves: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Where the first two architectures' curves cross, if they have the same lengths."""
    rows = []
    if len(curves) > 1:
        (first, of_first), (second, of_second) = list(curves.items())[:2]
        if len(of_first) > 1 and list(of_first.index) == list(of_second.index):
            rows.append({"first": first, "second": second, **asdict(crossing(of_first, of_second))})
    return pd.DataFrame(rows, columns=CROSSED)
