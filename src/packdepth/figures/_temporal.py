"""Which temporal variants a figure shows, what they are called, and which is nearest to metres."""

import math

from packdepth.analysis.temporal_table import faults
from packdepth.config.study import Study
from packdepth.errors import InputError


def sound(study: Study, group: str) -> list[str]:
    """The variants of a group whose speed sensor, if they have one, has no errors.

    Raises InputError if there are none.
    """
    chosen = [name for name in study.shown(group) if not faults(study.variant(name).training)]
    if not chosen:
        raise InputError(
            f"params.yaml: groups.{group}.variants has none without a faulty sensor; there is nothing to draw"
        )
    return chosen


def finding(factors: dict[str, float]) -> str:
    """In words: which variant is nearest to metres, and which farthest, by the factor from its depth to the truth."""
    order = sorted(factors, key=lambda variant: abs(math.log(factors[variant])))
    told = [f"{factors[variant]:.2f} times {variant}'s depth" for variant in dict.fromkeys((order[0], order[-1]))]
    return f"The truth is {', '.join(told)}"


def taught_by(study: Study, variant: str) -> str:
    """What a temporal variant learns from: its mode, and whether it has a velocity loss."""
    training = study.variant(variant).training
    listens = training.mode != "supervised" and training.velocity.weight
    return f"{training.mode}{' + velocity' if listens else ''}"


def settings(study: Study, variant: str) -> str:
    """Network, what it learns from and the context of a temporal variant, in one line."""
    chosen = study.variant(variant)
    context = "" if chosen.training.mode == "supervised" else f", {' + '.join(chosen.training.context)}"
    return f"{chosen.network.architecture}, {taught_by(study, variant)}{context}"
