"""Predictions for images of any size."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from packdepth import models
from packdepth.errors import InputError
from packdepth.evaluation.predict import depth_of_any_size, predict
from packdepth.evaluation.predictor import predict_depth
from packdepth.training import checkpoint

NETWORK = {"architecture": "packnet", "head": "leaky-relu", "width": 0.25}
CARD = checkpoint.Card(NETWORK, (64, 96), 10.0)


@pytest.fixture
def constant(tmp_path: Path) -> Path:
    """A checkpoint that answers 4: 2.5 m everywhere."""
    model = models.build("constant")
    model.load_state_dict({"value": torch.tensor(4.0)})
    path = tmp_path / "model.safetensors"
    checkpoint.save(path, model, checkpoint.Card({"architecture": "constant"}, (64, 96), 10.0))
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
    torch.manual_seed(0)
    model = models.build(**NETWORK).eval()
    image = torch.rand(1, 3, 64, 96)
    expected = predict_depth(model, image, 10.0, flip=True)
    torch.testing.assert_close(depth_of_any_size(model, image, CARD), expected)


def test_flip_averaging_is_symmetric():
    torch.manual_seed(0)
    model = models.build(**NETWORK).eval()
    image = torch.rand(1, 3, 64, 96)
    straight, mirrored = (predict_depth(model, x, 10.0, flip=True) for x in (image, image.flip(3)))
    torch.testing.assert_close(straight, mirrored.flip(3))


def test_refusals(tmp_path: Path, constant: Path):
    (tmp_path / "bad.png").write_text("no image")
    with pytest.raises(InputError, match=r"bad\.png: cannot be read as an image"):
        predict(constant, [tmp_path / "bad.png"], tmp_path / "out")
    with pytest.raises(InputError, match="same name"):
        predict(constant, [tmp_path / "a.png", tmp_path / "b" / "a.jpg"], tmp_path / "out")
