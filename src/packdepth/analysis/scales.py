"""Does a small scale predict larger ones? Compares the order of the report's variants there and at other scales."""

from importlib.resources import files
from itertools import combinations
from typing import Any

import pandas as pd
import yaml
from scipy.stats import kendalltau

COLUMNS = ("scale", "variants", "tau", "flipped")


def other_scales() -> dict[str, dict[str, float]]:
    """The losses of the report's variants at scales that were run before, by scale."""
    content: dict[str, Any] = yaml.safe_load((files("packdepth.analysis") / "other_scales.yaml").read_text())
    return content


def compare(losses: dict[str, float], others: dict[str, dict[str, float]]) -> pd.DataFrame:
    """One row per scale of `others`: Kendall's tau-b (1945) of the variants that both have, and the pairs that flip.

    A pair flips if one variant has the lower loss here and the higher one there; `a < b` is the order here.
    """
    rows = []
    for scale, other in others.items():
        both = [name for name in losses if name in other]
        if len(both) < 2:
            continue
        here, there = ([of[name] for name in both] for of in (losses, other))
        tau = kendalltau(here, there).statistic
        rows.append({"scale": scale, "variants": len(both), "tau": tau, "flipped": "; ".join(_flipped(losses, other))})
    return pd.DataFrame(rows, columns=COLUMNS)


def _flipped(losses: dict[str, float], other: dict[str, float]) -> list[str]:
    both = sorted((name for name in losses if name in other), key=lambda name: losses[name])
    return [f"{low} < {high}" for low, high in combinations(both, 2) if other[low] > other[high]]
