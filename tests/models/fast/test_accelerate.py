"""What is swapped, what stays, and that the numbers stay: block by block, and for whole autoencoders.

Whole PackNets are held against the plain ones in tests/training/test_computing.py.
"""

from collections.abc import Callable
from typing import Any, get_args

import pytest
import torch
from torch import Tensor, nn

from packdepth import models
from packdepth.config.variants import Architecture, Implementation, Sampling
from packdepth.models.autoencoder import Strided, Upsampled
from packdepth.models.fast import accelerate
from packdepth.models.fast.group_norm import TraceableGroupNorm
from packdepth.models.fast.twins import PaddedConv2d, Twin
from packdepth.models.heads import DepthHead
from packdepth.models.layers import ConvBlock, MergeBlock, PackingBlock, ResidualBlock, UnpackingBlock
from packdepth.models.posenet import PoseNet

SPECS: list[dict[str, Any]] = [
    {"architecture": "packnet", "full_resolution": True},
    {"architecture": "densedepth", "norm": "group"},
    {"architecture": "constant"},
    {"architecture": "packnet", "skips": "none-and-no-shortcuts", "head": "inverse-leaky-relu"},
    {"architecture": "densedepth", "version": "handout"},
    *({"architecture": name, "sampling": way} for name in ("packnet", "autoencoder") for way in get_args(Sampling)),
]
# Whole PackNets, narrower than elsewhere or otherwise than there.
NARROW: list[dict[str, Any]] = [
    {"width": 0.125, "full_resolution": True},
    {"width": 0.125, "size": "full", "skips": "concat", "full_resolution": True},
    {"width": 0.375, "skips": "none-and-no-shortcuts", "head": "inverse-leaky-relu"},
]
# Of PackNet the convolutions of 37 blocks and of 4 heads; 5 packing, 5 unpacking and 5 merge blocks; what comes after
# the 37, and after the sums of 10 residual blocks.
SWAPPED = {"packnet": 37 + 4 + 5 + 5 + 5 + 37 + 10, "densedepth": 1, "constant": 0}


