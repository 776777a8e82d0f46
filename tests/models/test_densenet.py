"""The encoder's names and shapes are torchvision's; its ImageNet file, with an old release's names, loads."""

import re

import pytest
import torch
from torch import Tensor, nn

from packdepth.errors import InputError
from packdepth.models.densenet import TAPS, DenseNet, load_imagenet


def as_published(encoder: DenseNet) -> dict[str, Tensor]:
    """What torchvision's file would hold: dotted names, a classifier, no counts of batches."""
    weights = {key: t for key, t in encoder.state_dict().items() if not key.endswith("num_batches_tracked")}
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))(\d)", r"\1.\2", key): t for key, t in weights.items()}
    return {**old, "classifier.weight": torch.zeros(10, 4), "classifier.bias": torch.zeros(10)}


def assert_same_state(one: DenseNet, other: DenseNet) -> None:
    expected = other.state_dict()
    for key, tensor in one.state_dict().items():
        assert torch.equal(tensor, expected[key]), key


@pytest.fixture
def source() -> DenseNet:
    torch.manual_seed(0)
    return DenseNet(169, width=0.25)


def torchvision_shapes(layers: int) -> dict[str, tuple[int, ...]]:
    """Of every tensor in torchvision's `features`, in its order; its rules are written out here a second time."""
    growth, channels, blocks = {161: (48, 96, (6, 12, 36, 24)), 169: (32, 64, (6, 12, 32, 32))}[layers]

    def norm(name: str, channels: int) -> dict[str, tuple[int, ...]]:
        parts = ("weight", "bias", "running_mean", "running_var")
        return {f"{name}.{part}": (channels,) for part in parts} | {f"{name}.num_batches_tracked": ()}

    shapes = {"features.conv0.weight": (channels, 3, 7, 7)} | norm("features.norm0", channels)
    for block, count in enumerate(blocks, start=1):
        for layer in range(1, count + 1):
            name = f"features.denseblock{block}.denselayer{layer}"
            shapes |= norm(f"{name}.norm1", channels) | {f"{name}.conv1.weight": (4 * growth, channels, 1, 1)}
            shapes |= norm(f"{name}.norm2", 4 * growth) | {f"{name}.conv2.weight": (growth, 4 * growth, 3, 3)}
            channels += growth
        if block < 4:
            name = f"features.transition{block}"
            shapes |= norm(f"{name}.norm", channels) | {f"{name}.conv.weight": (channels // 2, channels, 1, 1)}
            channels //= 2
    return shapes | norm("features.norm5", channels)


@pytest.mark.parametrize(("layers", "parameters", "features"), [(161, 28_681_000, 2208), (169, 14_149_480, 1664)])
def test_names_and_shapes_are_torchvisions(layers: int, parameters: int, features: int) -> None:
    with torch.device("meta"):
        encoder = DenseNet(layers)
    shapes = {key: tuple(tensor.shape) for key, tensor in encoder.state_dict().items()}
    assert list(shapes.items()) == list(torchvision_shapes(layers).items())
    assert len(shapes) == layers - 1 + 5 * layers  # convolutions, and five tensors in each of as many normalisations
    assert sum(p.numel() for p in encoder.parameters()) == parameters - 1000 * (features + 1)  # less the classifier


@pytest.mark.parametrize("layers", [161, 169])
def test_without_the_last_normalisation_the_rest_is_torchvisions(layers: int) -> None:
    with torch.device("meta"):
        names = list(DenseNet(layers, last_norm=False).state_dict())
    assert names == [name for name in torchvision_shapes(layers) if "norm5" not in name]


def test_skips_are_entries_of_torchvisions_list_of_modules() -> None:
    """The handout numbers its features, the image being 0: it takes 3, 4, 6 and 8 as skips and 11 as the bottom."""
    with torch.device("meta"):
        names = ["image", *dict(DenseNet(161, last_norm=False).features.named_children())]
    assert [names[i] for i in (3, 4, 6, 8)] == list(TAPS)
    assert names[11:] == ["denseblock4"]


@pytest.mark.parametrize(
    ("layers", "skips", "features"), [(161, (96, 96, 192, 384), 2208), (169, (64, 64, 128, 256), 1664)]
)
def test_skips_and_bottom_at_full_width(layers: int, skips: tuple[int, ...], features: int) -> None:
    with torch.device("meta"):
        bottom, taps = DenseNet(layers)(torch.rand(1, 3, 64, 96))
    sizes = [(32, 48), (16, 24), (8, 12), (4, 6)]
    assert [tuple(tap.shape[1:]) for tap in taps] == [(c, *size) for c, size in zip(skips, sizes, strict=True)]
    assert bottom.shape == (1, features, 2, 3)


@pytest.mark.parametrize("last_norm", [True, False])
@pytest.mark.parametrize("layers", [161, 169])
def test_skips_are_the_named_layers_outputs(layers: int, last_norm: bool) -> None:
    """In particular: no layer that works in place has changed a skip after it was taken."""
    torch.manual_seed(0)
    source = DenseNet(layers, width=0.25, last_norm=last_norm).eval()
    image = torch.rand(1, 3, 64, 64)
    bottom, skips = source(image)
    part = dict(source.features.named_children())
    stem = torch.relu(part["norm0"](part["conv0"](image)))
    pooled = part["pool0"](stem.clone())
    first = part["transition1"](part["denseblock1"](pooled.clone()))
    second = part["transition2"](part["denseblock2"](first.clone()))
    for skip, expected in zip(skips, [stem, pooled, first, second], strict=True):
        assert torch.equal(skip, expected)
    last = part["denseblock4"](part["transition3"](part["denseblock3"](second)))
    assert torch.equal(bottom, torch.relu(part["norm5"](last)) if last_norm else last)
    assert (bottom.min() < 0) == (not last_norm)


@pytest.mark.parametrize("width", [0.25, 0.5, 2.0])
@pytest.mark.parametrize("layers", [161, 169])
def test_width_scales_every_layer_and_group_norm_keeps_the_channels_of_a_group(layers: int, width: float) -> None:
    with torch.device("meta"):
        networks = [DenseNet(layers, w, "group") for w in (1.0, width)]
    full, scaled = ([part for part in net.modules() if isinstance(part, nn.GroupNorm)] for net in networks)
    assert {norm.num_groups for norm in full} == {16}
    for norm, of_full in zip(scaled, full, strict=True):
        assert norm.num_channels == width * of_full.num_channels
        assert norm.num_groups == 16 * width


def test_group_norm_takes_what_divides_the_channels_at_widths_between() -> None:
    norms = [part for part in DenseNet(169, 0.6, "group").modules() if isinstance(part, nn.GroupNorm)]
    assert norms[0].num_channels == 40
    assert max(norm.num_groups for norm in norms) == 8  # 16 times 16 / 32, the scaled growth rate to the full one


def test_a_dense_layer_keeps_its_input_and_appends(source: DenseNet) -> None:
    layer = source.get_submodule("features.denseblock1.denselayer1")
    x = torch.randn(1, 16, 4, 4)
    out = layer(x)
    assert out.shape == (1, 16 + 8, 4, 4)
    assert torch.equal(out[:, :16], x)


def test_old_names_load(source: DenseNet) -> None:
    target = DenseNet(169, width=0.25)
    published = as_published(source)
    assert "features.denseblock1.denselayer1.norm.1.weight" in published
    load_imagenet(target, published)
    assert_same_state(target, source)


def test_the_last_normalisation_is_dropped_where_the_encoder_has_none() -> None:
    torch.manual_seed(0)
    whole, target = DenseNet(161, width=0.25), DenseNet(161, width=0.25, last_norm=False)
    load_imagenet(target, as_published(whole))
    weights = whole.state_dict()
    for key, tensor in target.state_dict().items():
        assert torch.equal(tensor, weights[key]), key


def test_another_densenets_weights_are_refused(source: DenseNet) -> None:
    with pytest.raises(InputError, match=r"^ImageNet weights of DenseNet-161: features\.denseblock3\.denselayer33"):
        load_imagenet(DenseNet(161, width=0.25), as_published(source))


def test_new_names_load(source: DenseNet) -> None:
    target = DenseNet(169, width=0.25)
    load_imagenet(target, source.state_dict())
    assert_same_state(target, source)


@pytest.mark.parametrize(
    ("key", "tensor", "fault"),
    [
        ("features.conv0.weight", None, "features.conv0.weight is missing"),
        ("features.norm6.weight", torch.zeros(3), "features.norm6.weight is unknown"),
        ("features.norm5.bias", torch.zeros(3), r"features.norm5.bias has shape \(3,\), expected \(416,\)"),
    ],
)
def test_faults_are_named(source: DenseNet, key: str, tensor: Tensor | None, fault: str) -> None:
    weights = as_published(source)
    if tensor is None:
        del weights[key]
    else:
        weights[key] = tensor
    with pytest.raises(InputError, match=f"^ImageNet weights of DenseNet-169: {fault}$"):
        load_imagenet(DenseNet(169, width=0.25), weights)


def test_many_faults_stay_one_line(source: DenseNet) -> None:
    with pytest.raises(InputError, match=r"conv0\.weight is missing; .*; and \d+ more$"):
        load_imagenet(source, {})
