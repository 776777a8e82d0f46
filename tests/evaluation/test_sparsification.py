"""Curves of the error that is left when uncertain pixels are removed."""

import pytest
import torch

from packdepth.evaluation.sparsification import REMOVED, STEPS, sparsify


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
