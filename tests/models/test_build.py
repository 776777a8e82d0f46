"""Naming a network by a plain dict, and what every network has in common."""

import json
from typing import Any, get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from packdepth.config.variants import Architecture, DenseDepthVersion, Head, Network, PackNetSize, Sampling
from packdepth.errors import InputError
from packdepth.models import ARCHITECTURES, ImageNetwork, build
from packdepth.models.autoencoder import SAMPLINGS
from packdepth.models.densedepth import VERSIONS
from packdepth.models.heads import HEADS
from packdepth.models.packnet import SIZES

SPECS: list[dict[str, Any]] = [
    {"architecture": "packnet", "width": 0.25},
    {"architecture": "packnet", "width": 0.25, "size": "full", "skips": "concat", "head": "leaky-relu"},
    {"architecture": "packnet", "width": 0.25, "skips": "none", "head": "sigmoid"},
    {"architecture": "packnet", "width": 0.25, "skips": "none-and-no-shortcuts", "head": "inverse-leaky-relu"},
    {"architecture": "densedepth", "width": 0.25},
    {"architecture": "densedepth", "width": 0.25, "version": "handout"},
    {"architecture": "constant"},
]
IDS = ["packnet", "packnet-full-concat", "packnet-none", "packnet-neither", "densedepth", "handout", "constant"]


@pytest.fixture(scope="module", params=SPECS, ids=IDS)
def network(request: pytest.FixtureRequest) -> ImageNetwork:
    torch.manual_seed(0)
    return build(**request.param)


def test_networks_know_what_settings_may_say() -> None:
    """The lists stand in the settings, once; what they name has a row in a table of the networks."""
    tables = {
        Architecture: ARCHITECTURES,
        PackNetSize: SIZES,
        DenseDepthVersion: VERSIONS,
        Head: HEADS,
        Sampling: SAMPLINGS,
    }
    for names, table in tables.items():
        assert list(table) == list(get_args(names))
    settings, *_ = get_args(Network)
    tags = [get_args(one.model_fields["architecture"].annotation) for one in get_args(settings)]
    assert tags == [(name,) for name in get_args(Architecture)]


def test_output_is_one_channel_at_half_resolution(network: ImageNetwork) -> None:
    output = network(torch.rand(2, 3, 64, 96))
    assert output.shape == (2, 1, 32, 48)
    assert torch.isfinite(output).all()


def test_every_parameter_belongs_to_exactly_one_stage(network: ImageNetwork) -> None:
    in_stages = [id(p) for modules in network.stages().values() for m in modules for p in m.parameters()]
    assert sorted(in_stages) == sorted(id(p) for p in network.parameters())


def test_gradient_reaches_every_parameter(network: ImageNetwork) -> None:
    network.zero_grad()
    image, target = torch.rand(2, 3, 64, 96), torch.rand(2, 1, 32, 48)
    (network(image) - target).square().mean().backward()
    for name, parameter in network.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.norm() > 0, name


@pytest.mark.parametrize("size", [(64, 100), (48, 64), (0, 64)])
def test_sizes_that_are_not_multiples_of_32_are_refused(network: ImageNetwork, size: tuple[int, int]) -> None:
    with pytest.raises(InputError, match=f"multiples of 32, got {size[0]} x {size[1]}$"):
        network(torch.rand(1, 3, *size))


def test_an_image_without_a_batch_is_refused(network: ImageNetwork) -> None:
    with pytest.raises(InputError, match=r"expected shape \(B, 3, H, W\), got \(3, 64, 64\)$"):
        network(torch.rand(3, 64, 64))


@pytest.mark.parametrize("spec", SPECS, ids=IDS)
def test_a_dict_kept_as_json_rebuilds_the_network(spec: dict[str, Any]) -> None:
    torch.manual_seed(1)
    first, second = build(**spec), build(**json.loads(json.dumps(spec)))
    second.load_state_dict(first.state_dict())
    image = torch.rand(1, 3, 32, 32)
    assert torch.equal(first.eval()(image), second.eval()(image))


@pytest.mark.parametrize("architecture", ["packnet", "densedepth"])
def test_a_smaller_width_has_fewer_parameters(architecture: str) -> None:
    with torch.device("meta"):
        counts = [sum(p.numel() for p in build(architecture, w).parameters()) for w in (0.25, 0.5, 1.0)]
    assert counts[0] < counts[1] < 0.3 * counts[2]  # convolutions shrink with the square of the width


@pytest.mark.slow
@settings(deadline=None, max_examples=20)
@given(width=st.floats(0.01, 2), size=st.sampled_from(["slim", "full"]))
def test_packnets_groups_divide_at_every_width(width: float, size: str) -> None:
    with torch.device("meta"):
        build("packnet", width, size=size, full_resolution=True)  # GroupNorm refuses what its groups do not divide


@pytest.mark.slow
@pytest.mark.parametrize("spec", SPECS[:-1], ids=IDS[:-1])
@pytest.mark.parametrize("width", [0.06, 0.33])
def test_odd_widths_run(width: float, spec: dict[str, Any]) -> None:
    assert build(**spec | {"width": width})(torch.rand(1, 3, 64, 32)).shape == (1, 1, 32, 16)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"architecture": "paknet"}, "unknown architecture 'paknet'; did you mean 'packnet'?"),
        (
            {"architecture": "packnet", "skip": "sum"},
            "unknown option of packnet 'skip'; did you mean 'skips'?",
        ),
        (
            {"architecture": "packnet", "skips": "summ"},
            "unknown skips of packnet 'summ'; did you mean 'sum'?",
        ),
        (
            {"architecture": "packnet", "skips": "none-no-shortcuts"},
            "unknown skips of packnet 'none-no-shortcuts'; did you mean 'none-and-no-shortcuts'?",
        ),
        ({"architecture": "packnet", "size": 3}, "unknown size of packnet 3 (known: slim, full)"),
        ({"architecture": "packnet", "head": "sigmoids"}, "unknown head of packnet 'sigmoids'; did you mean"),
        ({"architecture": "packnet", "full_resolution": "yes"}, "unknown full_resolution of packnet 'yes'"),
        (
            {"architecture": "packnet", "sampling": "stride"},
            "unknown sampling of packnet 'stride'; did you mean 'strided'?",
        ),
        (
            {"architecture": "densedepth", "version": "hand-out"},
            "unknown version of densedepth 'hand-out'; did you mean 'handout'?",
        ),
        ({"architecture": "densedepth", "pretrained": "yes"}, "unknown pretrained of densedepth 'yes'"),
        ({"architecture": "constant", "head": "sigmoid"}, "unknown option of constant 'head'"),
        ({"architecture": "packnet", "width": 0}, "packnet: width must be a positive number, got 0"),
        ({"architecture": "packnet", "width": "1"}, "packnet: width must be a positive number, got '1'"),
    ],
)
def test_what_is_unknown_is_told_in_one_line(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError) as error:
        build(**spec)
    assert str(error.value).startswith(message)
    assert "\n" not in str(error.value)
