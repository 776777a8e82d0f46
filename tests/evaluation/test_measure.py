"""A model against a store, pixel by pixel."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from packdepth.checkpoints.native import CheckpointInfo
from packdepth.config.study import Evaluation
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.evaluation.measure import measure
from packdepth.inference.depth_model import DepthModel
from tests.support.stores import slopes, write_store

SETTINGS = Evaluation(protocol="indoor", flip=False)


class Columns(nn.Module):
    """Answers 1 left and 2 right of the middle, whatever it is shown."""

    stereo = False

    def forward(self, image: Tensor) -> Tensor:
        halves = torch.tensor([1.0, 2.0]).repeat_interleave(image.shape[3] // 2)
        return halves.expand(len(image), 1, image.shape[2], -1)


class Brightness(nn.Module):
    """Answers the inverse of red, which in `slopes` is depth, and keeps the sizes of what it was shown."""

    def __init__(self, stereo: bool = False) -> None:
        super().__init__()
        self.stereo = stereo
        self.shown: list[tuple[int, ...]] = []

    def forward(self, image: Tensor) -> Tensor:
        self.shown.append(tuple(image.shape))
        return 25 / 255 / image[:, :1]


def brightness(size: tuple[int, int] | None = None) -> DepthModel:
    info = CheckpointInfo({"architecture": "constant"}, size, 10.0, "1/m", limited=False)
    return DepthModel.around(Brightness(), info)


def test_every_frame_is_measured_in_batches(tmp_path: Path):
    store = Store(write_store(tmp_path / "test.h5", slopes(10)))
    model = brightness()
    tally, _, kept = measure(model, store, SETTINGS, "slopes", keep=(0, 9))
    assert model.network.shown == [(8, 3, 64, 64)] * 2 + [(2, 3, 64, 64)] * 2  # and their mirror images
    assert [row["id"] for row in tally.rows] == [store.id(i) for i in range(10)]
    assert tally.summary()["headline"]["delta1"] == 1.0
    assert list(kept) == [0, 9]
    np.testing.assert_allclose(kept[9].numpy(), store.rgb(9)[..., 0] / 25, rtol=1e-5)


def test_a_pair_is_predicted_once_and_whole(tmp_path: Path):
    """Whatever `flip` asks: in its mirror image the second camera would be on the other side."""
    batch = slopes(3)
    pairs = replace(
        batch, second=np.array([2, 1, 0], np.int32), second_pose=np.tile(np.eye(4, dtype=np.float32), (3, 1, 1))
    )
    store = Store(write_store(tmp_path / "test.h5", pairs))
    info = CheckpointInfo({"architecture": "packnet", "stereo": True}, None, 10.0, "1/m", limited=False)
    model = DepthModel.around(Brightness(stereo=True), info, pairs=True)
    tally, doubts, _ = measure(model, store, Evaluation(protocol="indoor", flip=True), "pairs")
    assert model.network.shown == [(3, 6, 64, 64)]
    assert tally.summary()["headline"]["delta1"] == 1.0
    assert not doubts


def test_images_are_scaled_to_the_size_of_training(tmp_path: Path):
    store = Store(write_store(tmp_path / "test.h5", slopes(2)))
    model = brightness((32, 96))
    tally, _, kept = measure(model, store, SETTINGS, "slopes", keep=(1,))
    assert model.network.shown == [(2, 3, 32, 96)] * 2
    assert kept[1].shape == (64, 64)
    assert tally.summary()["headline"]["abs_rel"] < 0.05


def test_truths_of_other_sizes_than_the_image_and_one_another(tmp_path: Path):
    sizes = np.array([[128, 64], [96, 32], [64, 64]], np.int32)
    depth = np.zeros((3, 128, 64), np.float32)
    near = slopes(3).depth[:, 0, 0]
    for index, (height, width) in enumerate(sizes):
        depth[index, :height, :width] = np.linspace(1, 7, height)[:, None] * near[index]
    batch = replace(slopes(3), depth=depth, depth_size=sizes)
    tally, _, kept = measure(
        brightness(), Store(write_store(tmp_path / "test.h5", batch)), SETTINGS, "slopes", (0, 1, 2)
    )
    assert [tuple(prediction.shape) for prediction in kept.values()] == [tuple(size) for size in sizes]
    assert [row["pixels"] for row in tally.rows] == [height * width for height, width in sizes]
    assert max(row["abs_rel"] for row in tally.rows) < 0.05


@pytest.mark.parametrize("flip", [True, False])
def test_disagreement_is_that_of_an_image_and_its_mirror_image(tmp_path: Path, flip: bool):
    store = Store(write_store(tmp_path / "test.h5", slopes(2)))
    info = CheckpointInfo({"architecture": "constant"}, None, 10.0, "1/m", limited=False)
    model = DepthModel.around(Columns(), info)
    _, doubts, kept = measure(model, store, SETTINGS.model_copy(update={"flip": flip}), "slopes", keep=(0,))
    assert doubts["disagreement"].per_image()["mean"].tolist() == pytest.approx([np.log(2)] * 2)
    assert kept[0][0, [0, -1]].tolist() == ([0.75, 0.75] if flip else [1.0, 0.5])


def test_nothing_to_count_is_told(tmp_path: Path):
    far = slopes(2)
    store = Store(write_store(tmp_path / "test.h5", replace(far, depth=np.full_like(far.depth, 11.0))))
    with pytest.raises(InputError, match=r"test\.h5: no image has a pixel that protocol 'indoor' counts"):
        measure(brightness(), store, SETTINGS, "slopes")
    assert torch.is_inference_mode_enabled() is False
