"""Metrics: values by hand, and the properties that the definitions promise."""

import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from packdepth.evaluation.metrics import METRICS, from_sums, median_factor, sums

depths = st.lists(st.floats(0.2, 50), min_size=2, max_size=30)
pairs = st.lists(st.tuples(st.floats(0.2, 50), st.floats(0.2, 50)), min_size=2, max_size=30)


def of(prediction, truth) -> dict[str, float]:
    return from_sums(sums(torch.tensor(prediction), torch.tensor(truth)))


def split(pairs_):
    return [a for a, _ in pairs_], [b for _, b in pairs_]


def test_by_hand():
    got = of([1.0, 4.0], [2.0, 4.0])
    log2 = math.log(2)
    expected = {
        "abs_rel": (0.5 + 0) / 2,
        "sq_rel": (1 / 2 + 0) / 2,
        "rmse": math.sqrt(1 / 2),
        "rmse_log": math.sqrt(log2**2 / 2),
        "log10": math.log10(2) / 2,
        "rmse_log10": math.sqrt(math.log10(2) ** 2 / 2),
        "silog": 100 * math.sqrt(log2**2 / 2 - (log2 / 2) ** 2),
        "delta1": 0.5,
        "delta2": 0.5,
        "delta3": 0.5,
    }
    assert tuple(got) == METRICS
    assert got == pytest.approx(expected, rel=1e-6)


def test_abs_rel_divides_by_the_truth():
    assert of([2.0, 2.0], [1.0, 1.0])["abs_rel"] == 1.0
    assert of([1.0, 1.0], [2.0, 2.0])["abs_rel"] == 0.5


@given(pairs)
def test_abs_rel_of_swapped_arguments_is_another(values):
    first, second = split(values)
    expected = sum(abs(a - b) / b for a, b in values) / len(values)
    swapped = sum(abs(a - b) / a for a, b in values) / len(values)
    assert of(first, second)["abs_rel"] == pytest.approx(expected, rel=1e-4, abs=1e-5)
    assert of(second, first)["abs_rel"] == pytest.approx(swapped, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize(
    ("ratio", "expected"), [(1.24, (1, 1, 1)), (1.3, (0, 1, 1)), (1.6, (0, 0, 1)), (2.0, (0, 0, 0))]
)
def test_delta_by_hand(ratio, expected):
    for prediction, truth in (([ratio], [1.0]), ([1.0], [ratio])):
        got = of(prediction, truth)
        assert (got["delta1"], got["delta2"], got["delta3"]) == expected


@given(depths)
def test_a_perfect_prediction_is_zero(truth):
    got = of(truth, truth)
    for name in METRICS:
        assert got[name] == pytest.approx(1.0 if name.startswith("delta") else 0.0, abs=1e-6)


@given(pairs)
def test_deltas_grow(values):
    got = of(*split(values))
    assert 0 <= got["delta1"] <= got["delta2"] <= got["delta3"] <= 1


@settings(max_examples=50)
@given(pairs, st.floats(0.1, 10))
def test_silog_does_not_see_a_factor(values, factor):
    prediction, truth = split(values)
    scaled = [factor * value for value in prediction]
    assert of(scaled, truth)["silog"] == pytest.approx(of(prediction, truth)["silog"], rel=1e-3, abs=0.05)


@settings(max_examples=50)
@given(depths, st.floats(0.1, 10))
def test_median_scaling_undoes_a_factor(truth, factor):
    prediction = torch.tensor(truth) * factor
    assert median_factor(prediction, torch.tensor(truth)) == pytest.approx(1 / factor, rel=1e-4)


@given(pairs, pairs)
def test_pooled_sums_are_those_of_all_pixels(first, second):
    total = sums(*map(torch.tensor, split(first))) + sums(*map(torch.tensor, split(second)))
    assert from_sums(total) == pytest.approx(of(*split(first + second)), rel=1e-5, abs=1e-4)
