"""How much a change raises the skill: by hand, against statsmodels, and by simulation."""

import warnings
from math import sqrt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from statsmodels.formula.api import mixedlm, ols
from statsmodels.stats.anova import anova_lm

from packdepth.analysis.statistics.effects import estimate, gain, interaction, mean_squares, paired_difference
from packdepth.errors import InputError
from tests.support.experiments import paired_differences

BY_HAND = pd.DataFrame({0: [1.0, 2.0], 1: [3.0, 6.0]}, index=["a", "b"])  # mean squares: seeds 9, images 4, error 1
T_2 = 4.302653  # the 97.5 % quantile of Student's t with 2 degrees of freedom
CHI_SQUARED_1 = 0.00393214  # the 5 % quantile of chi-squared with 1 degree of freedom


def long(table: pd.DataFrame) -> pd.DataFrame:
    """A row per image and seed."""
    return table.rename_axis(index="image", columns="seed").stack().rename("value").reset_index()


def test_two_images_and_two_seeds_by_hand():
    assert mean_squares(BY_HAND) == pytest.approx((9, 4, 1))
    found = estimate(BY_HAND)
    assert (found.mean, found.standard_error) == pytest.approx((3, sqrt((9 + 4 - 1) / 4)))
    assert (found.seeds, found.images, found.of_one_seed) == (2, 2, False)
    of_seeds = 9 / CHI_SQUARED_1  # the upper end of its interval
    assert found.freedom == pytest.approx((of_seeds + 4 - 1) ** 2 / (of_seeds**2 + 4**2 + 1**2), rel=1e-5)


def test_no_component_of_variance_is_negative():
    """Mean squares: seeds 0, images 1, error 16. Seeds and images look too much alike, so only errors count."""
    found = estimate(pd.DataFrame([[1.0, 5.0], [4.0, 0.0]]))
    assert found.standard_error == pytest.approx(sqrt(16 / 4))


def test_a_gain_is_a_difference_of_skills():
    before, after, floor = BY_HAND + 1, BY_HAND * 0.5, 4.0
    pd.testing.assert_frame_equal(gain(before, after, floor), (1 - after / floor) - (1 - before / floor))


def test_one_seed_has_an_interval_over_images_only():
    found = estimate(pd.DataFrame({7: [1.0, 2.0, 6.0]}))
    half = T_2 * sqrt(7) / sqrt(3)
    assert (found.mean, found.low, found.high) == pytest.approx((3, 3 - half, 3 + half))
    assert (found.freedom, found.of_one_seed, found.images) == (2, True, 3)


def test_one_mean_per_seed_has_an_interval_over_seeds_only():
    found = estimate(pd.DataFrame([[1.0, 2.0, 6.0]]))
    assert (found.standard_error, found.freedom) == pytest.approx((sqrt(7) / sqrt(3), 2))
    assert (found.seeds, found.images) == (3, 1)


def test_what_is_the_same_for_every_image_and_seed_is_certain():
    found = estimate(0 * BY_HAND + 0.5)
    assert (found.mean, found.low, found.high) == (0.5, 0.5, 0.5)


def test_images_are_paired_by_name_and_seeds_that_both_have():
    before = pd.DataFrame({0: [1.0, 2.0], 1: [5.0, 5.0]}, index=["a", "b"])
    after = pd.DataFrame({2: [9.0, 9.0], 0: [0.5, 1.0]}, index=["b", "a"])
    found = paired_difference(before, after)
    assert found.to_dict() == {0: {"a": 0.0, "b": 1.5}}


def test_an_interaction_is_a_difference_of_differences():
    """What both networks lose alike cancels, image by image and seed by seed."""
    generator = np.random.default_rng(0)
    shared = paired_differences(generator, 20, 3, of_seeds=5, of_images=5)
    found = interaction(shared - 0.5, shared)
    assert (found.mean, found.standard_error) == pytest.approx((-0.5, 0))
    assert found == estimate(shared - 0.5 - shared)


