"""What is counted of a prediction, by hand and by property."""

import json

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from packdepth.config.protocols import PROTOCOLS
from packdepth.config.study import Evaluation
from packdepth.evaluation.metrics import METRICS
from packdepth.evaluation.tally import Tally

pairs = st.lists(st.tuples(st.floats(1, 60), st.floats(1, 60)), min_size=2, max_size=30)


def tally_of(protocol, *images) -> Tally:
    """The tally of images, each of a prediction and a truth, both (H, W) lists."""
    tally = Tally(Evaluation(protocol=protocol, flip=False))
    for number, (prediction, truth) in enumerate(images):
        tally.add(str(number), torch.tensor(prediction), torch.tensor(truth))
    return tally


def test_by_hand():
    images = [([[1.0, 3.0]], [[2.0, 0.0]]), ([[1.0, 3.0]], [[0.0, 0.0]]), ([[50.0, 4.0]], [[10.0, 4.0]])]
    tally = tally_of("indoor", *images)
    assert tally.per_image()["id"].tolist() == ["0", "2"]
    assert tally.per_image()["pixels"].tolist() == [1, 2]
    summary = tally.summary()
    assert summary["images"] == 2
    assert summary["metric"]["pooled"]["abs_rel"] == pytest.approx(0.5 / 3)
    assert summary["metric"]["mean_over_images"]["abs_rel"] == pytest.approx(0.25)
    assert summary["median_scaled"]["pooled"]["abs_rel"] == pytest.approx(0.0)
    table = tally.distance_table()
    assert table["near"].tolist() == [2.0, 4.0, 9.5]
    assert table["bias"].tolist() == [-1.0, 0.0, 0.0]


def test_a_prediction_is_scaled_before_it_is_cut_off():
    tally = tally_of("make3d-c1", ([[80.0, 100.0, 160.0]], [[40.0, 50.0, 60.0]]))
    summary = tally.summary()
    assert summary["metric"]["pooled"]["abs_rel"] == pytest.approx((30 / 40 + 20 / 50 + 10 / 60) / 3)
    assert summary["median_scaled"]["pooled"]["abs_rel"] == pytest.approx((0 + 0 + 10 / 60) / 3)


@pytest.mark.parametrize(
    ("protocol", "scaling", "aggregate"),
    [
        ("indoor", "metric", "pooled"),
        ("nyu-bts", "metric", "mean_over_images"),
        ("make3d-c1", "median_scaled", "mean_over_images"),
    ],
)
def test_the_headline_is_what_the_protocol_names(protocol, scaling, aggregate):
    prediction = torch.rand(2, 480, 640, generator=torch.Generator().manual_seed(0)) + 1
    truth = torch.tensor([[2.0], [4.0]]).expand(2, 480)[..., None].repeat(1, 1, 640)
    truth[0, :240] = 0
    summary = tally_of(protocol, *zip(prediction.tolist(), truth.tolist(), strict=True)).summary()
    expected = {"aggregate": aggregate, "median_scaled": scaling == "median_scaled"} | summary[scaling][aggregate]
    assert summary["headline"] == expected
    others = [summary[s][a] for s in ("metric", "median_scaled") for a in ("pooled", "mean_over_images")]
    assert len({numbers["abs_rel"] for numbers in others}) == 4
    json.dumps(summary, allow_nan=False)


@settings(max_examples=50)
@given(pairs, st.floats(0.05, 1000))
def test_median_scaled_metrics_do_not_see_a_factor(values, factor):
    prediction, truth = (torch.tensor([column]) for column in zip(*values, strict=True))
    tallies = [Tally(Evaluation(protocol="ddad", flip=False)) for _ in range(2)]
    for tally, times in zip(tallies, (1.0, factor), strict=True):
        tally.add("a", prediction.double() * times, truth.double())
    plain, scaled = (tally.summary()["median_scaled"]["pooled"] for tally in tallies)
    for name in METRICS:
        assert scaled[name] == pytest.approx(plain[name], rel=1e-6, abs=1e-4), name


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_every_protocol_gives_zeros_for_a_perfect_prediction(protocol):
    depth = torch.linspace(1, 9.9, 480).repeat(640, 1).T
    tally = Tally(Evaluation(protocol=protocol, flip=False))
    tally.add("a", depth, depth)
    for name, value in tally.summary()["headline"].items():
        if name in METRICS:
            assert value == pytest.approx(1.0 if name.startswith("delta") else 0.0, abs=1e-6)


def test_the_last_bin_has_what_lies_beyond_where_truth_has_no_end():
    table = tally_of("make3d-c2", ([[80.0, 80.0, 1.0]], [[79.9, 81.0, 1.2]])).distance_table()
    assert table["near"].tolist() == [1.0, 79.5]
    assert table["far"].tolist() == [1.5, 80.0]
    assert table["pixels"].tolist() == [1, 2]
