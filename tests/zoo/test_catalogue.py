"""Networks by name."""

from pathlib import Path

import numpy as np
import pytest
import torch

import packdepth
from packdepth.errors import InputError


def test_names_and_patterns():
    names = packdepth.list_models()
    assert names == sorted(names)
    assert packdepth.list_models("densedepth*") == ["densedepth", "densedepth-paper"]
    assert packdepth.list_models("vgg*") == []


@pytest.mark.slow
@pytest.mark.parametrize("name", packdepth.list_models())
def test_every_model_gives_metres(name):
    model = packdepth.create_model(name, width=0.125)
    assert model.training
    depth = model.eval()(torch.rand(2, 3, 64, 32))
    assert depth.shape == (2, 1, 64, 32)
    assert (depth > 0).all()


def test_settings_of_the_network_and_of_the_model():
    model = packdepth.create_model("packnet", width=0.25, head="linear", size=(64, 96), focal_length=80.0)
    assert model.info.network == {"architecture": "packnet", "width": 0.25, "head": "linear"}
    assert (model.info.size, model.info.focal_length, model.info.max_depth) == ((64, 96), 80.0, 10.0)


def test_numbers_of_numpy_and_torch_are_numbers():
    model = packdepth.create_model(
        "packnet",
        width=0.125,
        size=(np.int64(64), np.int64(96)),
        max_depth=np.float32(8),
        focal_length=torch.tensor(80.0),
    )
    assert vars(model.info) | {"network": None} == {
        "network": None,
        "size": (64, 96),
        "max_depth": 8.0,
        "output_unit": "max_depth/m",
        "focal_length": 80.0,
        "limited": True,
    }
    image = np.zeros((64, 96, 3), np.uint8)
    for focal_length in (np.float32(160), np.array(160.0), torch.tensor(160.0)):
        np.testing.assert_array_equal(model.infer(image, focal_length), model.infer(image, 160.0))


def test_refusals():
    with pytest.raises(InputError, match="unknown model 'pcknet'; did you mean 'packnet'"):
        packdepth.create_model("pcknet")
    with pytest.raises(InputError, match="option of densedepth 'sampling'"):
        packdepth.create_model("densedepth", sampling="strided")
    with pytest.raises(InputError, match="create_model gives random weights; `load` gives a trained model"):
        packdepth.create_model("densedepth", pretrained=True)


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ({"size": (64, 8193)}, "size.1: Input should be less than or equal to 8192"),
        ({"size": (0, 64)}, "size.0: Input should be greater than or equal to 1"),
        ({"size": (64, 96, 3)}, "size: Tuple should have at most 2 items"),
        ({"size": 96}, "size: Input should be"),
        ({"max_depth": -1.0}, "max_depth: Input should be greater than 0"),
        ({"output_unit": "cm"}, "output_unit: Input should be"),
        ({"focal_length": -5.0}, "focal_length: Input should be greater than 0"),
    ],
)
def test_settings_that_no_file_could_hold_are_refused(setting, message):
    with pytest.raises(InputError, match=f"^a model's settings: {message}"):
        packdepth.create_model("packnet", width=0.125, **setting)


def test_a_name_that_nothing_has():
    with pytest.raises(InputError, match=r"packnet-nyuu: no such file, nor a trained .*did you mean 'packnet-nyu'"):
        packdepth.load("packnet-nyuu")


def test_a_saved_folder_is_loaded(tmp_path: Path):
    saved = packdepth.create_model("packnet", width=0.125, size=(32, 64)).eval()
    saved.save_pretrained(tmp_path / "saved")
    loaded = packdepth.load(tmp_path / "saved")
    image = torch.rand(1, 3, 32, 64)
    torch.testing.assert_close(loaded(image), saved(image))


def test_a_folder_without_a_checkpoint(tmp_path: Path):
    with pytest.raises(InputError, match=r"model\.safetensors: no such checkpoint"):
        packdepth.load(tmp_path)


def test_a_name_that_the_hub_has_not(monkeypatch: pytest.MonkeyPatch):
    """Without a network: what is not in the cache is not had."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(InputError, match="nobody/nothing: no such file, and not had from the Hugging Face Hub"):
        packdepth.load("nobody/nothing")
