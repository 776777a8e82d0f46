"""Diagnostics against values by hand."""

from math import inf

import pytest
import torch
from torch import nn

from packdepth.geometry.rigid import rigid, rotation_from_vector
from packdepth.training import diagnostics
from packdepth.training.diagnostics import gradient_norms, peak_memory_mib, spread
from packdepth.training.objective import Motion


def test_gradient_norms_by_hand():
    first, second, frozen = nn.Linear(1, 1), nn.Linear(1, 1), nn.Linear(1, 1)
    first.weight.grad, first.bias.grad = torch.tensor([[3.0]]), torch.tensor([4.0])
    second.weight.grad = torch.tensor([[2.0]])
    norms = gradient_norms({"stem": [first], "rest": [first, second], "frozen": [frozen]})
    assert norms == pytest.approx({"gradient_norm/stem": 5.0, "gradient_norm/rest": 29**0.5})


def test_gradient_sizes_by_hand():
    layer, frozen = nn.Linear(3, 1), nn.Linear(1, 1)
    layer.weight.grad, layer.bias.grad = torch.tensor([[1.0, 1.0, 3.0]]), torch.tensor([5.0])
    found = diagnostics.gradient_sizes({"layer": [layer], "frozen": [frozen]})
    assert found == pytest.approx({"gradient_rms/layer": 3.0})


def test_update_ratios_by_hand():
    layer, still, empty = nn.Linear(2, 1, bias=False), nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False)
    layer.weight.data = torch.tensor([[3.0, 4.0]])
    empty.weight.data.zero_()
    stages = {"moved": [layer], "still": [still], "empty": [empty]}
    before = diagnostics.weights(stages)
    layer.weight.data += torch.tensor([[0.3, -0.4]])
    empty.weight.data += 1.0
    expected = {"update_ratio/moved": 0.1, "update_ratio/still": 0.0}  # nothing is no part of nothing
    assert diagnostics.update_ratios(stages, before) == pytest.approx(expected)


def test_activations_by_hand_of_the_last_module_and_only_while_it_is_open():
    class Pair(nn.Module):
        def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, None]:
            return 2 * x, None

    first, last = nn.Identity(), Pair()
    x = torch.tensor([0.0, 1.0, 3.0, 4.0])
    with diagnostics.activations({"both": [first, last], "first": [first]}) as found:
        last(first(x))
    expected = {"mean/both": 4.0, "std/both": 10**0.5, "mean/first": 2.0, "std/first": 2.5**0.5}
    assert found == pytest.approx({f"activation_{name}": value for name, value in expected.items()})
    last(first(10 * x))
    assert found == pytest.approx({f"activation_{name}": value for name, value in expected.items()})


def test_noise_by_hand():
    network = nn.Linear(2, 1)
    network.weight.grad, network.bias.grad = torch.tensor([[1.0, 2.0]]), torch.tensor([2.0])
    earlier = diagnostics.gradients(network)
    network.weight.grad, network.bias.grad = torch.tensor([[0.0, 3.0]]), torch.tensor([4.0])
    assert diagnostics.noise(earlier, network) == pytest.approx(
        {"gradient_square": (9 + 25) / 2, "gradient_product": 14.0}
    )


def test_the_noise_scale_is_found_again():
    """Gradients of batches of 8 with |G|^2 = 4 and tr(S) = 400: the noise scale is 100."""
    torch.manual_seed(0)
    network = nn.Linear(100, 1, bias=False)
    true = torch.zeros(1, 100)
    true[0, 0] = 2.0
    square = product = 0.0
    for _ in range(2000):
        network.weight.grad = true + torch.randn(1, 100) * (4.0 / 8) ** 0.5
        earlier = diagnostics.gradients(network)
        network.weight.grad = true + torch.randn(1, 100) * (4.0 / 8) ** 0.5
        values = diagnostics.noise(earlier, network)
        square, product = square + values["gradient_square"], product + values["gradient_product"]
    assert 8 * (square / product - 1) == pytest.approx(100, rel=0.1)


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


def test_saturation_by_hand():
    output = torch.tensor([1.985, 1.975, 0.0, 2.0]).reshape(1, 1, 1, 4)
    mask = torch.tensor([1.0, 1.0, 1.0, 0.0]).reshape(1, 1, 1, 4)
    assert diagnostics.saturation(output, mask, (0.0, 2.0)) == pytest.approx({"saturation": 1 / 3})
    assert diagnostics.saturation(output, mask, (0.0, inf)) == {}


def test_memory_counts_what_is_used():
    assert peak_memory_mib(torch.device("cpu")) > 50


def test_motions_by_hand():
    """Ahead and right; ahead, half as long, and turned by 3 degrees; to the side; backwards."""
    true = torch.eye(4).repeat(2, 2, 1, 1)
    true[..., 2, 3] = torch.tensor([[0.4, 0.2], [0.1, 0.1]])
    moved = torch.tensor([[[0, 0, 0.4], [0, 0, 0.1]], [[0.1, 0, 0], [0, 0, -0.1]]])
    turned = torch.deg2rad(torch.tensor([[[0.0, 0, 0], [0, 3, 0]], [[0, 0, 0], [0, 0, 0]]]))
    found = diagnostics.motion(Motion(rigid(rotation_from_vector(turned), moved), true, torch.full((2, 2), 0.3)))
    by_hand = {"translation_mean": 0.175, "translation_true": 0.2, "distance_mean": 0.3}
    by_hand |= {"translation_cosine": 0.25, "rotation_error": 0.75}
    assert found == pytest.approx(by_hand, abs=1e-5)