def test_the_opposite_change_has_the_opposite_effect():
    found = estimate(BY_HAND)
    assert ((-found).low, (-found).high) == (-found.high, -found.low)


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (pd.DataFrame({0: [1.0, 2.0]}, index=["a", "c"]), "different test images"),
        (pd.DataFrame({0: [1.0, 2.0, 3.0]}, index=["a", "b", "b"]), "different test images"),
        (pd.DataFrame({5: [1.0, 2.0]}, index=["a", "b"]), "no seed in common"),
        (pd.DataFrame({0: [1.0, np.nan]}, index=["a", "b"]), "missing"),
    ],
)
def test_tables_that_are_no_pairs_are_refused(other, message):
    with pytest.raises(InputError, match=message):
        interaction(BY_HAND, other)


def test_a_single_value_is_refused():
    with pytest.raises(InputError, match="one of each"):
        estimate(pd.DataFrame([[1.0]]))


def test_mean_squares_are_those_of_statsmodels():
    table = paired_differences(np.random.default_rng(1), 12, 4, of_seeds=2, of_images=1)
    expected = anova_lm(ols("value ~ C(seed) + C(image)", long(table)).fit())["mean_sq"]
    assert mean_squares(table) == pytest.approx(tuple(expected[["C(seed)", "C(image)", "Residual"]]))


def error_of_a_mixed_model(table: pd.DataFrame) -> float:
    """The standard error of the mean by restricted maximum likelihood."""
    rows = long(table)
    crossed = {"seed": "0 + C(seed)", "image": "0 + C(image)"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a component may be 0
        model = mixedlm("value ~ 1", rows, groups=np.ones(len(rows)), re_formula="0", vc_formula=crossed)
        return model.fit(reml=True).bse_fe["Intercept"]


@pytest.mark.parametrize("of_seeds", [0.5, 2.0])
def test_the_standard_error_is_that_of_a_mixed_model(of_seeds):
    """On balanced data both ways agree."""
    table = paired_differences(np.random.default_rng(2), 30, 4, of_seeds=of_seeds, of_images=1)
    assert estimate(table).standard_error == pytest.approx(error_of_a_mixed_model(table), rel=1e-3)


def test_seeds_that_look_too_much_alike_make_nothing_surer():
    """Their component would be negative. The mixed model then takes them as more errors; we take the larger error."""
    table = paired_differences(np.random.default_rng(2), 30, 4, of_seeds=0, of_images=1)
    of_seeds, of_images, of_error = mean_squares(table)
    assert of_seeds < of_error
    assert estimate(table).standard_error == pytest.approx(sqrt(of_images / 120))
    assert 1 < estimate(table).standard_error / error_of_a_mixed_model(table) < 1.05


@pytest.mark.parametrize("seeds", [2, 3, 5])
@pytest.mark.parametrize("ratio", [0.0, 0.1, 1.0, 10.0, 1000.0])
def test_intervals_cover_the_truth_whatever_varies(seeds, ratio):
    """`ratio`: the seeds' part of the mean's variance over the images' part."""
    images, of_images = 60, 2.0
    of_seeds = sqrt(ratio * seeds * of_images**2 / images)
    generator = np.random.default_rng(3)
    sizes = {"of_seeds": of_seeds, "of_images": of_images}
    found = [estimate(paired_differences(generator, images, seeds, mean=1.0, **sizes)) for _ in range(600)]
    assert np.mean([effect.low < 1 < effect.high for effect in found]) >= 0.93


def test_intervals_are_no_wider_than_needed_where_seeds_agree():
    """Images alone vary: of 95 % intervals at most 98 % cover the truth, not all."""
    generator = np.random.default_rng(4)
    found = [estimate(paired_differences(generator, 60, 5, of_seeds=0, of_images=2)) for _ in range(600)]
    assert 0.93 <= np.mean([effect.low < 0 < effect.high for effect in found]) <= 0.98


@given(arrays(float, (4, 3), elements=st.floats(-10, 10).map(lambda value: round(value, 3))), st.floats(-5, 5))
def test_moving_and_scaling_move_and_scale_the_effect(values, shift):
    found, moved = estimate(pd.DataFrame(values)), estimate(pd.DataFrame(2 * values + shift))
    assert moved.mean == pytest.approx(2 * found.mean + shift, abs=1e-9)
    assert moved.standard_error == pytest.approx(2 * found.standard_error, abs=1e-6)
    assert found.freedom >= 2
