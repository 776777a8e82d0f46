"""Rank agreement of two scales."""

from math import isnan

import numpy as np
import pandas as pd
import pytest

from packdepth.analysis.statistics.effects import Effect
from packdepth.analysis.statistics.ranks import rank_agreement, sign_agreement
from packdepth.errors import InputError

SMALL = {"a": 0.1, "b": 0.2, "c": 0.3, "d": 0.4}
LARGE = {"a": 1.0, "b": 3.0, "c": 2.0, "d": 4.0}  # b and c flip


def scale(
    means: dict[str, float], noise: float = 0.0, *, seeds: int = 4, images: int = 30, number: int = 0
) -> dict[str, pd.DataFrame]:
    """Losses around means; the noise is that of single values and half as large again for seeds."""
    generator = np.random.default_rng(number)

    def table(mean: float) -> pd.DataFrame:
        of_seeds = generator.normal(0, noise / 2, seeds)
        return pd.DataFrame(mean + of_seeds + generator.normal(0, noise, (images, seeds)))

    return {name: table(mean) for name, mean in means.items()}


def test_tau_and_flips_by_hand():
    """Of six pairs one flips: (5 - 1) / 6."""
    found = rank_agreement({**scale(SMALL), "alone": pd.DataFrame([[9.0]])}, scale(LARGE))
    assert (found.tau, found.variants) == (pytest.approx(4 / 6), 4)
    assert (found.low, found.high) == pytest.approx((4 / 6, 4 / 6))  # nothing varies
    assert found.flips.to_dict("records") == [{"better_first": "b", "better_second": "c", "p": 0, "sure": True}]


@pytest.mark.slow
def test_a_flip_is_sure_only_if_both_scales_are():
    sure = rank_agreement(scale(SMALL, 0.01), scale(LARGE, 0.01, number=1))
    noisy = rank_agreement(scale(SMALL, 0.01), scale(LARGE, 1.0, number=8))
    assert sure.flips["sure"].tolist() == [True]
    assert len(noisy.flips) > 0
    assert not noisy.flips["sure"].any()


@pytest.mark.slow
def test_noise_widens_the_interval_of_tau():
    exact, noisy = (rank_agreement(scale(SMALL, 0.01), scale(LARGE, noise, number=1)) for noise in (0.01, 1.0))
    assert exact.low == exact.high == pytest.approx(4 / 6)
    assert noisy.low < noisy.tau < noisy.high


def test_one_seed_has_neither_an_interval_nor_sure_flips():
    found = rank_agreement(scale(SMALL, 0.01), scale(LARGE, 0.01, seeds=1, images=1))
    assert found.tau == pytest.approx(4 / 6)
    assert isnan(found.low)
    assert found.flips["sure"].tolist() == [False]


def test_one_mean_per_seed_is_enough():
    found = rank_agreement(scale(SMALL, 0.001, images=1), scale(LARGE, 0.001, images=1, number=1))
    assert found.low <= found.tau <= found.high
    assert found.flips["sure"].tolist() == [True]


@pytest.mark.slow
def test_variants_that_do_not_differ_rarely_flip_surely():
    """Ten pairs that are alike at both scales."""
    alike = dict.fromkeys("abcde", 1.0)
    wrong = [
        rank_agreement(scale(alike, 0.1, images=1, number=n), scale(alike, 0.1, images=1, number=n + 1000)).flips
        for n in range(2)
    ]
    assert not any(flips["sure"].any() for flips in wrong)


@pytest.mark.parametrize("other", [{"a": pd.DataFrame([[1.0]])}, {}])
def test_fewer_than_two_variants_are_refused(other):
    with pytest.raises(InputError, match="two variants"):
        rank_agreement(scale(SMALL), other)


@pytest.mark.parametrize("changes", [{"seeds": 3}, {"images": 3}])
def test_a_scale_of_unlike_tables_is_refused(changes):
    mixed = scale(LARGE) | {"b": scale(LARGE, **changes)["b"]}
    with pytest.raises(InputError, match="different test images or seeds"):
        rank_agreement(scale(SMALL), mixed)


def test_signs_of_effects():
    def effect(mean: float, seeds: int = 5) -> Effect:
        return Effect(mean, 0.01, 8, seeds, 100)

    first = {"rate": effect(0.1), "skips": effect(-0.1), "swap": effect(0.1), "width": effect(0.1), "only": effect(1)}
    second = {"rate": effect(0.2), "skips": effect(0.2), "swap": effect(0.01), "width": effect(0.2, seeds=1)}
    found = sign_agreement(first, second)
    assert list(found.index) == ["rate", "skips", "swap", "width"]
    assert found["agree"].tolist() == [True, False, True, True]
    assert found["sure"].tolist() == [True, True, False, False]
    assert sign_agreement(first, {}).empty
