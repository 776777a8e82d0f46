"""However a device computes, networks say the same: every variant's outputs and gradients against the plain ones."""

import math
from functools import cache
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from packdepth import models
from packdepth.config.load import load_study
from packdepth.config.variants import Computing
from packdepth.models.layers import ConvBlock, PackingBlock, ResidualBlock, UnpackingBlock
from packdepth.models.network import ImageNetwork
from packdepth.training import computing
from tests.support.stores import TOP

PLAIN = Computing(precision="fp32", implementation="plain", channels_last=False, compile=False, checkpointing=False)
SPECS: dict[str, dict[str, Any]] = {
    "slim": {"architecture": "packnet"},
    "concat": {"architecture": "packnet", "skips": "concat"},
    "no skips": {"architecture": "packnet", "skips": "none"},
    "no shortcuts": {"architecture": "packnet", "skips": "none-and-no-shortcuts"},
    "leaky ReLU": {"architecture": "packnet", "head": "leaky-relu"},
    "double leaky ReLU": {"architecture": "packnet", "head": "inverse-leaky-relu"},
    "direct": {"architecture": "packnet", "head": "sigmoid"},
    "scaled_width sigmoid": {"architecture": "packnet", "head": "scaled-sigmoid"},
    "full, full resolution": {"architecture": "packnet", "size": "full", "full_resolution": True},
    "densedepth": {"architecture": "densedepth"},
}
PACKNETS = [name for name, spec in SPECS.items() if spec["architecture"] == "packnet"]


def network(name: str) -> ImageNetwork:
    """Width 1/4, with biases that are not zero."""
    torch.manual_seed(0)
    made = models.build(width=0.25, **SPECS[name])
    with torch.no_grad():
        for parameter in made.parameters():
            if parameter.dim() == 1:
                parameter.add_(0.1 * torch.randn_like(parameter))
    return made


def outcome(made: ImageNetwork, settings: Computing, dtype: torch.dtype) -> list[Tensor]:
    """All scales, and the gradients of a fixed random sum of them: to the image, and to all parameters as one vector.

    As one, because biases before a normalisation may have no gradient but rounding.
    """
    device = torch.device("cpu")
    made.to(dtype).train()
    computing.configure(made, settings)
    image = torch.rand(2, 3, 96, 32, generator=torch.Generator().manual_seed(1)).to(dtype).requires_grad_()
    with computing.autocast(device, settings):
        scales = computing.compiled(made.forward_scales, settings)(computing.laid_out(image, settings))
    random = torch.Generator().manual_seed(2)
    total = torch.stack([(scale.double() * torch.randn(scale.shape, generator=random)).sum() for scale in scales]).sum()
    to_image, *to_weights = torch.autograd.grad(total, [image, *made.parameters()])
    weights = torch.cat([gradient.flatten() for gradient in to_weights])
    return [value.detach().double() for value in (*scales, to_image, weights)]


@cache
def truth(name: str) -> list[Tensor]:
    return outcome(network(name), PLAIN, torch.float64)


def errors(values: list[Tensor], name: str) -> list[float]:
    """The length of each difference over that of the true values."""
    return [float((a - b).norm() / b.norm()) for a, b in zip(values, truth(name), strict=True)]


def changed(**settings: Any) -> Computing:
    return PLAIN.model_copy(update=settings)


def test_every_packnet_of_params_yaml_is_tested():
    study = load_study(TOP / "params.yaml")
    asked = [entry.network for entry in (study.variants | study.groups.temporal.variants).values()]
    assert all(spec in SPECS.values() for spec in asked if spec["architecture"] == "packnet")


@pytest.mark.slow
@pytest.mark.parametrize("implementation", ["auto", "cpu", "gpu"])
@pytest.mark.parametrize("name", PACKNETS)
def test_packing_is_exact_in_double_precision(name: str, implementation: str):
    assert max(errors(outcome(network(name), changed(implementation=implementation), torch.float64), name)) < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("implementation", ["cpu", "gpu"])
@pytest.mark.parametrize("name", PACKNETS)
def test_packing_in_single_precision(name: str, implementation: str):
    assert max(errors(outcome(network(name), changed(implementation=implementation), torch.float32), name)) < 1e-5