def double(shape: tuple[int, ...], seed: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def outcome(layer: nn.Module, inputs: list[Tensor]) -> list[Tensor]:
    """The output, and the gradients of a fixed random sum of it to every input and parameter."""
    inputs = [value.clone().requires_grad_() for value in inputs]
    output = layer(*inputs)
    return [output, *torch.autograd.grad((output * double(output.shape, 1)).sum(), [*inputs, *layer.parameters()])]


def assert_same_numbers(layer: nn.Module, inputs: list[Tensor], implementation: Implementation) -> None:
    plain = outcome(layer, inputs)
    accelerate(layer, implementation)
    for fast, slow in zip(outcome(layer, inputs), plain, strict=True):
        torch.testing.assert_close(fast, slow, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("implementation", get_args(Implementation))
@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: "-".join(map(str, spec.values())))
def test_parameters_stay_the_same_objects_and_nothing_is_drawn(spec: dict[str, Any], implementation: Implementation):
    network = models.build(width=0.25, **spec)
    state, parameters = network.state_dict(), dict(network.named_parameters())
    values, random = {key: value.clone() for key, value in state.items()}, torch.get_rng_state()
    accelerate(network, implementation, compiled=True)
    assert torch.equal(torch.get_rng_state(), random)
    after = network.state_dict()
    assert list(after) == list(state)
    assert all(torch.equal(after[key], values[key]) for key in values)
    now = dict(network.named_parameters())
    assert list(now) == list(parameters)
    assert all(now[name] is parameters[name] for name in now)


@pytest.mark.parametrize("spec", SPECS[:3], ids=lambda spec: spec["architecture"])
def test_how_many_layers_are_swapped(spec: dict[str, Any]):
    network = models.build(width=0.25, **spec)
    accelerate(network, "plain")
    assert not any(isinstance(part, Twin) for part in network.modules())
    accelerate(network, "auto")
    assert sum(isinstance(part, Twin) for part in network.modules()) == SWAPPED[spec["architecture"]]


@pytest.mark.parametrize("implementation", get_args(Implementation))
@pytest.mark.parametrize(
    ("layer", "shapes"),
    [
        (lambda: ConvBlock(16, 32, kernel_size=3), [(2, 16, 5, 7)]),
        (lambda: ConvBlock(16, 32, kernel_size=7), [(2, 16, 5, 7)]),
        (lambda: MergeBlock(17, 32, kernel_size=3), [(2, 16, 5, 7), (2, 1, 5, 7)]),
        (lambda: MergeBlock(16, 32, kernel_size=3), [(2, 16, 5, 7)]),
        (lambda: PackingBlock(16, kernel_size=5, features_3d=4), [(2, 16, 8, 12)]),
        (lambda: UnpackingBlock(16, 32, features_3d=4), [(2, 16, 5, 7)]),
        (lambda: PackingBlock(4, kernel_size=3, features_3d=4, groups=2), [(2, 4, 8, 12)]),
        (lambda: UnpackingBlock(8, 4, features_3d=4, groups=2), [(2, 8, 5, 7)]),
        (lambda: UnpackingBlock(8, 8, features_3d=8, groups=2), [(2, 8, 5, 7)]),
        (lambda: ResidualBlock(4, 8, groups=2, shortcut=False), [(2, 4, 5, 7)]),
        (lambda: DepthHead(16, "log"), [(2, 16, 5, 7)]),
        (lambda: DepthHead(16, "inverse-leaky-relu"), [(2, 16, 5, 7)]),
        (lambda: Upsampled(16, 8), [(2, 16, 5, 7)]),
        (lambda: Strided(16), [(2, 16, 6, 8)]),
    ],
)
def test_a_block_gives_the_plain_numbers(layer: Any, shapes: list[tuple[int, ...]], implementation: Implementation):
    torch.manual_seed(0)
    made = layer().double()
    assert_same_numbers(made, [double(shape, seed) for seed, shape in enumerate(shapes)], implementation)
    swapped = any(isinstance(part, Twin) for part in made.modules())
    assert swapped == (implementation != "plain" and not isinstance(made, Strided))


@pytest.mark.parametrize("implementation", ["auto", "cpu", "gpu"])
@pytest.mark.parametrize("sampling", get_args(Sampling))
@pytest.mark.parametrize(("architecture", "width"), [("autoencoder", 0.5), ("packnet", 0.125)])
def test_every_sampling_gives_the_plain_numbers(
    architecture: Architecture, width: float, sampling: Sampling, implementation: Implementation
):
    torch.manual_seed(0)
    network = models.build(architecture, width=width, sampling=sampling).double()
    assert_same_numbers(network, [double((1, 3, 32, 64), 2)], implementation)


@pytest.mark.slow
@pytest.mark.parametrize("implementation", ["auto", "cpu", "gpu"])
@pytest.mark.parametrize("spec", NARROW, ids=lambda spec: "-".join(map(str, spec.values())))
def test_a_narrow_packnet_gives_the_plain_numbers(spec: dict[str, Any], implementation: Implementation):
    torch.manual_seed(0)
    assert_same_numbers(models.build("packnet", **spec).double(), [double((1, 3, 64, 96), 2)], implementation)


def test_another_implementation_may_be_chosen_later():
    block, x = ConvBlock(16, 16, kernel_size=3), torch.rand(1, 16, 8, 8)
    plain = block(x)
    accelerate(block, "cpu")
    accelerate(block, "gpu")
    assert isinstance(block.conv, PaddedConv2d)
    assert block.conv.implementation == "gpu"
    accelerate(block, "plain")
    assert torch.equal(block(x), plain)


def test_hooks_stay():
    block, seen = PackingBlock(16, kernel_size=3, features_3d=4), []
    block.register_forward_hook(lambda *_: seen.append("after"))
    accelerate(block, "auto")
    block(torch.rand(1, 16, 8, 8))
    assert seen == ["after"]


@pytest.mark.parametrize("implementation", ["plain", "auto"])
@pytest.mark.parametrize(
    "make",
    [PoseNet, lambda: models.build("densedepth", 0.25, norm="group"), lambda: models.build("packnet", 0.25)],
    ids=["pose", "densedepth", "packnet"],
)
def test_every_group_norm_can_be_compiled_when_that_is_asked_for(
    make: Callable[[], nn.Module], implementation: Implementation
):
    network = make()
    accelerate(network, "plain")
    assert not any(isinstance(part, TraceableGroupNorm) for part in network.modules())
    accelerate(network, implementation, compiled=True)
    norms = [part for part in network.modules() if isinstance(part, nn.GroupNorm)]
    assert norms
    assert all(isinstance(norm, TraceableGroupNorm) for norm in norms)
