"""Checkpoints: the same network back, and one line for what is not one."""

import json
import resource
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from packdepth import models
from packdepth.checkpoints.native import CheckpointInfo, load_checkpoint, save_checkpoint
from packdepth.config.variants import PackNetNetwork
from packdepth.errors import InputError

NETWORK = {"architecture": "packnet", "skips": "concat", "head": "leaky-relu", "width": 0.25}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    save_checkpoint(tmp_path / "model.safetensors", models.build(**NETWORK), CheckpointInfo(NETWORK, (64, 96), 10.0))
    return tmp_path / "model.safetensors"


def test_round_trip(path: Path):
    torch.manual_seed(0)
    model = models.build(**NETWORK)
    save_checkpoint(path, model, CheckpointInfo(NETWORK, (64, 96), 10.0))
    loaded, info = load_checkpoint(path)
    image = torch.rand(1, 3, 64, 96)
    assert not loaded.training
    torch.testing.assert_close(loaded(image), model.eval()(image))
    assert info == CheckpointInfo(PackNetNetwork(**NETWORK).model_dump(), (64, 96), 10.0)


def test_a_setting_newer_than_the_checkpoint_has_its_default(path: Path):
    """So it is what params.yaml asks for, where the setting has its default, too."""
    asked = PackNetNetwork(**NETWORK).model_dump()
    older = {key: value for key, value in asked.items() if key != "sampling"}
    save_checkpoint(path, models.build(**older), CheckpointInfo(older, (64, 96), 10.0))
    model, info = load_checkpoint(path)
    assert info.network == asked
    assert list(model.state_dict()) == list(models.build(**asked).state_dict())


def test_of_a_network_that_there_is_not(path: Path):
    other = NETWORK | {"sampling": "strides"}
    save_checkpoint(path, models.build(**NETWORK), CheckpointInfo(other, (64, 96), 10.0))
    with pytest.raises(InputError, match=r"model\.safetensors: network\.sampling: .*did you mean 'strided'"):
        load_checkpoint(path)


def test_not_there(tmp_path: Path):
    with pytest.raises(InputError, match="no such checkpoint"):
        load_checkpoint(tmp_path / "model.safetensors")


def test_truncated(path: Path):
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(InputError, match="truncated or not safetensors"):
        load_checkpoint(path)


def test_of_something_else(path: Path):
    save_file({"w": torch.ones(1)}, path)
    with pytest.raises(InputError, match="not a checkpoint of packdepth"):
        load_checkpoint(path)


@pytest.mark.parametrize("change", [{"skips": "sum"}, {"architecture": "densedepth"}, {"width": 0.5}])
def test_of_another_architecture_than_it_says(path: Path, change):
    network = {"architecture": "packnet", "width": 0.25, "skips": "concat"} | change
    if network["architecture"] == "densedepth":
        network = {"architecture": "densedepth", "width": 0.25}
    weights = models.build(**NETWORK).state_dict()
    info = {"network": network, "size": [64, 96], "max_depth": 10.0}
    save_file(weights, path, metadata={"packdepth": json.dumps(info)})
    with pytest.raises(InputError, match="another architecture than") as caught:
        load_checkpoint(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "the file: Input should be an object"),
        ("[]", "the file: Input should be an object"),
        ("{}", "network: .*"),
        ({"size": "small"}, "size: Input should be a valid array .*'small'"),
        ({"max_depth": "far"}, "max_depth: Input should be a valid number"),
        ({"max_depth": 0}, "max_depth: Input should be greater than 0"),
        ({"max_depth": float("nan")}, "max_depth: "),
        ({"focal_length": float("inf")}, "focal_length: Input should be less than"),
        ({"size": [0, 96]}, "size.0: Input should be greater than or equal to 1"),
        ({"size": [64, 10**9]}, "size.1: Input should be less than or equal to 8192"),
    ],
)
def test_of_metadata_that_mean_nothing(path: Path, text, message):
    if isinstance(text, dict):
        text = json.dumps({"network": NETWORK, "size": [64, 96], "max_depth": 10.0} | text)
    save_file(models.build(**NETWORK).state_dict(), path, metadata={"packdepth": text})
    with pytest.raises(InputError, match=rf"model\.safetensors: {message}") as caught:
        load_checkpoint(path)
    assert "\n" not in str(caught.value)


def test_what_a_newer_version_added_is_left_out(path: Path):
    text = json.dumps({"network": NETWORK, "size": [64, 96], "max_depth": 10.0, "colour": "blue"})
    save_file(models.build(**NETWORK).state_dict(), path, metadata={"packdepth": text})
    assert load_checkpoint(path)[1].size == (64, 96)


def test_a_network_far_larger_than_its_weights_takes_no_memory(path: Path):
    """4 billion weights, if it were built."""
    text = json.dumps({"network": NETWORK | {"width": 8}, "size": [64, 96], "max_depth": 10.0})
    save_file(models.build(**NETWORK).state_dict(), path, metadata={"packdepth": text})
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(InputError, match="another architecture than"):
        load_checkpoint(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 2**20  # KiB


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(path: Path, value: float):
    model = models.build(**NETWORK)
    model.stem.conv.bias.data[1] = value
    save_checkpoint(path, model, CheckpointInfo(NETWORK, (64, 96), 10.0))
    with pytest.raises(InputError, match=r"model\.safetensors: stem\.conv\.bias holds NaN or infinity"):
        load_checkpoint(path)


def test_weights_in_half_precision(path: Path):
    model = models.build(**NETWORK).half()
    save_checkpoint(path, model, CheckpointInfo(NETWORK, (64, 96), 10.0))
    loaded, _ = load_checkpoint(path)
    assert {parameter.dtype for parameter in loaded.parameters()} == {torch.float32}
    assert torch.equal(loaded.stem.conv.weight.half(), model.stem.conv.weight)


def test_weights_in_eight_bits(path: Path):
    """A type that torch cannot tell finite numbers of."""
    weights = models.build(**NETWORK).state_dict()
    info = json.dumps({"network": NETWORK, "size": [64, 96], "max_depth": 10.0})
    weights["stem.conv.bias"] = weights["stem.conv.bias"].to(torch.float8_e4m3fn)
    save_file(weights, path, metadata={"packdepth": info})
    with pytest.raises(InputError, match=r"bias is strided of float8_e4m3fn on cpu; expected plain numbers"):
        load_checkpoint(path)
