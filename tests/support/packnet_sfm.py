"""Checkpoints as packnet-sfm saves them."""

import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from packdepth.checkpoints.packnet_sfm import published_name
from packdepth.models.packnet import PackNet

KITTI_TRAINED = {
    "datasets": {"augmentation": {"image_shape": (32, 64), "jittering": (0.2, 0.2, 0.2, 0.05)}},
    "model": {"params": {"crop": "garg", "min_depth": 0.0, "max_depth": 80.0}},
}


class CfgNode(dict[str, Any]):
    """A dict with attributes, as yacs's is."""

    def __init__(self, content: dict[str, Any]) -> None:
        super().__init__({k: CfgNode(v) if isinstance(v, dict) else v for k, v in content.items()})
        self.__dict__ |= {"__immutable__": False, "__deprecated_keys__": {"old"}, "__renamed_keys__": {}}

    def __getattr__(self, name: str) -> Any:
        if name in self:
            return self[name]
        raise AttributeError(name)


CfgNode.__module__ = "yacs.config"


@pytest.fixture(params=[False, True], ids=["legacy", "zip"])
def publish(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Save a checkpoint in torch's format of 2020 and of today; yacs is there only while it is saved."""

    def save(
        state_dict: Any, config: dict[str, Any] = KITTI_TRAINED, name: str = "published.ckpt", **more: Any
    ) -> Path:
        layer = nn.Linear(2, 3)
        layer(torch.ones(1, 2)).sum().backward()
        optimizer = torch.optim.Adam(layer.parameters())
        optimizer.step()
        content = {
            "config": CfgNode(config),
            "epoch": 3,
            "state_dict": state_dict,
            "optimizer": optimizer.state_dict(),
            "scheduler": torch.optim.lr_scheduler.StepLR(optimizer, 30).state_dict(),
        }
        yacs = types.ModuleType("yacs.config")
        yacs.CfgNode = CfgNode  # type: ignore[attr-defined]
        with monkeypatch.context() as patch:
            patch.setitem(sys.modules, "yacs", types.ModuleType("yacs"))
            patch.setitem(sys.modules, "yacs.config", yacs)
            torch.save(content | more, tmp_path / name, _use_new_zipfile_serialization=request.param)
        return tmp_path / name

    return save


@pytest.fixture(scope="session")
def one_metre() -> dict[str, Tensor]:
    """A published PackNet whose weights are all 0, which a file holds in little space: it answers 1 per metre."""
    with torch.device("meta"):
        network = PackNet(size="slim", full_resolution=True)
    zero = torch.zeros(1)
    names = {f"model.depth_net.{published_name(name)}": t.shape for name, t in network.state_dict().items()}
    return {name: zero.expand(shape) for name, shape in names.items()} | {"model.pose_net.bias": zero}
