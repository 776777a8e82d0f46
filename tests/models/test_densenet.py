"""The encoder's names and shapes are torchvision's; its ImageNet file, with an old release's names, loads."""

import re

import pytest
import torch
from torch import Tensor

from packdepth.errors import InputError
from packdepth.models.densenet import DenseNet169, load_imagenet


def as_published(encoder: DenseNet169) -> dict[str, Tensor]:
    """What torchvision's file would hold: dotted names, a classifier, no counts of batches."""
    weights = {key: t for key, t in encoder.state_dict().items() if not key.endswith("num_batches_tracked")}
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))(\d)", r"\1.\2", key): t for key, t in weights.items()}
    return {**old, "classifier.weight": torch.zeros(10, 4), "classifier.bias": torch.zeros(10)}


def assert_same_state(one: DenseNet169, other: DenseNet169) -> None:
    expected = other.state_dict()
    for key, tensor in one.state_dict().items():
        assert torch.equal(tensor, expected[key]), key


@pytest.fixture
def source() -> DenseNet169:
    torch.manual_seed(0)
    return DenseNet169(width=0.25)


def test_names_and_shapes_are_torchvisions() -> None:
    with torch.device("meta"):
        encoder = DenseNet169()
    shapes = {key: tuple(tensor.shape) for key, tensor in encoder.state_dict().items()}
    assert sum(p.numel() for p in encoder.parameters()) == 14_149_480 - 1_665_000  # without its classifier
    assert len(shapes) == 169 - 1 + 5 * 169  # convolutions, and five tensors in each of as many normalisations
    expected = {
        "features.conv0.weight": (64, 3, 7, 7),
        "features.norm0.running_mean": (64,),
        "features.denseblock1.denselayer1.norm1.weight": (64,),
        "features.denseblock1.denselayer1.conv1.weight": (128, 64, 1, 1),
        "features.denseblock1.denselayer6.conv2.weight": (32, 128, 3, 3),
        "features.transition1.conv.weight": (128, 256, 1, 1),
        "features.denseblock3.denselayer32.norm1.bias": (256 + 31 * 32,),
        "features.transition3.norm.num_batches_tracked": (),
        "features.denseblock4.denselayer32.conv1.weight": (128, 640 + 31 * 32, 1, 1),
        "features.norm5.weight": (1664,),
    }
    assert {key: shapes[key] for key in expected} == expected


def test_skips_and_bottom_at_full_width() -> None:
    with torch.device("meta"):
        bottom, skips = DenseNet169()(torch.rand(1, 3, 64, 96))
    assert [tuple(s.shape[1:]) for s in skips] == [(64, 32, 48), (64, 16, 24), (128, 8, 12), (256, 4, 6)]
    assert bottom.shape == (1, 1664, 2, 3)


def test_skips_are_the_named_layers_outputs(source: DenseNet169) -> None:
    """In particular: no layer that works in place has changed a skip after it was taken."""
    source.eval()
    image = torch.rand(1, 3, 64, 64)
    bottom, skips = source(image)
    part = dict(source.features.named_children())
    stem = torch.relu(part["norm0"](part["conv0"](image)))
    pooled = part["pool0"](stem.clone())
    first = part["transition1"](part["denseblock1"](pooled.clone()))
    second = part["transition2"](part["denseblock2"](first.clone()))
    for skip, expected in zip(skips, [stem, pooled, first, second], strict=True):
        assert torch.equal(skip, expected)
    rest = part["transition3"](part["denseblock3"](second))
    assert torch.equal(bottom, torch.relu(part["norm5"](part["denseblock4"](rest))))


def test_a_dense_layer_keeps_its_input_and_appends(source: DenseNet169) -> None:
    layer = source.get_submodule("features.denseblock1.denselayer1")
    x = torch.randn(1, 16, 4, 4)
    out = layer(x)
    assert out.shape == (1, 16 + 8, 4, 4)
    assert torch.equal(out[:, :16], x)


def test_old_names_load(source: DenseNet169) -> None:
    target = DenseNet169(width=0.25)
    published = as_published(source)
    assert "features.denseblock1.denselayer1.norm.1.weight" in published
    load_imagenet(target, published)
    assert_same_state(target, source)


def test_new_names_load(source: DenseNet169) -> None:
    target = DenseNet169(width=0.25)
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
def test_faults_are_named(source: DenseNet169, key: str, tensor: Tensor | None, fault: str) -> None:
    weights = as_published(source)
    if tensor is None:
        del weights[key]
    else:
        weights[key] = tensor
    with pytest.raises(InputError, match=f"^ImageNet weights of DenseNet-169: {fault}$"):
        load_imagenet(DenseNet169(width=0.25), weights)


def test_many_faults_stay_one_line(source: DenseNet169) -> None:
    with pytest.raises(InputError, match=r"conv0\.weight is missing; .*; and \d+ more$"):
        load_imagenet(source, {})
