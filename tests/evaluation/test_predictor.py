"""From a file to a predictor, and from an image to metres."""

from pathlib import Path

import pytest
import torch
from torch import nn

from packdepth import models
from packdepth.checkpoints.native import CheckpointInfo, save_checkpoint
from packdepth.errors import InputError
from packdepth.evaluation import predictor
from packdepth.evaluation.predictor import Predictor, predict_depth, resized
from packdepth.models.fast.twins import FusedPackingBlock

NETWORK = {"architecture": "packnet", "head": "leaky-relu", "width": 0.25}


class Columns(nn.Module):
    """Answers each pixel's column, at half the size of the image or at its own."""

    def __init__(self, share: int) -> None:
        super().__init__()
        self.share = share

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        batch, _, height, width = image.shape
        columns = torch.arange(width // self.share, dtype=torch.float32)
        return columns.expand(batch, 1, height // self.share, -1)


def test_output_at_half_size_is_upsampled_and_at_full_size_left_alone():
    image = torch.zeros(2, 3, 2, 4)
    full = Predictor(Columns(1), lambda output: output + 1, None, 10.0)
    half = Predictor(Columns(2), lambda output: output + 1, None, 10.0)
    assert predict_depth(full, image, flip=False)[1, 0].tolist() == [[1, 2, 3, 4]] * 2
    assert predict_depth(half, image, flip=False)[1, 0].tolist() == [[1, 1.25, 1.75, 2]] * 2
    assert predict_depth(full, image, flip=True)[1, 0].tolist() == [[2.5, 2.5, 2.5, 2.5]] * 2


def test_flip_averaging_is_symmetric():
    torch.manual_seed(0)
    ours = predictor.of_checkpoint(models.build(**NETWORK).eval(), CheckpointInfo(NETWORK, (64, 96), 10.0))
    image = torch.rand(1, 3, 64, 96)
    straight, mirrored = (predict_depth(ours, x, flip=True) for x in (image, image.flip(3)))
    torch.testing.assert_close(straight, mirrored.flip(3))


def test_networks_are_accelerated(publish, one_metre):
    ours = predictor.of_checkpoint(models.build(**NETWORK).eval(), CheckpointInfo(NETWORK, (64, 96), 10.0))
    for network in (ours.model, predictor.load_predictor(publish(one_metre)).model):
        assert any(isinstance(part, FusedPackingBlock) for part in network.modules())


def test_resizing():
    values = torch.tensor([[[[1.0, 3.0]]]])
    assert resized(values, (1, 2)) is values
    assert resized(values, (1, 4)).tolist() == [[[[1.0, 1.5, 2.5, 3.0]]]]


def test_ours_is_told_by_its_content(tmp_path: Path):
    model = models.build("constant")
    model.load_state_dict({"value": torch.tensor(4.0)})
    path = tmp_path / "renamed.ckpt"
    save_checkpoint(path, model, CheckpointInfo({"architecture": "constant"}, (64, 96), 10.0))
    ours = predictor.load_predictor(path)
    assert (ours.size, ours.max_depth) == ((64, 96), 10.0)
    assert predict_depth(ours, torch.zeros(1, 3, 32, 32), flip=False).unique().tolist() == [2.5]


@pytest.mark.slow
def test_a_published_one_is_told_by_its_content(publish, one_metre):
    one_metre = one_metre | {"model.depth_net.disp1_layer.conv1.bias": torch.tensor([-1.0])}
    published = predictor.load_predictor(publish(one_metre, name="model.safetensors"))
    assert (published.size, published.max_depth) == ((32, 64), 80.0)
    assert not published.model.training
    depth = predict_depth(published, torch.rand(1, 3, 32, 64), flip=False)
    assert depth.shape == (1, 1, 32, 64)
    inverse = 2 / (1 + torch.exp(torch.tensor(1.0)))  # the published head: sigmoid(-1) / 0.5, 1/m
    torch.testing.assert_close(depth, torch.full_like(depth, 1 / inverse))


def test_weights_of_another_network_are_named_with_their_file(publish):
    with pytest.raises(InputError, match=r"published\.ckpt: published PackNet weights: pre_calc\S+ is missing"):
        predictor.load_predictor(publish({"model.depth_net.encoder.conv1.weight": torch.zeros(1)}))


@pytest.mark.parametrize(
    ("content", "message"), [(None, "no such checkpoint"), (b"", "not safetensors"), (b"PK\x03\x04", "broken")]
)
def test_no_checkpoint_at_all(tmp_path: Path, content: bytes | None, message: str):
    path = tmp_path / "model.ckpt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=rf"model\.ckpt: .*{message}"):
        predictor.load_predictor(path)
