"""Instruments against values by hand."""

import pytest
import torch
from torch import nn

from packdepth.training.instruments import gradient_norms, peak_memory_mib, spread


def test_gradient_norms_by_hand():
    first, second, frozen = nn.Linear(1, 1), nn.Linear(1, 1), nn.Linear(1, 1)
    first.weight.grad, first.bias.grad = torch.tensor([[3.0]]), torch.tensor([4.0])
    second.weight.grad = torch.tensor([[2.0]])
    norms = gradient_norms({"stem": [first], "rest": [first, second], "frozen": [frozen]})
    assert norms == pytest.approx({"gradient_norm/stem": 5.0, "gradient_norm/rest": 29**0.5})


def test_spread_by_hand_over_known_pixels():
    output = torch.tensor([1.0, 2.0, 3.0, 99.0]).reshape(1, 1, 1, 4)
    target = torch.tensor([2.0, 4.0, 6.0, 0.0]).reshape(1, 1, 1, 4)
    mask = torch.tensor([1.0, 1.0, 1.0, 0.0]).reshape(1, 1, 1, 4)
    assert spread(output, target, mask) == pytest.approx(
        {
            "prediction_mean": 2.0,
            "prediction_std": (2 / 3) ** 0.5,
            "target_mean": 4.0,
            "target_std": (8 / 3) ** 0.5,
            "correlation": 1.0,
        }
    )


def test_a_flat_prediction_has_no_correlation():
    target = torch.rand(1, 1, 4, 4)
    assert spread(torch.full_like(target, 3.0), target, torch.ones_like(target))["correlation"] == 0


def test_memory_counts_what_is_used():
    assert peak_memory_mib(torch.device("cpu")) > 50
