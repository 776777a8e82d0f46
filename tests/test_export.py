"""Models in files of their own."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

import packdepth
from packdepth.errors import InputError
from packdepth.export import difference, export
from packdepth.inference.depth_model import DepthModel


@pytest.fixture
def model() -> DepthModel:
    """Predicts depths well within its limits, which differ from pixel to pixel."""
    torch.manual_seed(0)
    return packdepth.create_model("packnet", width=0.125, size=(64, 96), focal_length=80.0).eval()


@pytest.mark.slow
def test_onnx_gives_the_same_metres_at_any_size(tmp_path: Path, model: DepthModel):
    onnxruntime = pytest.importorskip("onnxruntime")
    path = tmp_path / "model.onnx"
    assert export(model, path) < 1e-4
    session = onnxruntime.InferenceSession(path)
    images = torch.rand(3, 3, 96, 64)
    (depth,) = session.run(None, {"images": images.numpy()})
    expected = model(images).detach().numpy()
    assert np.ptp(expected) > 0.1
    np.testing.assert_allclose(depth, expected, atol=1e-4)
    said = session.get_modelmeta().custom_metadata_map
    assert json.loads(said["multiple_of"]) == 32
    assert json.loads(said["size"]) == [64, 96]
    assert "depth in m" in said["output"]
    assert [file.name for file in tmp_path.iterdir()] == ["model.onnx"]


@pytest.mark.slow
def test_pt2_gives_the_same_metres_at_any_size(tmp_path: Path, model: DepthModel):
    path = tmp_path / "model.pt2"
    assert export(model, path) < 1e-4
    files = {"packdepth.json": ""}
    program = torch.export.load(path, extra_files=files)
    images = torch.rand(1, 3, 64, 128)
    torch.testing.assert_close(program.module()(images), model(images), atol=1e-4, rtol=0)
    assert json.loads(json.loads(files["packdepth.json"])["focal_length"]) == 80.0


def test_the_largest_difference_is_in_metres():
    model = DepthModel({"architecture": "constant"}).eval()
    assert difference(model, lambda images: model(images) + 0.25) == 0.25


def test_what_differs_is_not_written(tmp_path: Path, model: DepthModel, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("packdepth.export._program", lambda model: None)
    monkeypatch.setattr("packdepth.export._as_pt2", lambda *_: lambda images: model(images) + 0.25)
    with pytest.raises(InputError, match=r"model\.pt2: the exported model differs by up to 0\.25 m"):
        export(model, tmp_path / "model.pt2")
    assert list(tmp_path.iterdir()) == []


def test_another_ending(tmp_path: Path, model: DepthModel):
    with pytest.raises(InputError, match=r"model\.pth: expected a name that ends in \.onnx or \.pt2"):
        export(model, tmp_path / "model.pth")
