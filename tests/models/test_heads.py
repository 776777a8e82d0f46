"""What the heads' outputs are, and which of the targets max_depth / depth, 1..100, each can reach."""

from math import e, inf

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from packdepth.errors import InputError
from packdepth.models.heads import HEADS, DepthHead, head_function


@pytest.mark.parametrize(
    ("head", "values"),
    [
        ("inverse-sigmoid", [2 / (1 + e**2), 1.0, 2 * e / (1 + e)]),
        ("sigmoid", [1 / (1 + e**2), 0.5, e / (1 + e)]),
        ("leaky-relu", [-0.02, 0.0, 1.0]),
        ("inverse-leaky-relu", [-0.04, 0.0, 2.0]),
        ("scaled-sigmoid", [1 + 99 / (1 + e**5), 1 + 99 / (1 + e**3), 1 + 99 / (1 + e**2)]),
        ("log", [e**-2, 1.0, e]),
        ("linear", [-2.0, 0.0, 1.0]),
    ],
)
def test_functions_by_hand(head: str, values: list[float]) -> None:
    x = torch.tensor([-2.0, 0.0, 1.0])
    torch.testing.assert_close(HEADS[head].function(x), torch.tensor(values))


@given(x=st.floats(-30, 30), head=st.sampled_from(sorted(HEADS)))
def test_values_stay_within_the_stated_range(x: float, head: str) -> None:
    value = HEADS[head].function(torch.tensor(x, dtype=torch.float64)).item()
    assert HEADS[head].lowest < value < HEADS[head].highest


@pytest.mark.parametrize("head", ["inverse-sigmoid", "sigmoid", "scaled-sigmoid"])
def test_the_stated_range_is_tight(head: str) -> None:
    ends = HEADS[head].function(torch.tensor([-40.0, 40.0], dtype=torch.float64))
    torch.testing.assert_close(ends, torch.tensor([HEADS[head].lowest, HEADS[head].highest], dtype=torch.float64))


def test_nearest_depth_of_each_head() -> None:
    nearest = {name: 10 / head.highest for name, head in HEADS.items()}  # max_depth 10 m
    bounded = {"inverse-sigmoid": 5, "sigmoid": 10, "scaled-sigmoid": 0.1}
    assert nearest == bounded | dict.fromkeys(("leaky-relu", "inverse-leaky-relu", "log", "linear"), 0)
    assert HEADS["leaky-relu"].lowest == HEADS["inverse-leaky-relu"].lowest == HEADS["linear"].lowest == -inf
    assert 10 / HEADS["scaled-sigmoid"].lowest == 10  # m, the farthest


@pytest.mark.parametrize("head", sorted(HEADS))
def test_function_gradients(head: str) -> None:
    x = torch.tensor([-1.3, -0.2, 0.4, 2.1], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(HEADS[head].function, x)


def test_depth_head_is_a_convolution_and_the_function() -> None:
    head = DepthHead(2, "inverse-sigmoid")
    with torch.no_grad():
        head.conv.weight.zero_()
        head.conv.weight[0, :, 1, 1] = torch.tensor([1.0, -2.0])
        head.conv.bias.fill_(0.5)  # type: ignore[union-attr]
    features: Tensor = torch.rand(1, 2, 3, 4)
    expected = 2 * torch.sigmoid(features[:, :1] - 2 * features[:, 1:] + 0.5)
    torch.testing.assert_close(head(features), expected)


@given(share=st.floats(0.01, 0.99), head=st.sampled_from(sorted(HEADS)))
def test_inverses(share: float, head: str) -> None:
    lowest, highest = max(HEADS[head].lowest, -50), min(HEADS[head].highest, 50)
    value = lowest + share * (highest - lowest)
    x = torch.tensor(HEADS[head].inverse(value), dtype=torch.float64)
    assert HEADS[head].function(x).item() == pytest.approx(value)


@pytest.mark.parametrize("name", ["leaky-relu", "inverse-leaky-relu", "scaled-sigmoid", "log", "linear"])
def test_a_head_can_start_anywhere_it_can_say(name: str) -> None:
    head = DepthHead(2, name)
    head.start_at(3.6)
    torch.testing.assert_close(head(torch.zeros(1, 2, 3, 4)), torch.full((1, 1, 3, 4), 3.6))


def test_a_head_that_cannot_say_it_is_told() -> None:
    with pytest.raises(InputError, match=r"head inverse-sigmoid: cannot start at 3\.6, it says 0 to 2"):
        DepthHead(2, "inverse-sigmoid").start_at(3.6)


def test_a_sigmoid_near_its_end_still_learns_under_autocast():
    head = DepthHead(1, "inverse-sigmoid")
    head.conv.weight.data.zero_()
    head.conv.bias.data.fill_(9.0)  # sigmoid(9) is 0.99988, which bf16 rounds to 1
    with torch.autocast("cpu", torch.bfloat16):
        output = head(torch.ones(1, 1, 4, 4))
    output.sum().backward()
    assert output.dtype == torch.float32
    assert head.conv.bias.grad.item() > 0


@pytest.mark.parametrize(("min_depth", "ceiling"), [(1.0, 1.0), (0.5, 2.0), (0.1, 10.0), (0.01, 100.0)])
def test_min_depth_is_one_over_the_ceiling(min_depth: float, ceiling: float) -> None:
    head = DepthHead(4, "inverse-sigmoid", min_depth)
    x = torch.tensor([-1.0, 0.0, 40.0])
    torch.testing.assert_close(head.function(x), torch.sigmoid(x) / min_depth)
    assert head.head.limits == (0, pytest.approx(ceiling))
    head.start_at(0.5)
    assert head(torch.zeros(1, 4, 2, 2)).unique().tolist() == pytest.approx([0.5])


def test_other_heads_have_no_min_depth() -> None:
    with pytest.raises(InputError, match="min_depth is a setting of heads inverse-sigmoid and inverse-leaky-relu"):
        head_function("log", 0.1)
    with pytest.raises(InputError, match="positive number, got 0"):
        head_function("inverse-sigmoid", 0)
    assert head_function("log") is HEADS["log"]
