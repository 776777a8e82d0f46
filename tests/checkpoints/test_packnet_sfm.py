"""Published PackNet weights: names, shapes, and, where the published code is at hand, the same outputs."""

import importlib
import os
import sys

import pytest
import torch
from torch import Tensor, nn

from packdepth.checkpoints.packnet_sfm import POSE_NAMES, from_state_dict, pose_from_state_dict, published_name
from packdepth.errors import InputError
from packdepth.models.fast import accelerate
from packdepth.models.fast.fused_packing import paths
from packdepth.models.packnet import PackNet
from packdepth.models.posenet import PoseNet

Weights = dict[str, Tensor]


def published_shapes(size: str, skips: str) -> Weights:
    """What such a file holds, as tensors without memory; the names are written out here a second time."""

    def block(name: str, cin: int, cout: int, k: int) -> dict[str, tuple[int, ...]]:
        shapes: dict[str, tuple[int, ...]] = {f"{name}.conv_base.weight": (cout, cin, k, k)}
        return shapes | {f"{name}.{s}": (cout,) for s in ("conv_base.bias", "normalize.weight", "normalize.bias")}

    w, d = ((32, 32, 64, 128, 256, 512), 4) if size == "slim" else ((64, 64, 64, 128, 256, 512), 8)
    shapes = block("pre_calc", 3, w[0], 5) | block("conv1", w[0], w[1], 7)
    for level, blocks in {2: 2, 3: 2, 4: 3, 5: 3}.items():
        for i in range(blocks):
            name, cin, cout = f"conv{level}.{i}", w[level] if i else w[level - 1], w[level]
            shapes |= block(f"{name}.conv1", cin, cout, 3) | block(f"{name}.conv2", cout, cout, 3)
            shapes |= {f"{name}.conv3.weight": (cout, cin, 1, 1), f"{name}.conv3.bias": (cout,)}
            shapes |= {f"{name}.normalize.weight": (cout,), f"{name}.normalize.bias": (cout,)}
    for level in range(1, 6):
        out, joined = (w[level], w[level] + w[level - 1]) if skips == "concat" else (w[level - 1], w[level - 1])
        shapes |= block(f"pack{level}.conv", 4 * d * w[level], w[level], 5 if level == 1 else 3)
        shapes |= block(f"unpack{level}.conv", w[min(level + 1, 5)], 4 * out // d, 3)
        for name in (f"pack{level}.conv3d", f"unpack{level}.conv3d"):
            shapes |= {f"{name}.weight": (d, 1, 3, 3, 3), f"{name}.bias": (d,)}
        shapes |= block(f"iconv{level}", joined + (level < 4), w[level], 3)
        if level < 5:
            head = f"disp{level}_layer.conv1"
            shapes |= {f"{head}.weight": (1, w[level], 3, 3), f"{head}.bias": (1,)}
    return {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}


@pytest.mark.parametrize("size", ["slim", "full"])
@pytest.mark.parametrize("skips", ["sum", "concat"])
def test_names_and_shapes_of_every_version(size: str, skips: str) -> None:
    with torch.device("meta"):
        network = PackNet(size=size, skips=skips, full_resolution=True)
    ours = {published_name(name): tuple(t.shape) for name, t in network.state_dict().items()}
    assert ours == {name: tuple(t.shape) for name, t in published_shapes(size, skips).items()}


@pytest.fixture(scope="module")
def weights() -> Weights:
    """The smallest network's, each tensor filled with a value of its own."""
    shapes = published_shapes("slim", "sum").items()
    return {name: torch.full(t.shape, float(i)) for i, (name, t) in enumerate(shapes)}


@pytest.mark.parametrize("prefix", ["", "model.depth_net."])
def test_every_weight_finds_its_place(weights: Weights, prefix: str) -> None:
    given = {prefix + name: tensor for name, tensor in weights.items()}
    if prefix:
        given["model.pose_net.conv1.0.weight"] = torch.zeros(16, 9, 7, 7)
    before = torch.get_rng_state()
    network = from_state_dict(given)
    assert torch.equal(torch.get_rng_state(), before)
    state = network.state_dict()
    assert len(state) == len(weights)
    for name, ours in {
        "pre_calc.conv_base.weight": "stem.conv.weight",
        "conv1.normalize.bias": "encoder.1.features.norm.bias",
        "conv2.0.conv1.normalize.weight": "encoder.2.features.0.conv1.norm.weight",
        "conv5.2.conv3.bias": "encoder.5.features.2.shortcut.bias",
        "conv4.1.normalize.weight": "encoder.4.features.1.norm.weight",
        "pack1.conv.conv_base.weight": "encoder.1.packing.conv2d.conv.weight",
        "pack3.conv3d.weight": "encoder.3.packing.conv3d.weight",
        "unpack5.conv3d.bias": "decoder.5.unpacking.conv3d.bias",
        "iconv5.conv_base.weight": "decoder.5.merge.conv.weight",
        "disp1_layer.conv1.weight": "decoder.1.head.conv.weight",
    }.items():
        assert torch.equal(state[ours], weights[name]), name


def test_weights_are_copied(weights: Weights) -> None:
    network = from_state_dict(weights)
    network.stem.conv.weight.data.fill_(-1)
    assert weights["pre_calc.conv_base.weight"].min() >= 0


def test_what_no_weights_hold_is_there(weights: Weights) -> None:
    """The network is made without memory: constants that no checkpoint has must not be left unset."""
    torch.use_deterministic_algorithms(True)  # unset memory is then filled with NaN
    try:
        network = from_state_dict(weights)
        assert not dict(network.named_buffers())
        accelerate(network, "auto")
        constants = dict(network.named_buffers())
    finally:
        torch.use_deterministic_algorithms(False)
    for level in range(1, 6):
        assert torch.equal(constants[f"encoder.{level}.packing.paths"], paths(5 if level == 1 else 3))


def refused(weights: Weights) -> str:
    with pytest.raises(InputError) as error:
        from_state_dict(weights)
    message = str(error.value)
    assert message.startswith("published PackNet weights: ")
    assert "\n" not in message
    return message.removeprefix("published PackNet weights: ")


def test_slim_b_as_published_is_refused_with_the_reason() -> None:
    shapes = published_shapes("slim", "sum")
    for name, shape in {
        "unpack2.conv.conv_base.weight": (64, 128, 3, 3),
        "unpack2.conv.conv_base.bias": (64,),
        "unpack2.conv.normalize.weight": (64,),
        "unpack2.conv.normalize.bias": (64,),
        "iconv2.conv_base.weight": (64, 65, 3, 3),
    }.items():
        shapes[name] = torch.empty(shape, device="meta")
    assert refused(shapes).startswith("slim version B as published cannot run: the decoder's level 2 has 64 channels")


@pytest.mark.parametrize("key", ["pre_calc.conv_base.weight", "iconv5.conv_base.weight", "conv3.1.conv3.bias"])
def test_a_missing_key_is_named(key: str) -> None:
    shapes = published_shapes("full", "concat")
    del shapes[key]
    assert refused(shapes) == f"{key} is missing"


def test_an_unknown_key_is_named() -> None:
    stray = torch.empty(1, device="meta")
    assert refused(published_shapes("full", "sum") | {"iconv6.bias": stray}) == "iconv6.bias is unknown"
    prefixed = {f"model.depth_net.{name}": t for name, t in published_shapes("full", "sum").items()}
    assert refused(prefixed | {"model.other.bias": stray}) == "model.other.bias is unknown"


@pytest.mark.parametrize(
    ("key", "shape", "fault"),
    [
        ("pre_calc.conv_base.weight", (48, 3, 5, 5), "expected 32 (slim) or 64 (full) in dimension 0"),
        ("iconv5.conv_base.weight", (512, 100, 3, 3), "expected 256 (sum) or 768 (concat) in dimension 1"),
        ("iconv5.conv_base.weight", (), "expected 256 (sum) or 768 (concat) in dimension 1"),
        ("disp2_layer.conv1.weight", (1, 32, 3, 3), "expected (1, 64, 3, 3)"),
    ],
)
def test_a_wrong_shape_is_named(key: str, shape: tuple[int, ...], fault: str) -> None:
    wrong = published_shapes("slim", "concat") | {key: torch.empty(shape, device="meta")}
    assert refused(wrong) == f"{key} has shape {shape}, {fault}"


@pytest.mark.skipif("PACKNET_SFM" not in os.environ, reason="PACKNET_SFM names no checkout of TRI-ML/packnet-sfm")
@pytest.mark.parametrize(
    ("name", "version"),
    [("PackNetSlim01", "1A"), ("PackNetSlim01", "1B"), ("PackNet01", "1A"), ("PackNet01", "1B")],
)
def test_the_published_code_gives_the_same_outputs(name: str, version: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(os.environ["PACKNET_SFM"])
    theirs = getattr(importlib.import_module(f"packnet_sfm.networks.depth.{name}"), name)(version=version)
    layers = sys.modules["packnet_sfm.networks.layers.packnet.layers01"]
    torch.manual_seed(0)
    if (name, version) == ("PackNetSlim01", "1B"):  # mended
        theirs.unpack2, theirs.iconv2 = layers.UnpackLayerConv3d(128, 32, 3, d=4), layers.Conv2D(33, 64, 3, 1)
    for parameter in theirs.parameters():
        if parameter.ndim == 1:  # biases and normalisation start at constants, which could hide a mix-up
            nn.init.uniform_(parameter, 0.5, 1.5)
    ours = from_state_dict(theirs.state_dict())
    image = torch.rand(2, 3, 64, 96)
    for scale, expected in zip(ours.forward_scales(image), theirs.train()(image)["inv_depths"], strict=True):
        assert expected.std() > 0.01
        torch.testing.assert_close(scale, expected, atol=1e-5, rtol=1e-5)


def pose_shapes() -> Weights:
    """What such a file holds of PoseNet, without memory."""
    shapes: dict[str, tuple[int, ...]] = {"pose_pred.weight": (12, 256, 1, 1), "pose_pred.bias": (12,)}
    channels, kernels = (9, 16, 32, 64, 128, 256, 256, 256), (7, 5, 3, 3, 3, 3, 3)
    for i, k in enumerate(kernels):
        shapes[f"conv{i + 1}.0.weight"] = (channels[i + 1], channels[i], k, k)
        shapes |= {f"conv{i + 1}.{rest}": (channels[i + 1],) for rest in ("0.bias", "1.weight", "1.bias")}
    return {name: torch.empty(shape, device="meta") for name, shape in shapes.items()}


def test_names_and_shapes_of_posenet() -> None:
    with torch.device("meta"):
        network = PoseNet()
    ours = {published_name(name, POSE_NAMES): tuple(t.shape) for name, t in network.state_dict().items()}
    assert ours == {name: tuple(t.shape) for name, t in pose_shapes().items()}


@pytest.mark.parametrize("prefix", ["", "model.pose_net."])
def test_every_weight_of_posenet_finds_its_place(prefix: str) -> None:
    weights = {name: torch.full(t.shape, float(i)) for i, (name, t) in enumerate(pose_shapes().items())}
    given = {prefix + name: tensor for name, tensor in weights.items()}
    if prefix:
        given["model.depth_net.pre_calc.conv_base.weight"] = torch.zeros(32, 3, 5, 5)
    before = torch.get_rng_state()
    state = pose_from_state_dict(given).state_dict()
    assert torch.equal(torch.get_rng_state(), before)
    assert len(state) == len(weights)
    for name, ours in {
        "conv1.0.weight": "encoder.0.conv.weight",
        "conv7.1.bias": "encoder.6.norm.bias",
        "pose_pred.weight": "head.weight",
    }.items():
        assert torch.equal(state[ours], weights[name]), name


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"pose_pred.weight": (6, 256, 1, 1)}, "pose_pred.weight has shape (6, 256, 1, 1), expected (12, 256, 1, 1)"),
        ({"conv8.0.weight": (1,)}, "conv8.0.weight is unknown"),
    ],
)
def test_what_does_not_fit_posenet_is_named(change: dict[str, tuple[int, ...]], fault: str) -> None:
    changed = {name: torch.empty(shape, device="meta") for name, shape in change.items()}
    with pytest.raises(InputError) as error:
        pose_from_state_dict(pose_shapes() | changed)
    assert str(error.value) == f"published PoseNet weights: {fault}"


@pytest.mark.skipif("PACKNET_SFM" not in os.environ, reason="PACKNET_SFM names no checkout of TRI-ML/packnet-sfm")
def test_the_published_code_gives_the_same_poses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(os.environ["PACKNET_SFM"])
    theirs = importlib.import_module("packnet_sfm.networks.pose.PoseNet").PoseNet()
    pose = importlib.import_module("packnet_sfm.geometry.pose").Pose
    torch.manual_seed(0)
    for parameter in theirs.parameters():
        if parameter.ndim == 1:
            nn.init.uniform_(parameter, 0.5, 1.5)
    nn.init.normal_(theirs.pose_pred.weight)  # so that the angles are large and their order counts
    target, *context = torch.rand(3, 2, 3, 64, 96)
    vectors = theirs(target, context)
    assert vectors.abs().max() > 0.1
    expected = torch.stack([pose.from_vec(vectors[:, i], "euler").mat for i in range(2)], dim=1)
    ours = pose_from_state_dict(theirs.state_dict())(target, torch.stack(context, dim=1))
    torch.testing.assert_close(ours, expected, atol=1e-5, rtol=1e-5)
