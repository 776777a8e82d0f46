"""A head fitted to a network's own error."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from packdepth import models
from packdepth.checkpoints.native import CheckpointInfo
from packdepth.config.protocols import PROTOCOLS
from packdepth.data.store.frames import Store
from packdepth.evaluation.error_head import fit
from packdepth.inference.depth_model import DepthModel
from packdepth.models.heads import DepthHead
from tests.support.stores import slopes, write_store

INDOOR = PROTOCOLS["indoor"]


class FiveMetres(nn.Module):
    """Answers 5 m everywhere, from features that are red, and nothing."""

    stereo = False

    def __init__(self) -> None:
        super().__init__()
        self.head = DepthHead(2, "linear")
        nn.init.zeros_(self.head.conv.weight)
        nn.init.constant_(self.head.conv.bias, 10.0 / 5.0)

    def forward(self, image: Tensor) -> Tensor:
        features: Tensor = self.head(torch.cat([image[:, :1], torch.zeros_like(image[:, :1])], dim=1))
        return features


def five_metres() -> DepthModel:
    return DepthModel.around(FiveMetres(), CheckpointInfo({"architecture": "constant"}, None, 10.0))


def store_of(path: Path, error: float, slope: float, holes: bool = False) -> Store:
    """Frames whose log depth is below that of 5 m by error + slope * red; holes are in the left half."""
    rgb = np.random.default_rng(0).integers(0, 256, (12, 64, 64, 3), dtype=np.uint8)
    depth = (5 * np.exp(-(error + slope * rgb[..., 0] / 255.0))).astype(np.float32)
    depth[..., : 32 * holes] = 0
    return Store(write_store(path, replace(slopes(12), rgb=rgb, depth=depth)))


@pytest.mark.parametrize("holes", [False, True])
def test_an_error_that_lies_open_in_the_features_is_found(tmp_path: Path, holes: bool):
    head = fit(five_metres(), store_of(tmp_path / "train.h5", 0.1, 0.5, holes), INDOOR)
    image = torch.rand(2, 3, 32, 64)
    torch.testing.assert_close(head(image), 0.1 + 0.5 * image[:, :1], atol=2e-3, rtol=0)


def test_an_error_that_the_features_do_not_know_is_its_mean(tmp_path: Path):
    store = store_of(tmp_path / "train.h5", 0.1, 0.5)
    head = fit(five_metres(), store, INDOOR)
    grey = torch.full((1, 3, 32, 32), 127.5 / 255)
    assert head(grey).mean().item() == pytest.approx(0.35, abs=5e-3)


@pytest.mark.parametrize("network", ["packnet", "densedepth"])
def test_every_depth_network_can_have_a_head_and_stays_as_it_is(tmp_path: Path, network: str):
    torch.manual_seed(0)
    specification = {"architecture": network, "width": 0.125}
    model = DepthModel.around(models.build(**specification).eval(), CheckpointInfo(specification, (64, 64), 10.0))
    image = torch.rand(1, 3, 64, 64)
    before = model.predict(image, flip=False)
    predicted = fit(model, Store(write_store(tmp_path / "train.h5", slopes(12))), INDOOR)(image)
    assert predicted.shape == (1, 1, 32, 32)
    assert predicted.isfinite().all()
    torch.testing.assert_close(model.predict(image, flip=False), before)
    assert not any(module._forward_pre_hooks for module in model.modules())
