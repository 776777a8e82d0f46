import torch

from packdepth.models import build


def test_every_pixel_is_the_one_parameter() -> None:
    network = build("constant")
    (value,) = network.parameters()
    assert value.item() == 1.0
    value.data.fill_(3.5)
    assert torch.equal(network(torch.rand(2, 3, 32, 64)), torch.full((2, 1, 16, 32), 3.5))


def test_the_gradient_is_the_sum_over_pixels() -> None:
    network = build("constant")
    network(torch.rand(2, 3, 32, 64)).sum().backward()
    (value,) = network.parameters()
    assert value.grad is not None
    assert value.grad.item() == 2 * 16 * 32
