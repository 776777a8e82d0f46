"""Predictions for images of any size."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from packdepth import models
from packdepth.checkpoints.native import CheckpointInfo, save_checkpoint
from packdepth.errors import InputError
from packdepth.evaluation.predict import depth_of_any_size, predict
from packdepth.evaluation.predictor import Predictor, of_checkpoint, predict_depth

NETWORK = {"architecture": "packnet", "head": "leaky-relu", "width": 0.25}
CARD = CheckpointInfo(NETWORK, (64, 96), 10.0)


def predictor() -> Predictor:
    torch.manual_seed(0)
    return of_checkpoint(models.build(**NETWORK).eval(), CARD)


@pytest.fixture
def constant(tmp_path: Path) -> Path:
    """A checkpoint that answers 4: 2.5 m everywhere."""
    model = models.build("constant")
    model.load_state_dict({"value": torch.tensor(4.0)})
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, model, CheckpointInfo({"architecture": "constant"}, (64, 96), 10.0))
    return path


@pytest.mark.parametrize("size", [(64, 96), (31, 47), (480, 640), (200, 90)])
def test_any_size_in_millimetres_and_colour(tmp_path: Path, constant: Path, size):
    image = tmp_path / "photo.jpg"
    Image.fromarray(np.zeros((*size, 3), np.uint8)).save(image)
    depth, colour = predict(constant, [image], tmp_path / "out")
    assert (depth.name, colour.name) == ("photo_depth.png", "photo_colour.png")
    millimetres = np.asarray(Image.open(depth))
    assert millimetres.dtype == np.uint16
    assert millimetres.shape == size
    assert np.unique(millimetres).tolist() == [2500]
    assert np.asarray(Image.open(colour)).shape == (*size, 3)


def test_the_size_of_training_is_predicted_as_it_is():
    image = torch.rand(1, 3, 64, 96)
    expected = predict_depth(predictor(), image, flip=True)
    torch.testing.assert_close(depth_of_any_size(predictor(), image), expected)


def test_an_unknown_size_of_training_leaves_the_image_as_it_is():
    image = torch.rand(1, 3, 50, 70)
    padded = torch.nn.functional.pad(image, (0, 26, 0, 14), "replicate")
    expected = predict_depth(replace(predictor(), size=None), padded, flip=True)[..., :50, :70]
    torch.testing.assert_close(depth_of_any_size(replace(predictor(), size=None), image), expected)


@pytest.mark.slow
def test_a_published_checkpoint(tmp_path: Path, publish, one_metre):
    Image.fromarray(np.zeros((40, 50, 3), np.uint8)).save(tmp_path / "photo.png")
    depth, _ = predict(publish(one_metre), [tmp_path / "photo.png"], tmp_path / "out")
    assert np.unique(np.asarray(Image.open(depth))).tolist() == [1000]


def test_refusals(tmp_path: Path, constant: Path):
    (tmp_path / "bad.png").write_text("no image")
    with pytest.raises(InputError, match=r"bad\.png: cannot be read as an image"):
        predict(constant, [tmp_path / "bad.png"], tmp_path / "out")
    with pytest.raises(InputError, match="same name"):
        predict(constant, [tmp_path / "a.png", tmp_path / "b" / "a.jpg"], tmp_path / "out")
