"""Verdicts: their tests by hand and against statsmodels, and how often they err."""

import gc
from collections.abc import Iterator
from math import inf, sqrt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import nct, t
from statsmodels.stats.weightstats import DescrStatsW

from packdepth.analysis.statistics.effects import Effect, estimate
from packdepth.analysis.statistics.judgement import (
    LEVEL,
    Claim,
    equivalence,
    holm,
    judge,
    least_detectable,
    superiority,
    two_sided,
)
from packdepth.errors import InputError
from tests.support.experiments import paired_differences

MARGIN = 0.1
FREEDOM = 8.0


@pytest.fixture(autouse=True, scope="module")
def quick_garbage() -> Iterator[None]:
    """statsmodels collects all garbage at every correction by Holm; let it look at nothing older than these tests."""
    gc.freeze()
    yield
    gc.unfreeze()


def effect(mean: float, standard_error: float = 0.01, freedom: float = FREEDOM, seeds: int = 5) -> Effect:
    return Effect(mean, standard_error, freedom, seeds, images=100)


def verdict(of: Effect, margin: float = MARGIN) -> str:
    return judge({"H": Claim(of, margin)})["H"].verdict


def observed(generator: np.random.Generator, truth: float, standard_error: float) -> Effect:
    """What an experiment finds: a normal mean, and a standard error with FREEDOM degrees of freedom."""
    found = standard_error * sqrt(generator.chisquare(FREEDOM) / FREEDOM)
    return effect(generator.normal(truth, standard_error), found)


def claim_of(generator: np.random.Generator) -> Claim:
    """A precise experiment on an effect of exactly the margin."""
    return Claim(observed(generator, MARGIN, 0.1 * MARGIN), MARGIN)


def test_verdicts_by_hand():
    assert verdict(effect(0.2)) == "supported"
    assert verdict(effect(0.0)) == "refuted"
    assert verdict(effect(0.12)) == "open"  # reaches below the margin
    assert verdict(effect(-0.2)) == "reversed"
    assert verdict(effect(-0.12)) == "open"
    assert verdict(-effect(-0.2)) == "supported"


def test_an_effect_of_one_seed_is_open():
    assert {verdict(effect(mean, seeds=1)) for mean in (0.2, 0.0, -0.2)} == {"open"}


def test_an_interval_within_the_margin_refutes_only_what_could_be_seen():
    """The 95 % interval is 0.97 margins wide on either side, but an effect of one margin would be missed too often."""
    of = effect(0.0, 0.97 * MARGIN / t.ppf(0.975, FREEDOM))
    judgement = judge({"H": Claim(of, MARGIN)})["H"]
    assert of.high < MARGIN < judgement.least_detectable
    assert judgement.p_refuted < LEVEL
    assert judgement.verdict == "open"


def test_equivalence_is_that_of_statsmodels():
    values = np.random.default_rng(0).normal(0.02, 0.1, 12)
    of = effect(float(values.mean()), float(values.std(ddof=1)) / sqrt(12), 11)
    expected = DescrStatsW(values).ttost_mean(-MARGIN, MARGIN)[0]
    assert equivalence(of, MARGIN) == pytest.approx(expected)


def test_tests_against_a_value_are_those_of_statsmodels():
    values = np.random.default_rng(0).normal(0.15, 0.1, 12)
    of = effect(float(values.mean()), float(values.std(ddof=1)) / sqrt(12), 11)
    assert superiority(of, MARGIN) == pytest.approx(DescrStatsW(values).ttest_mean(MARGIN, "larger")[1])
    assert two_sided(of) == pytest.approx(DescrStatsW(values).ttest_mean(0)[1])


@pytest.mark.parametrize("freedom", [1.0, 1.7, 4.0, 30.0, 1000.0])
@pytest.mark.parametrize("level", [LEVEL, LEVEL / 10])
def test_the_least_detectable_effect_is_found_four_times_of_five(freedom, level):
    of = effect(0.0, 0.01, freedom)
    power = nct.sf(t.ppf(1 - level, freedom), freedom, least_detectable(of, level) / 0.01)
    assert power == pytest.approx(0.8, abs=1e-4)


