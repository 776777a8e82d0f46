"""The one effect that decides on each hypothesis, in skill, and the effects of the factorial design."""

from dataclasses import replace

import pandas as pd

from packdepth.analysis import skill
from packdepth.analysis.statistics import effects, factorial
from packdepth.analysis.statistics.effects import Effect
from packdepth.config.hypotheses import Change, Hypothesis, Names, names_of
from packdepth.config.study import Study


def deciding(study: Study, hypothesis: Hypothesis, of_factors: dict[str, Effect]) -> Effect:
    """The effect that a hypothesis stands or falls with: positive as the claim has it.

    `of_factors` is what `factor_effects` gives.
    """
    if hypothesis.gain:
        effect = skill.gain_of(study, hypothesis.gain)
    elif hypothesis.interaction:
        effect = effects.interaction(*(skill.gain(study, change) for change in hypothesis.interaction))
    else:
        effect = interaction_with(of_factors, network_factor(study), hypothesis.factor or "")
    return effect if hypothesis.sign > 0 else -effect


def described(study: Study, hypothesis: Hypothesis) -> str:
    """In words, what `deciding` measures."""
    if hypothesis.gain:
        return told(hypothesis.gain)
    if hypothesis.interaction:
        first, second = hypothesis.interaction
        return f"{told(first)}, minus {told(second)}"
    low, high = study.groups.factors.factors[hypothesis.factor or ""]
    other, network = study.groups.factors.factors[network_factor(study)]
    return f"`{hypothesis.factor}` {low} to {high} in {network}, minus the same in {other}"


def told(change: Change) -> str:
    """A change in words."""
    return " to ".join(_listed(side) for side in change)


def variants_of(change: Change) -> list[str]:
    """The variants that a change compares."""
    return names_of([change])


def _listed(names: Names) -> str:
    return f"`{names}`" if isinstance(names, str) else f"the mean of {', '.join(f'`{name}`' for name in names)}"


def network_factor(study: Study) -> str:
    """The factor that says which network a run has: the first."""
    return next(iter(study.groups.factors.factors))


def responses(study: Study) -> pd.DataFrame:
    """The skill of every run of the factorial design (row) with every seed (column)."""
    group = study.groups.factors
    return pd.DataFrame([skill.skill(study, run) for run in group.runs], index=range(len(group.runs)))


def factor_effects(study: Study) -> dict[str, Effect]:
    """Main effects and two-factor interactions, each chain of aliases under its name.

    A main effect is what going from a factor's first level to its second gains, on average over all else. An
    interaction with the network is what it gains in the network's second level minus what it gains in the first.
    """
    found = factorial.analyse(study.groups.factors.design, responses(study))
    network = network_factor(study)
    return {
        name: replace(effect, mean=2 * effect.mean, standard_error=2 * effect.standard_error)
        if name.startswith(f"{network}:")
        else effect
        for name, effect in found.items()
    }


def effects_by_network(of_factors: dict[str, Effect], network: str, factor: str) -> tuple[Effect, Effect]:
    """What a factor does in the network's first and second level, from its main effect and interaction.

    Both are orthogonal, so the squares of their standard errors add.
    """
    main, both = of_factors[_chain(of_factors, factor)], interaction_with(of_factors, network, factor)
    error = (main.standard_error**2 + (both.standard_error / 2) ** 2) ** 0.5
    first, second = (replace(main, mean=main.mean + sign * both.mean / 2, standard_error=error) for sign in (-1, 1))
    return first, second


def interaction_with(of_factors: dict[str, Effect], network: str, factor: str) -> Effect:
    """What a factor does in the network's second level, minus what it does in the first; with its aliases, if any."""
    return of_factors[_chain(of_factors, f"{network}:{factor}")]


def _chain(of_factors: dict[str, Effect], term: str) -> str:
    """The name of the chain of aliases that a term is in."""
    return next(name for name in of_factors if term in name.split(" + "))
