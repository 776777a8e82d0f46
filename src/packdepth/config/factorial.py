"""Two-level factorial designs: many settings changed at once, in a fraction of all combinations.

Every factor is at -1 or +1. Notation: Box, Hunter and Hunter (2005), chapters 5 and 6.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, reduce
from itertools import combinations
from math import inf, prod

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
        return [reduce(Term.symmetric_difference, chosen) for chosen in several]  # a factor's square is 1

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

    def runs(self) -> list[dict[str, int]]:
        """The level, -1 or +1, of every factor in every run; the first factor changes fastest."""
        runs = []
        for number in range(2 ** len(self.base)):
            levels = {name: 2 * (number >> place & 1) - 1 for place, name in enumerate(self.base)}
            levels |= {name: prod(levels[of] for of in product) for name, product in self.generators.items()}
            runs.append({name: levels[name] for name in self.factors})
        return runs

    def name(self, chain: Sequence[Term]) -> str:
        """A chain as text, such as `A:B + C:D`."""
        return " + ".join(":".join(name for name in self.factors if name in term) for term in chain)

    def alias_table(self) -> str:
        """One chain a line; what stands on a line is estimated as one sum."""
        return "\n".join(self.name(chain) for chain in self.chains)


def find_design(factors: Sequence[str], runs: int) -> Design:
    """The fraction of so many runs with minimum aberration: the fewest short defining words (Fries and Hunter 1980).

    It has the highest resolution there is. Of several, one whose short words name the first factor least. All
    generators are tried, ten factors in 32 runs within two seconds.
    Raises InputError if the number of runs is no power of two, or too small or too large for the factors.
    """
    size = runs.bit_length() - 1
    if runs != 2**size or not len(factors) < runs <= 2 ** len(factors):
        raise InputError(f"{len(factors)} factors take 2, 4, 8, ... runs: more than factors, at most all combinations")
    places = range(len(factors))
    base, generated = places[:size], places[size:]
    products = [chosen for length in range(2, size + 1) for chosen in combinations(base, length)]
    candidates = combinations(products, len(generated))
    best = min(candidates, key=lambda chosen: _aberration(len(factors), generated, chosen))
    pairs = zip(generated, best, strict=True)
    return Design(factors, {factors[place]: [factors[of] for of in product] for place, product in pairs})


def _aberration(factors: int, generated: range, products: Sequence[Sequence[int]]) -> list[int]:
    """The number of defining words by length, the shortest first; then of those with the first factor.

    A word is a number whose bits are its factors.
    """
    words = [0]
    for place, product in zip(generated, products, strict=True):
        own = sum(1 << of for of in (place, *product))
        words += [word ^ own for word in words]
    lengths = Counter(word.bit_count() for word in words)
    of_first = Counter(word.bit_count() for word in words if word & 1)
    return [counts[length] for counts in (lengths, of_first) for length in range(1, factors + 1)]
