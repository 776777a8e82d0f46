"""Two-level factorial designs: many settings changed at once, in a fraction of all combinations.

Every factor is at -1 or +1. The network (PackNet or DenseDepth) is one more factor: its interaction with another factor
says whether that one hurts PackNet. Notation and formulas: Box, Hunter and Hunter (2005), chapters 5 and 6.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from itertools import combinations
from math import inf

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS

from packdepth.analysis.statistics.effects import Effect
from packdepth.errors import InputError

Term = frozenset[str]  # a product of factors: one for a main effect, two for a two-factor interaction


@dataclass(frozen=True)
class Design:
    """Factors, and for each generated factor the others whose product is its level: {"F": "ABC"} means F = A B C.

    A generator is a sequence of names, so for names of one letter a word does. No generator: all combinations.
    Raises InputError for a generator of unknown factors, or one that confuses two main effects.
    """

    factors: Sequence[str]
    generators: Mapping[str, Sequence[str]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        base = set(self.base)
        for name, product in self.generators.items():
            if name not in self.factors or not base.issuperset(product) or len(set(product)) < len(product):
                raise InputError(f"the generator of {name!r} is not a product of different factors without a generator")
        if self.resolution < 3:
            raise InputError("two main effects of this design are the same; use other generators or more runs")

    @property
    def base(self) -> list[str]:
        """The factors without a generator: their combinations are the runs."""
        return [name for name in self.factors if name not in self.generators]

    @cached_property
    def defining_words(self) -> list[Term]:
        """The products of factors that are +1 in every run."""
        words = [Term(product) ^ {name} for name, product in self.generators.items()]
        several = [chosen for size in range(1, len(words) + 1) for chosen in combinations(words, size)]
        return [_product(chosen) for chosen in several]

    @property
    def resolution(self) -> float:
        """The length of the shortest defining word; infinity for all combinations.

        III: main effects are aliased with two-factor interactions. IV: these are aliased with one another. V: neither.
        """
        return min((len(word) for word in self.defining_words), default=inf)

    @property
    def chains(self) -> list[list[Term]]:
        """Main effects and two-factor interactions, each list those that the runs cannot tell apart."""
        terms = [Term(chosen) for size in (1, 2) for chosen in combinations(self.factors, size)]
        chains: list[list[Term]] = []
        for term in terms:
            chain = next((chain for chain in chains if chain[0] ^ term in self.defining_words), None)
            if chain is None:
                chains.append([term])
            else:
                chain.append(term)
        return chains

    def runs(self) -> pd.DataFrame:
        """The levels, -1 or +1, of every factor (columns) in every run (rows); the first factor changes fastest."""
        count = 2 ** len(self.base)
        levels = {name: 2 * (np.arange(count) >> place & 1) - 1 for place, name in enumerate(self.base)}
        levels |= {name: np.prod([levels[of] for of in product], axis=0) for name, product in self.generators.items()}
        return pd.DataFrame(levels, index=pd.RangeIndex(count, name="run"))[list(self.factors)]

    def name(self, chain: Sequence[Term]) -> str:
        """A chain as text, such as `A:B + C:D`."""
        return " + ".join(":".join(name for name in self.factors if name in term) for term in chain)

    def alias_table(self) -> str:
        """One chain a line; what stands on a line is estimated as one sum."""
        return "\n".join(self.name(chain) for chain in self.chains)


def find_design(factors: Sequence[str], runs: int) -> Design:
    """The fraction of so many runs with minimum aberration: the fewest short defining words (Fries and Hunter 1980).

    It has the highest resolution there is. All generators are tried; ten factors in 32 runs take some seconds.
    Raises InputError if the number of runs is no power of two, or too small or too large for the factors.
    """
    size = runs.bit_length() - 1
    if runs != 2**size or not len(factors) < runs <= 2 ** len(factors):
        raise InputError(f"{len(factors)} factors take 2, 4, 8, ... runs: more than factors, at most all combinations")
    base, generated = factors[:size], factors[size:]
    products = [chosen for length in range(2, size + 1) for chosen in combinations(base, length)]
    candidates = (dict(zip(generated, chosen, strict=True)) for chosen in combinations(products, len(generated)))
    return min((Design(factors, generators) for generators in candidates), key=_word_lengths)


def analyse(design: Design, responses: pd.DataFrame) -> dict[str, Effect]:
    """Main effects and two-factor interactions, each chain of aliases as one sum under its name.

    `responses` has one row per run, indexed as `design.runs()`, and one column per seed: the mean skill over the test
    images, say. Ordinary least squares with seeds as blocks; the residuals are the standard errors' only source, so
    interactions of three factors widen the intervals, and nothing is said about other images.
    An effect is the mean response at +1 minus that at -1. So the effect of `network:swap` is **half** the change by
    `swap` in one network minus that in the other (`effects.interaction`), and its margin is half as large.
    Raises InputError for other runs, missing responses, or no degrees of freedom left.
    """
    runs = design.runs()
    if set(responses.index) != set(runs.index) or responses.isna().any(axis=None):
        raise InputError("responses are needed for every run of the design, for every seed")
    values = responses.loc[runs.index].to_numpy(float)
    count, seeds = values.shape
    columns = [runs[list(chain[0])].prod(axis=1).to_numpy(float) for chain in design.chains]
    levels = np.repeat(np.column_stack(columns), seeds, axis=0)
    blocks = np.tile(np.eye(seeds), (count, 1))
    fitted = OLS(values.ravel(), np.hstack([levels, blocks])).fit()
    if fitted.df_resid < 1:
        raise InputError("no degrees of freedom are left to judge effects by; add a seed or drop a factor")
    return {
        design.name(chain): Effect(2 * float(slope), 2 * float(error), float(fitted.df_resid), seeds, images=1)
        for chain, slope, error in zip(design.chains, fitted.params, fitted.bse, strict=False)  # then blocks
    }


def _product(words: Sequence[Term]) -> Term:
    """A factor's square is 1, so it stays if it is in an odd number of words."""
    return reduce(Term.symmetric_difference, words)


def _word_lengths(design: Design) -> list[int]:
    """The number of defining words by length, the shortest first."""
    return [sum(len(word) == length for word in design.defining_words) for length in range(1, len(design.factors) + 1)]
