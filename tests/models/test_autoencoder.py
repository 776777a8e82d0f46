"""Autoencoders: what they sample with, and that nothing else tells them apart."""

from itertools import product

import pytest
import torch
import torch.nn.functional as F
import yaml
from torch import nn

from packdepth import models
from packdepth.config.study import Study
from packdepth.errors import InputError
from packdepth.evaluation.operations import forward_flops
from packdepth.models.autoencoder import CODE, SAMPLINGS, Autoencoder, DepthToSpace, SpaceToDepth, Strided, Upsampled
from packdepth.models.layers import PackingBlock, UnpackingBlock
from tests.support.stores import TOP


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_an_image_comes_out_and_every_parameter_learns(sampling: str) -> None:
    torch.manual_seed(0)
    network = Autoencoder(width=0.5, sampling=sampling)
    image = torch.rand(2, 3, 32, 64)
    made = network(image)
    assert made.shape == image.shape
    (made - image).abs().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_stages_hold_every_parameter_once(sampling: str) -> None:
    network = Autoencoder(width=0.5, sampling=sampling)
    held = [id(p) for modules in network.stages().values() for module in modules for p in module.parameters()]
    assert sorted(held) == sorted(id(p) for p in network.parameters())
    assert next(iter(network.stages())) == "stem"


def test_the_code_is_as_large_whatever_the_width_and_the_sampling() -> None:
    for sampling, width in product(SAMPLINGS, (0.5, 1.0)):
        network = Autoencoder(width=width, sampling=sampling)
        seen: list[torch.Size] = []
        network.code[0].register_forward_hook(lambda module, given, code, seen=seen: seen.append(code.shape))
        network(torch.rand(1, 3, 32, 64))
        assert seen == [torch.Size([1, CODE, 4, 8])]


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_every_convolution_starts_alike(sampling: str) -> None:
    parts = [part for part in Autoencoder(width=1.0, sampling=sampling).modules() if hasattr(part, "kernel_size")]
    for part in parts:
        if isinstance(getattr(part, "bias", None), torch.Tensor):
            assert (part.bias == 0).all()


def test_the_ways_of_sampling() -> None:
    kinds = {name: tuple(type(make(*[16] * n)) for n, make in enumerate(ways, 1)) for name, ways in SAMPLINGS.items()}
    assert kinds["packing"] == (PackingBlock, UnpackingBlock)
    assert kinds["space-to-depth"] == (SpaceToDepth, DepthToSpace)
    assert kinds["pooling"] == (nn.MaxPool2d, Upsampled)
    assert kinds["strided"][0] is Strided
    x = torch.rand(1, 16, 6, 8)
    for name, (down, up) in SAMPLINGS.items():
        assert down(16)(x).shape == (1, 16, 3, 4), name
        assert up(16, 32)(x).shape == (1, 32, 12, 16), name
    block = SpaceToDepth(16)
    expected = F.elu(F.conv2d(F.pixel_unshuffle(x, 2), *block.conv.conv.parameters(), padding=1))
    torch.testing.assert_close(block(x), expected)


@pytest.mark.parametrize("sampling", SAMPLINGS)
def test_nothing_is_normalised_so_that_brightness_is_kept(sampling: str) -> None:
    assert not [part for part in Autoencoder(width=0.5, sampling=sampling).modules() if isinstance(part, nn.GroupNorm)]


def test_an_unknown_way_is_told() -> None:
    with pytest.raises(InputError, match="unknown sampling of autoencoder 'poling'; did you mean 'pooling'"):
        models.build("autoencoder", sampling="poling")


def test_those_that_are_shipped_match_packing_in_parameters_or_operations() -> None:
    """To the eighth channel, at scale small: within a tenth."""
    content = yaml.safe_load((TOP / "params.yaml").read_text()) | {"scale": "small"}
    study = Study(**content)
    size = study.data.size
    assert size

    def cost(name: str) -> tuple[float, float]:
        network = study.variant(name).network.model_dump()
        return sum(p.numel() for p in models.build(**network).parameters()), forward_flops(network, size)

    parameters, operations = cost("packing")
    for name in study.groups.autoencoder.variants:
        own = cost(name)
        if not name.endswith("-operations"):
            assert own[0] == pytest.approx(parameters, rel=0.1), name
        if not name.endswith("-parameters"):
            assert own[1] == pytest.approx(operations, rel=0.1), name
