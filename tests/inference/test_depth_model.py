"""From a network's output to metres, and from a file to a model."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from packdepth import models
from packdepth.checkpoints.native import CheckpointInfo, load_checkpoint, save_checkpoint
from packdepth.errors import InputError
from packdepth.inference import depth_model
from packdepth.inference.depth_model import DepthModel, resized
from packdepth.inference.load import load_file, ready
from packdepth.models.fast.twins import FusedPackingBlock

NETWORK = {"architecture": "packnet", "head": "leaky-relu", "width": 0.25}
SIZE = (64, 96)


class Columns(nn.Module):
    """Answers each pixel's column and 2, at half the size of the image or at its own."""

    stereo = False

    def __init__(self, share: int) -> None:
        super().__init__()
        self.share = share

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        batch, _, height, width = image.shape
        columns = torch.arange(width // self.share, dtype=torch.float32) + 2
        return columns.expand(batch, 1, height // self.share, -1)


def of_columns(share: int) -> DepthModel:
    return DepthModel.around(Columns(share), CheckpointInfo({"architecture": "constant"}, None, 12.0))


def model(size: tuple[int, int] | None = SIZE, focal_length: float | None = None) -> DepthModel:
    torch.manual_seed(0)
    return DepthModel(NETWORK, size, focal_length=focal_length).eval()


def test_output_is_converted_to_metres_then_upsampled_if_it_is_smaller():
    image = torch.zeros(2, 3, 2, 4)
    torch.testing.assert_close(of_columns(1)(image)[1, 0], torch.tensor([[6.0, 4.0, 3.0, 2.4]] * 2))
    torch.testing.assert_close(of_columns(2)(image)[1, 0], torch.tensor([[6.0, 5.5, 4.5, 4.0]] * 2))
    torch.testing.assert_close(of_columns(1).predict(image, flip=True)[1, 0], torch.tensor([[4.2, 3.5, 3.5, 4.2]] * 2))


def test_depth_is_limited_as_in_training_or_not():
    output = torch.tensor([0.5, 4.0, 2000.0])
    of_ours = DepthModel({"architecture": "constant"}, max_depth=20.0)
    assert of_ours.metres(output).tolist() == pytest.approx([20.0, 5.0, 0.2])
    in_its_own_unit = DepthModel({"architecture": "constant"}, max_depth=20.0, output_unit="1/m")
    assert in_its_own_unit.metres(output).tolist() == pytest.approx([2.0, 0.25, 0.2])
    published = DepthModel({"architecture": "constant"}, max_depth=20.0, output_unit="1/m", limited=False)
    assert published.metres(output).tolist() == pytest.approx([2.0, 0.25, 0.0005])


def test_flip_averaging_is_symmetric():
    image = torch.rand(1, 3, *SIZE)
    straight, mirrored = (model().predict(x, flip=True) for x in (image, image.flip(3)))
    torch.testing.assert_close(straight, mirrored.flip(3))


def test_the_size_of_training_is_predicted_as_it_is():
    image = torch.rand(1, 3, *SIZE)
    torch.testing.assert_close(model().depth_of_any_size(image), model().predict(image, flip=True))


def test_an_unknown_size_of_training_leaves_the_image_as_it_is():
    image = torch.rand(1, 3, 50, 70)
    padded = nn.functional.pad(image, (0, 26, 0, 14), "replicate")
    expected = model(None).predict(padded, flip=True)[..., :50, :70]
    torch.testing.assert_close(model(None).depth_of_any_size(image), expected)


def test_a_strip_is_seen_smaller_not_wider(monkeypatch):
    monkeypatch.setattr(depth_model, "WIDEST", 128)
    strip = torch.rand(1, 3, 8, 400)
    scaled = resized(strip, (3, 128), antialias=True)  # 64 rows would need 3,200 columns
    padded = nn.functional.pad(scaled, (0, 0, 0, 29), "replicate")
    expected = resized(model().predict(padded, flip=True)[..., :3, :], (8, 400))
    torch.testing.assert_close(model().depth_of_any_size(strip), expected)


def test_predicting_changes_nothing_in_a_model_that_is_being_trained():
    ours = DepthModel({"architecture": "densedepth", "version": "handout", "width": 0.125}, SIZE)
    ours.network.encoder.eval()  # a part that is kept as it is
    before = {name: value.clone() for name, value in ours.state_dict().items()}
    modes = [part.training for part in ours.modules()]
    image = np.zeros((64, 96, 3), np.uint8)
    depth = ours.infer(image)
    assert [part.training for part in ours.modules()] == modes
    torch.testing.assert_close(ours.state_dict(), before, atol=0, rtol=0)
    np.testing.assert_array_equal(ours.eval().infer(image), depth)


@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("kind", [np.uint8, np.float32, np.float64, ">f4", np.longdouble])
def test_arrays_of_any_kind(grey, kind):
    whole = np.random.default_rng(0).integers(0, 256, (*SIZE, 4), dtype=np.uint8)
    given = whole[..., :1] if grey else whole
    array = given if kind is np.uint8 else (given / 255).astype(kind)
    expected = model().infer(np.repeat(given, 3, axis=2) if grey else np.ascontiguousarray(whole[..., :3]))
    np.testing.assert_allclose(model().infer(array), expected, rtol=1e-4)
    if grey:
        np.testing.assert_allclose(model().infer(array[..., 0]), expected, rtol=1e-4)


def test_a_longer_lens_sees_the_same_from_farther_away():
    """An image of 128 rows through 300 px is one of 64 through 150, which is 1.5 times the training data's 100."""
    rgb = np.random.default_rng(0).integers(0, 256, (128, 192, 3), dtype=np.uint8)
    ours = model(focal_length=100.0)
    assert ours.usual_focal_length(128) == 200.0
    usual = ours.infer(rgb)
    np.testing.assert_array_equal(ours.infer(rgb, focal_length=200.0), usual)
    np.testing.assert_allclose(ours.infer(rgb, focal_length=300.0), 1.5 * usual, rtol=1e-6)


@pytest.mark.parametrize("focal_length", [0.0, -3.0, float("nan"), float("inf"), "500", True, (500.0, 500.0)])
def test_focal_lengths_that_there_are_not(focal_length):
    with pytest.raises(InputError, match="focal length: expected a positive number of px"):
        model(focal_length=100.0).infer(np.zeros((4, 4, 3), np.uint8), focal_length)


@pytest.mark.parametrize("ours", [model(), model(None, 100.0)])
def test_without_the_training_datas_focal_length_no_other_is_taken(ours):
    with pytest.raises(InputError, match="does not know its training data's focal length"):
        ours.infer(np.zeros((4, 4, 3), np.uint8), 100.0)


def test_save_and_load_as_on_the_hub(tmp_path: Path):
    ours = model(focal_length=77.5)
    ours.save_pretrained(tmp_path / "saved")
    names = sorted(path.name for path in (tmp_path / "saved").iterdir())
    assert names == ["README.md", "config.json", "model.safetensors"]
    image = torch.rand(1, 3, *SIZE)
    for again in (
        DepthModel.from_pretrained(str(tmp_path / "saved")),
        DepthModel.around(*load_checkpoint(tmp_path / "saved" / "model.safetensors")),
    ):
        assert not again.training
        assert (again.info.size, again.info.focal_length) == (SIZE, 77.5)
        torch.testing.assert_close(again(image), ours(image))


def test_the_card_says_how_it_is_used(tmp_path: Path):
    model().save_pretrained(tmp_path)
    card = (tmp_path / "README.md").read_text()
    assert "packdepth.load(" in card
    assert "library_name: packdepth" in card
    assert "More Information Needed" not in card


def test_networks_are_accelerated(publish, one_metre):
    for network in (ready(model()).network, load_file(publish(one_metre)).network):
        assert any(isinstance(part, FusedPackingBlock) for part in network.modules())


def test_resizing():
    values = torch.tensor([[[[1.0, 3.0]]]])
    assert resized(values, (1, 2)) is values
    assert resized(values, (1, 4)).tolist() == [[[[1.0, 1.5, 2.5, 3.0]]]]


def test_ours_is_told_by_its_content(tmp_path: Path):
    network = models.build("constant")
    network.load_state_dict({"value": torch.tensor(4.0)})
    path = tmp_path / "renamed.ckpt"
    save_checkpoint(path, network, CheckpointInfo({"architecture": "constant"}, SIZE, 10.0))
    ours = load_file(path)
    assert (ours.info.size, ours.info.max_depth) == (SIZE, 10.0)
    assert ours.predict(torch.zeros(1, 3, 32, 32), flip=False).unique().tolist() == [2.5]


@pytest.mark.slow
def test_a_published_one_is_told_by_its_content(publish, one_metre):
    one_metre = one_metre | {"model.depth_net.disp1_layer.conv1.bias": torch.tensor([-1.0])}
    published = load_file(publish(one_metre, name="model.safetensors"))
    assert (published.info.size, published.info.max_depth) == ((32, 64), 80.0)
    assert not published.training
    depth = published.predict(torch.rand(1, 3, 32, 64), flip=False)
    assert depth.shape == (1, 1, 32, 64)
    inverse = 2 / (1 + torch.exp(torch.tensor(1.0)))  # the published head: sigmoid(-1) / 0.5, 1/m
    torch.testing.assert_close(depth, torch.full_like(depth, 1 / inverse))


def test_weights_of_another_network_are_named_with_their_file(publish):
    with pytest.raises(InputError, match=r"published\.ckpt: published PackNet weights: pre_calc\S+ is missing"):
        load_file(publish({"model.depth_net.encoder.conv1.weight": torch.zeros(1)}))


@pytest.mark.parametrize(
    ("content", "message"), [(None, "no such checkpoint"), (b"", "not safetensors"), (b"PK\x03\x04", "broken")]
)
def test_no_checkpoint_at_all(tmp_path: Path, content: bytes | None, message: str):
    path = tmp_path / "model.ckpt"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(InputError, match=rf"model\.ckpt: .*{message}"):
        load_file(path)


def test_a_device_that_is_not_there(tmp_path: Path):
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, models.build("constant"), CheckpointInfo({"architecture": "constant"}, SIZE, 10.0))
    with pytest.raises(InputError, match=r"device cuda:99: not available \(.+\); expected cpu, cuda or cuda:N"):
        load_file(path, "cuda:99")
    with pytest.raises(InputError, match="device abacus: not available; expected cpu, cuda or cuda:N"):
        load_file(path, "abacus")
