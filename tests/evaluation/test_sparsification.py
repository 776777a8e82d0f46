"""Curves of the error that is left when uncertain pixels are removed."""

import pytest
import torch

from packdepth.config.study import Evaluation
from packdepth.evaluation.sparsification import REMOVED, STEPS, UncertaintyTally, sparsify


def test_by_hand():
    """Four pixels: a quarter is 5 of the 20 steps, and one pixel."""
    error = torch.tensor([4.0, 0.0, 2.0, 2.0])
    curves = sparsify(error, torch.tensor([0.1, 0.4, 0.3, 0.2]))
    assert REMOVED[:6] == pytest.approx([0.0, 0.05, 0.1, 0.15, 0.2, 0.25])
    assert curves.by_uncertainty[::5].tolist() == pytest.approx([1.0, 8 / 3 / 2, 3 / 2, 4 / 2])
    assert curves.oracle[::5].tolist() == pytest.approx([1.0, 4 / 3 / 2, 1 / 2, 0.0])
    assert curves.ause == pytest.approx((0 + 4 / 3 / 2 + 1 + 2) / 4)
    assert curves.ause_random == pytest.approx((0 + 1 / 3 + 1 / 2 + 1) / 4)


def test_an_uncertainty_that_is_the_error_has_no_area_and_noise_has_that_of_random_order():
    generator = torch.Generator().manual_seed(0)
    error = torch.rand(20_000, generator=generator)
    assert sparsify(error, error**2).ause == pytest.approx(0.0)
    noise = sparsify(error, torch.rand(20_000, generator=generator))
    assert noise.ause == pytest.approx(noise.ause_random, abs=0.02)
    assert sparsify(error, -error).ause > 1.5 * noise.ause_random


def test_a_perfect_prediction_has_curves_of_zeros():
    curves = sparsify(torch.zeros(7), torch.rand(7))
    assert curves.ause == curves.ause_random == 0
    assert curves.oracle.tolist() == [0.0] * STEPS


def test_uncertainty_is_a_mean_of_all_pixels_held_against_the_error_of_those_that_count():
    prediction, truth = torch.tensor([[1.0, 4.0, 9.0]]), torch.tensor([[2.0, 2.0, 0.0]])
    tally = UncertaintyTally(Evaluation(protocol="indoor", flip=False))
    for name, uncertainty in (("a", [[0.0, 0.5, 1.0]]), ("b", [[0.5, 0.0, 1.0]])):
        tally.add(name, prediction, truth, torch.tensor(uncertainty))
    tally.add("nothing counts", prediction, torch.zeros(1, 3), torch.ones(1, 3))
    table = tally.per_image()
    assert table.index.tolist() == ["a", "b"]
    assert table["mean"].tolist() == [0.5, 0.5]
    # Errors 1/2 and 1, mean 3/4: at 50 % removed and more, one pixel is left, the better or the worse one.
    assert table["ause"].tolist() == pytest.approx([0.0, 10 / 20 * (1 - 0.5) / 0.75])
    assert table["ause_random"].tolist() == pytest.approx([10 / 20 * (1 - 0.5 / 0.75)] * 2)
    by_uncertainty, oracle = tally.mean_curves()
    assert oracle[9:11] == pytest.approx([1.0, 2 / 3])
    assert by_uncertainty[9:11] == pytest.approx([1.0, (2 / 3 + 4 / 3) / 2])
