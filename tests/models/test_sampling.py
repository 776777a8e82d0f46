"""PackNet's ways down and up: that they are what they say, and that size and operations do not tell them apart."""

from itertools import product
from typing import get_args

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from packdepth import models
from packdepth.config.variants import PackNetSize, Sampling, Skips
from packdepth.models.layers import PackingBlock, UnpackingBlock
from packdepth.models.packnet import PackNet
from packdepth.models.sampling import down_block, up_block

WAYS: tuple[Sampling, ...] = get_args(Sampling)
OTHERS = [way for way in WAYS if way != "packing"]
BUILDS = list(product(get_args(PackNetSize), get_args(Skips), (False, True)))


def on_meta(**options: object) -> PackNet:
    with torch.device("meta"):
        return PackNet(**options)  # type: ignore[arg-type]


def count(module: nn.Module) -> int:
    return sum(p.numel() for p in module.parameters())


def multiply_adds(network: nn.Module, size: tuple[int, int]) -> tuple[int, int]:
    """Of a forward pass: all of them, and those of Conv3d."""
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(torch.zeros(1, 3, *size, device="meta"))
    by_module = {name: sum(flops.values()) // 2 for name, flops in counter.get_flop_counts().items()}
    return by_module["Global"], sum(number for name, number in by_module.items() if name.endswith(".conv3d"))


def test_packing_is_the_default_and_as_published() -> None:
    torch.manual_seed(0)
    default = PackNet(0.125)
    torch.manual_seed(0)
    packing = PackNet(0.125, sampling="packing")
    assert list(default.state_dict()) == list(packing.state_dict())
    assert all(torch.equal(a, b) for a, b in zip(default.parameters(), packing.parameters(), strict=True))
    kinds = [type(part) for part in default.modules()]
    assert (kinds.count(PackingBlock), kinds.count(UnpackingBlock)) == (5, 4)


@pytest.mark.parametrize("sampling", OTHERS)
@pytest.mark.parametrize("kernel_size", [3, 5])
def test_the_ways_down(sampling: Sampling, kernel_size: int) -> None:
    torch.manual_seed(0)
    block, x = down_block(sampling, 16, kernel_size, features_3d=4, groups=4), torch.rand(2, 16, 6, 8)
    first, first_bias, last, last_bias, *_ = block.parameters()
    reduced = {
        "space-to-depth": lambda: F.conv2d(F.pixel_unshuffle(x, 2), first, first_bias, padding=1),
        "strided": lambda: F.conv2d(x, first, first_bias, padding=1)[:, :, ::2, ::2],
        "pooling": lambda: F.conv2d(F.max_pool2d(x, 2), first, first_bias, padding=1),
    }[sampling]()
    expected = F.elu(F.group_norm(F.conv2d(reduced, last, last_bias, padding=kernel_size // 2), 4))
    assert expected.shape == (2, 16, 3, 4)
    torch.testing.assert_close(block(x), expected)


@pytest.mark.parametrize("sampling", OTHERS)
def test_the_ways_up(sampling: Sampling) -> None:
    torch.manual_seed(0)
    block, x = up_block(sampling, 16, 8, features_3d=4, groups=4), torch.rand(2, 16, 3, 4)
    weights = list(block.parameters())

    def activated(made: Tensor) -> Tensor:
        return F.elu(F.group_norm(made, 4))

    def spread() -> Tensor:
        """The transposed convolution as one of the image with zeros between its pixels."""
        image = F.pad(F.pixel_shuffle(F.pad(x[:, :, None], (0, 0, 0, 0, 0, 3)).flatten(1, 2), 2), (1, 1, 1, 1))
        return F.conv2d(image, weights[0].transpose(0, 1).flip(2, 3), weights[1])

    expected = {
        "space-to-depth": lambda: F.pixel_shuffle(
            F.conv2d(activated(F.conv2d(x, *weights[:2], padding=1)), *weights[-2:]), 2
        ),
        "strided": lambda: activated(spread()),
        "pooling": lambda: F.interpolate(
            activated(F.conv2d(x, *weights[:2], padding=1)), scale_factor=2, mode="bilinear", align_corners=False
        ),
    }[sampling]()
    assert expected.shape == (2, 8, 6, 8)
    torch.testing.assert_close(block(x), expected)


@pytest.mark.parametrize("sampling", OTHERS)
@pytest.mark.parametrize(("size", "skips", "full_resolution"), BUILDS)
@pytest.mark.parametrize("width", [0.125, 0.25, 1.0])
def test_networks_are_alike_but_for_the_sampling(
    sampling: Sampling, size: PackNetSize, skips: Skips, full_resolution: bool, width: float
) -> None:
    options = {"width": width, "size": size, "skips": skips, "full_resolution": full_resolution}
    packing, other = on_meta(**options), on_meta(**options, sampling=sampling)
    assert count(other) == pytest.approx(count(packing), rel=0.005 if size == "slim" else 0.016)
    skeletons = [
        {name: value.shape for name, value in network.state_dict().items() if "packing" not in name}
        for network in (packing, other)
    ]
    assert skeletons[0] == skeletons[1]
    norms = [[part for part in network.modules() if isinstance(part, nn.GroupNorm)] for network in (packing, other)]
    assert [norm.num_groups for norm in norms[0]] == [norm.num_groups for norm in norms[1]]
    assert not any(isinstance(part, (PackingBlock, UnpackingBlock, nn.Conv3d)) for part in other.modules())


@pytest.mark.parametrize("sampling", OTHERS)
@pytest.mark.parametrize("channels", [8, 16, 128])
def test_a_block_has_the_parameters_of_packings(sampling: Sampling, channels: int) -> None:
    """As nearly as whole groups between its convolutions allow; here a group has two channels, the fewest."""
    groups = channels // 2
    for kernel_size, features_3d in product((3, 5), (4, 8)):
        down, packing = (down_block(way, channels, kernel_size, features_3d, groups) for way in (sampling, "packing"))
        assert count(down) == pytest.approx(count(packing), rel=0.08)
    up, unpacking = (up_block(way, 2 * channels, channels, 4, groups) for way in (sampling, "packing"))
    assert count(up) == pytest.approx(count(unpacking), rel=0.25)


@pytest.mark.parametrize("sampling", OTHERS)
@pytest.mark.parametrize(("width", "size", "within"), [(0.25, (96, 128), 0.06), (1.0, (192, 256), 0.02)])
def test_multiply_adds_are_packings_less_those_of_the_conv3d(
    sampling: Sampling, width: float, size: tuple[int, int], within: float
) -> None:
    everything, of_conv3d = multiply_adds(on_meta(width=width), size)
    own, none = multiply_adds(on_meta(width=width, sampling=sampling), size)
    assert none == 0
    assert own == pytest.approx(everything, rel=within)
    assert own == pytest.approx(everything - of_conv3d, rel=0.005)


@pytest.mark.parametrize("sampling", WAYS)
@pytest.mark.parametrize("width", [0.125, 0.25, 1.0])
def test_scales_have_the_sizes_of_packnets(sampling: Sampling, width: float) -> None:
    network = on_meta(width=width, sampling=sampling, full_resolution=True)
    scales = network.forward_scales(torch.zeros(2, 3, 64, 96, device="meta"))
    assert [tuple(scale.shape) for scale in scales] == [(2, 1, 64 >> n, 96 >> n) for n in range(4)]


@pytest.mark.parametrize("sampling", WAYS)
@pytest.mark.parametrize("skips", get_args(Skips))
@pytest.mark.parametrize("full_resolution", [False, True])
def test_a_gradient_reaches_every_parameter(sampling: Sampling, skips: Skips, full_resolution: bool) -> None:
    torch.manual_seed(0)
    network = models.build("packnet", 0.125, sampling=sampling, skips=skips, full_resolution=full_resolution)
    torch.stack([scale.square().mean() for scale in network.forward_scales(torch.rand(2, 3, 64, 96))]).sum().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.norm() > 0, name


@pytest.mark.parametrize("sampling", WAYS)
def test_stages_hold_every_parameter_once(sampling: Sampling) -> None:
    network = on_meta(width=0.125, sampling=sampling)
    held = [id(p) for modules in network.stages().values() for module in modules for p in module.parameters()]
    assert sorted(held) == sorted(id(p) for p in network.parameters())