def test_the_least_detectable_effect_is_nearly_the_usual_sum_of_quantiles():
    expected = (t.ppf(0.975, 40) + t.ppf(0.8, 40)) * 0.01
    assert least_detectable(effect(0.0, 0.01, 40)) == pytest.approx(expected, rel=0.01)


def test_the_least_detectable_effect_is_that_of_the_strictest_test():
    of = effect(0.2)
    judgements = judge({"H1": Claim(of, MARGIN), "H2": Claim(of, MARGIN)})
    assert judgements["H1"].least_detectable == least_detectable(of, LEVEL / 2) > least_detectable(of)


def test_holms_correction_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([]) == []
    assert judge({}) == {}


def test_what_does_not_vary_is_certain():
    assert verdict(effect(0.2, 0.0)) == "supported"
    assert verdict(effect(0.0, 0.0)) == "refuted"
    assert verdict(effect(MARGIN, 0.0)) == "open"
    assert two_sided(effect(0.0, 0.0, inf)) == 1


@pytest.mark.parametrize("margin", [0.0, -0.1, float("nan")])
def test_a_margin_is_above_zero(margin):
    with pytest.raises(InputError, match="above 0"):
        Claim(effect(0.2), margin)


@given(st.floats(-1, 1), st.floats(0.001, 0.5), st.floats(1, 100))
def test_one_claim_is_decided_as_its_interval_says(mean, standard_error, freedom):
    of = effect(mean, standard_error, freedom)
    judgement = judge({"H": Claim(of, MARGIN)})["H"]
    if min(abs(of.low - MARGIN), abs(of.high - MARGIN), abs(of.low + MARGIN)) < 1e-9:
        return  # rounding decides
    within = of.low > -MARGIN and of.high < MARGIN
    assert (judgement.verdict == "supported") == (of.low > MARGIN)
    assert (judgement.verdict == "reversed") == (of.high < -MARGIN)
    assert (judgement.p_refuted < LEVEL) == within
    assert (judgement.verdict == "refuted") == (within and judgement.least_detectable < MARGIN)


@pytest.mark.slow
@given(st.lists(st.tuples(st.floats(-0.3, 0.3), st.floats(0.001, 0.2)), min_size=2, max_size=6))
def test_more_claims_make_no_verdict_surer(values):
    claims = {str(number): Claim(effect(*value), MARGIN) for number, value in enumerate(values)}
    together = judge(claims)
    for name, claim in claims.items():
        alone = judge({name: claim})[name]
        assert together[name].p_supported >= alone.p_supported
        assert together[name].p_reversed >= alone.p_reversed
        assert together[name].p_refuted >= alone.p_refuted
        assert together[name].verdict in ("open", alone.verdict)


@pytest.mark.slow
def test_an_effect_of_two_margins_is_found_at_the_stated_power():
    """The design can just detect one margin, and the effect lies one margin beyond the margin."""
    standard_error = MARGIN / least_detectable(effect(0.0, 1.0))
    generator = np.random.default_rng(5)
    verdicts = [verdict(observed(generator, 2 * MARGIN, standard_error)) for _ in range(2000)]
    assert verdicts.count("supported") / 2000 == pytest.approx(0.8, abs=0.03)


@pytest.mark.slow
def test_a_family_errs_no_more_often_than_stated():
    """Every effect is exactly the margin: no verdict is right, and both kinds of error are as likely as can be."""
    generator = np.random.default_rng(6)
    families = [
        [judgement.verdict for judgement in judge({str(n): claim_of(generator) for n in range(5)}).values()]
        for _ in range(800)
    ]
    for wrong in ("supported", "refuted"):
        assert 0.01 <= np.mean([wrong in verdicts for verdicts in families]) <= LEVEL + 0.01


def test_no_effect_is_open_with_two_seeds_and_refuted_with_many():
    """The means of two seeds differ from the truth by about half a margin."""
    generator = np.random.default_rng(7)
    sizes = {"of_seeds": 0.7 * MARGIN, "of_images": 0.3, "of_error": 0.1}

    def verdicts(seeds: int) -> list[str]:
        return [verdict(estimate(paired_differences(generator, 400, seeds, **sizes))) for _ in range(200)]

    assert verdicts(2).count("open") >= 195
    assert verdicts(20).count("refuted") >= 160
