"""Which temporal variants a figure shows, what they learn from, and which is nearest to metres."""

import math

from packdepth.config.study import Study
from packdepth.errors import InputError


def drawn(study: Study, group: str) -> list[str]:
    """The variants that a group's figures show. Raises InputError if there are none."""
    if not (variants := study.shown(group)):
        raise InputError(f"params.yaml: groups.{group}.variants is empty; there is nothing to draw")
    return variants


def finding(factors: dict[str, float]) -> str:
    """In words: which variant is nearest to metres, and which farthest, by the factor from its depth to the truth.

    Factors that are no positive number do not count.
    """
    known = {variant: factor for variant, factor in factors.items() if 0 < factor < math.inf}
    if not known:
        return "No variant's depth can be compared with a truth"
    order = sorted(known, key=lambda variant: abs(math.log(known[variant])))
    nearest, farthest = order[0], order[-1]
    rest = f", {farthest} the farthest ({known[farthest]:.2f})" if farthest != nearest else ""
    return f"{nearest} is nearest to metres (the truth is {known[nearest]:.2f} times its depth){rest}"


def taught_by(study: Study, variant: str) -> str:
    """What a temporal variant learns from: its mode, and whether it has a velocity loss or known poses."""
    training = study.variant(variant).training
    if training.sees_other_times and training.pose == "known":
        return f"{training.mode} + poses"
    listens = training.mode != "supervised" and training.velocity.weight
    return f"{training.mode}{' + velocity' if listens else ''}"


def settings(study: Study, variant: str) -> str:
    """Network, what it learns from and the context of a temporal variant, in one line."""
    chosen = study.variant(variant)
    context = "" if chosen.training.mode == "supervised" else f", {' + '.join(chosen.training.context)}"
    return f"{chosen.network.architecture}, {taught_by(study, variant)}{context}"
