"""The velocity loss: values by hand and gradients."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from packdepth.geometry.rigid import inverse, rigid, rotation_from_vector
from packdepth.losses.velocity import velocity_loss


def motions(translations: Tensor) -> Tensor:
    """(B, 2, 4, 4), all turned alike."""
    turn = rotation_from_vector(torch.tensor([0.1, -0.2, 0.3], dtype=translations.dtype))
    return rigid(turn.expand(*translations.shape[:2], 3, 3), translations)


def test_by_hand() -> None:
    """Lengths 5, 2, 3 and 0 against 4, 2, 5 and 1: errors 1, 0, 2, 1."""
    translations = torch.tensor([[[3.0, 0.0, 4.0], [0.0, -2.0, 0.0]], [[1.0, 2.0, -2.0], [0.0, 0.0, 0.0]]])
    distance = torch.tensor([[4.0, 2.0], [5.0, 1.0]])
    assert velocity_loss(motions(translations), distance).item() == pytest.approx(1.0)


@given(st.integers(0, 1000))
def test_either_way_round_is_the_same(seed: int) -> None:
    generator = torch.Generator().manual_seed(seed)
    pose = motions(torch.randn(3, 2, 3, generator=generator, dtype=torch.float64))
    distance = torch.rand(3, 2, generator=generator, dtype=torch.float64)
    torch.testing.assert_close(velocity_loss(pose, distance), velocity_loss(inverse(pose), distance))


def test_at_rest_the_gradient_is_zero() -> None:
    translations = torch.zeros(1, 2, 3, requires_grad=True)
    loss = velocity_loss(motions(translations), torch.tensor([[0.0, 1.0]]))
    assert loss.item() == 0.5
    (gradient,) = torch.autograd.grad(loss, translations)
    assert torch.equal(gradient, torch.zeros(1, 2, 3))


def test_gradcheck() -> None:
    generator = torch.Generator().manual_seed(0)
    translations = torch.randn(3, 2, 3, generator=generator, dtype=torch.float64, requires_grad=True)
    distance = torch.rand(3, 2, generator=generator, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda t: velocity_loss(motions(t), distance), translations)
