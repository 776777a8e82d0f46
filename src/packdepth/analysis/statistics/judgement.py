"""Whether a claim is supported, reversed, refuted or open, by tests that are corrected for the number of claims.

A claim says that an effect lies above a margin. For a claim about a loss, give the opposite change: `-effect`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import copysign, inf
from typing import Literal

from scipy.special import nctdtrinc
from scipy.stats import t
from statsmodels.stats.multitest import multipletests

from packdepth.analysis.statistics.effects import CONFIDENCE, Effect
from packdepth.errors import InputError

LEVEL = (1 - CONFIDENCE) / 2  # of a one-sided test: it rejects where the whole 95 % interval does
POWER = 0.8

Verdict = Literal["supported", "reversed", "refuted", "open"]


@dataclass(frozen=True)
class Claim:
    """That an effect is larger than a margin, which is above 0 and in the unit of the effect.

    Raises InputError if the margin is not above 0.
    """

    effect: Effect
    margin: float

    def __post_init__(self) -> None:
        if not self.margin > 0:
            raise InputError(f"a margin is above 0, not {self.margin:g}")


@dataclass(frozen=True)
class Judgement:
    """A verdict and what it rests on."""

    verdict: Verdict
    p_supported: float  # of `superiority`, adjusted for all claims
    p_reversed: float  # the same of the opposite effect
    p_refuted: float  # of `equivalence`, adjusted for all claims
    p_no_effect: float  # of `two_sided`, not adjusted: it decides nothing
    least_detectable: float  # in the unit of the effect, at the strictest level of Holm's correction


def judge(claims: Mapping[str, Claim]) -> dict[str, Judgement]:
    """A verdict on every claim of a family.

    supported: the effect is surely beyond the margin (`superiority`).
    reversed: the opposite effect is.
    refuted: it surely lies within the margin on both sides (`equivalence`), and the design could have seen an effect
    as large as the margin (`least_detectable`).
    open: everything else, and every effect of one seed.

    Holm's correction (1979) is applied to the p values of each test over all claims. Each of the three families is
    tested at 2.5 %, one tail of a 95 % interval. So the chance of any false `supported` is at most 2.5 %, however many
    claims there are; the same holds for `reversed` and for `refuted`. The 95 % interval of an effect is not adjusted: a
    verdict can be open although this interval alone lies beyond the margin.
    """
    p_supported, p_refuted = _adjusted(claims, superiority), _adjusted(claims, equivalence)
    p_reversed = _adjusted(claims, lambda effect, margin: superiority(-effect, margin))
    judgements = {}
    for name, claim in claims.items():
        effect = claim.effect
        seen = least_detectable(effect, LEVEL / len(claims))
        verdict: Verdict = "open"
        if not effect.of_one_seed and p_supported[name] < LEVEL:
            verdict = "supported"
        elif not effect.of_one_seed and p_reversed[name] < LEVEL:
            verdict = "reversed"
        elif not effect.of_one_seed and p_refuted[name] < LEVEL and seen < claim.margin:
            verdict = "refuted"
        p_values = p_supported[name], p_reversed[name], p_refuted[name], two_sided(effect)
        judgements[name] = Judgement(verdict, *p_values, seen)
    return judgements


def superiority(effect: Effect, margin: float) -> float:
    """The p value of the one-sided t test that the effect is at most the margin."""
    return _upper_tail(effect.mean - margin, effect)


def equivalence(effect: Effect, margin: float) -> float:
    """The p value of two one-sided t tests that the effect lies outside (-margin, margin) (Schuirmann 1987)."""
    return max(_upper_tail(effect.mean + margin, effect), _upper_tail(margin - effect.mean, effect))


def two_sided(effect: Effect) -> float:
    """The p value of the two-sided t test that there is no effect."""
    return 2 * _upper_tail(abs(effect.mean), effect)


def least_detectable(effect: Effect, level: float = LEVEL) -> float:
    """The smallest true effect that a one-sided t test at `level` against 0 finds with a power of 80 %.

    Exact by the noncentral t distribution, if the standard error is the true one; in the unit of the effect.
    """
    critical = t.ppf(1 - level, effect.freedom)
    return float(nctdtrinc(effect.freedom, 1 - POWER, critical)) * effect.standard_error


def holm(p_values: Sequence[float]) -> list[float]:
    """The p values after Holm's correction (1979) for their number."""
    return [float(p) for p in multipletests(p_values, method="holm")[1]] if p_values else []


def _upper_tail(difference: float, effect: Effect) -> float:
    """The probability of a larger t than that of the difference."""
    if effect.standard_error == 0:  # nothing varies, so the difference is certain
        return float(t.sf(copysign(inf, difference) if difference else 0.0, effect.freedom))
    return float(t.sf(difference / effect.standard_error, effect.freedom))


def _adjusted(claims: Mapping[str, Claim], test: Callable[[Effect, float], float]) -> dict[str, float]:
    """The p values of one test over all claims, after Holm's correction."""
    return dict(zip(claims, holm([test(claim.effect, claim.margin) for claim in claims.values()]), strict=True))