@pytest.mark.slow
@pytest.mark.parametrize("implementation", ["cpu", "gpu"])
def test_packing_under_autocast_errs_as_the_plain_networks_do(implementation: str):
    """On average: single gradients differ by chance, where a rounding decides on which side of a kink an output is.

    From image to image the ratio of a leaky head is 0.4 to 2.4.
    """
    ratios = []
    for name in PACKNETS:
        fast, plain = (
            errors(outcome(network(name), changed(implementation=taken, precision="bf16"), torch.float32), name)
            for taken in (implementation, "plain")
        )
        ratios.append(sum(fast) / sum(plain))
    assert math.prod(ratios) ** (1 / len(ratios)) < 1.1
    assert max(ratios) < 3


@pytest.mark.slow
@pytest.mark.parametrize("name", ["slim", "densedepth"])
def test_checkpointing_changes_nothing(name: str):
    made = network(name)
    again = outcome(made, changed(checkpointing=True), torch.float64)
    assert all(torch.equal(a, b) for a, b in zip(again, truth(name), strict=True))
    once = network(name)
    outcome(once, PLAIN, torch.float64)
    for (key, a), b in zip(made.named_buffers(), once.buffers(), strict=True):
        assert torch.equal(a, b), key  # batch statistics are counted once


@pytest.mark.parametrize("name", ["slim", "densedepth"])
def test_channels_last_changes_rounding_alone(name: str):
    assert max(errors(outcome(network(name), changed(channels_last=True), torch.float64), name)) < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("implementation", ["plain", "cpu", "gpu"])
def test_what_is_compiled_learns_the_same(implementation: str):
    """Outputs and gradients, channels last and traced backwards, too: the blocks that PackNet is made of."""
    torch._dynamo.reset()
    torch.manual_seed(0)
    blocks = nn.Sequential(
        ResidualBlock(16, 16), PackingBlock(16, 5, 4), UnpackingBlock(16, 16, 4), ConvBlock(16, 16, 7)
    )
    computing.configure(blocks.double(), changed(channels_last=True, implementation=implementation, compile=True))
    image = torch.randn(2, 16, 8, 12, dtype=torch.float64).contiguous(memory_format=torch.channels_last)
    traced = torch.compile(blocks, fullgraph=True, dynamic=False, backend="aot_eager")
    (plain, to_plain), (fast, to_fast) = (
        (out, torch.autograd.grad((out * out.detach().cos()).sum(), list(blocks.parameters())))
        for out in (blocks(image), traced(image))
    )
    torch.testing.assert_close(fast, plain, rtol=1e-12, atol=1e-12)
    assert all(torch.allclose(a, b, rtol=1e-9, atol=1e-9) for a, b in zip(to_fast, to_plain, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["slim", "densedepth"])
def test_compilation_makes_one_graph_once(name: str):
    """Traced whole (`fullgraph`), and not again while weights change: with what is traced run as it is, for time."""
    torch._dynamo.reset()
    torch._dynamo.utils.counters.clear()
    made = network(name).train()
    computing.configure(made, changed(implementation="auto", compile=True))
    traced = torch.compile(made.forward_scales, fullgraph=True, dynamic=False, backend="eager")
    optimizer = torch.optim.Adam(made.parameters(), fused=True)
    image = torch.rand(2, 3, 96, 128)  # the finest packing block folds
    for _ in range(3):
        plain = [scale.detach() for scale in made.forward_scales(image)]
        scales = traced(image)
        assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(scales, plain, strict=True))
        torch.stack([scale.mean() for scale in scales]).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    assert torch._dynamo.utils.counters["stats"]["unique_graphs"] == 1
    assert not torch._dynamo.utils.counters["graph_break"]


@pytest.mark.parametrize("before", [False, True])
def test_convolutions_are_tried_only_while_that_is_open(before: bool, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(torch.backends.cudnn, "benchmark", before)
    with computing.one_shape():
        assert torch.backends.cudnn.benchmark
    assert torch.backends.cudnn.benchmark == before
