"""The effect that decides on a hypothesis, and the effects of the factorial design."""

import pytest

from packdepth.analysis import contrasts
from tests.support.verdicts import FACTORS

EXPECTED = {  # by hand, from SKILL and FACTORS
    "H1": 0.0,
    "H3": 0.08,
    "H5": -FACTORS["swap"][1],
    "H7": 0.5,
    "H8": 0.4,
    "H9": FACTORS["skips"][1],
    "H10": 0.15,
}


@pytest.mark.parametrize("key", EXPECTED)
def test_what_decides(study, key):
    of_factors = contrasts.factor_effects(study)
    effect = contrasts.deciding(study, study.verdict.hypotheses[key], of_factors)
    assert effect.mean == pytest.approx(EXPECTED[key], abs=3e-3)


def test_a_factors_effect_in_either_network(study):
    of_factors = contrasts.factor_effects(study)
    assert of_factors["skips"].mean == pytest.approx(0.05, abs=1e-3)
    for factor, (both, more) in FACTORS.items():
        in_first, in_second = contrasts.effects_by_network(of_factors, "network", factor)
        assert in_first.mean == pytest.approx(both - more / 2, abs=1e-3)
        assert in_second.mean == pytest.approx(both + more / 2, abs=1e-3)


def test_what_decides_in_words(study):
    told = {key: contrasts.described(study, hypothesis) for key, hypothesis in study.verdict.hypotheses.items()}
    assert told["H1"] == "`packnet-best` to `packnet-epsilon`"
    assert told["H3"] == "`packnet-usual` to `packnet-longest`, minus `densedepth-usual` to `densedepth-longest`"
    assert told["H5"] == "`swap` none to half in packnet, minus the same in densedepth"
    assert told["H10"] == "`packnet-best` to the mean of `packnet-strided`, `densedepth-best`"


def test_an_aliased_interaction_is_found_in_its_sum(study):
    effect = contrasts.factor_effects(study)["swap"]
    assert contrasts.interaction_with({"a:b": -effect, "network:c + network:d": effect}, "network", "d") is effect
