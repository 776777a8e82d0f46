"""The networks that are timed against one another, with the same weights where they are the same network.

The published code is a checkout of packnet-sfm. Its slim version B cannot run as published (the decoder's level 2 has
64 channels and is summed with a skip of 32); here it is repaired to 32 and 32.
"""

import importlib
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from packdepth import models
from packdepth.checkpoints import packnet_sfm
from packdepth.config.load import load_study
from packdepth.models.network import ImageNetwork
from packdepth.training import computing

PUBLISHED, PUBLISHED_FP32, OURS, HALF = "published", "published, fp32", "ours", "ours, half resolution"
DENSEDEPTH = "DenseDepth"
CLASSES = {"slim": "PackNetSlim01", "full": "PackNet01"}
SKIPS_BY_ADDITION = "1B"
Scales = Callable[[Tensor], list[Tensor]]


@dataclass(frozen=True)
class Contender:
    """A network, how it is run, and its optimizer."""

    name: str
    network: nn.Module
    scales: Scales  # image (B, 3, H, W) -> the outputs, finest first
    trained: Scales  # the same as training runs it: compiled, if study.yaml asks for it
    optimizer: torch.optim.Optimizer
    precision: str | None = None  # instead of the case's


def contenders(names: list[str], size: str, device: torch.device, reference: Path | None) -> list[Contender]:
    """Those of `names` that are available, for PackNet's `size`; without a reference all except the published code."""
    theirs = _published(reference, size) if reference else None
    built: list[Contender] = []
    for name in names:
        if name in (PUBLISHED, PUBLISHED_FP32) and theirs:
            scales = partial(_published_scales, theirs)
            precision = "fp32" if name == PUBLISHED_FP32 else None
            built.append(_contender(name, theirs.to(device), scales, scales, precision))
        elif name == OURS:
            same = packnet_sfm.from_state_dict(theirs.state_dict()) if theirs else None
            built.append(_ours(name, same or _packnet(size, full_resolution=True), device))
        elif name == HALF:
            built.append(_ours(name, _packnet(size, full_resolution=False), device))
        elif name == DENSEDEPTH:
            built.append(_ours(name, models.build(architecture="densedepth"), device))
    return built


def _packnet(size: str, full_resolution: bool) -> ImageNetwork:
    return models.build(architecture="packnet", size=size, full_resolution=full_resolution)


def _ours(name: str, network: ImageNetwork, device: torch.device) -> Contender:
    """A network of ours, computed as study.yaml sets for the device."""
    settings = load_study().training.on(device.type)
    computing.configure(network.to(device), settings)
    compiled = computing.compiled(network.forward_scales, settings)
    return _contender(
        name,
        network,
        lambda image: network.forward_scales(computing.laid_out(image, settings)),
        lambda image: compiled(computing.laid_out(image, settings)),
    )


def _contender(
    name: str, network: nn.Module, scales: Scales, trained: Scales, precision: str | None = None
) -> Contender:
    optimizer = torch.optim.Adam(network.parameters(), lr=1e-6, fused=True)
    return Contender(name, network, scales, trained, optimizer, precision)


def _published(reference: Path, size: str) -> Any:
    """The published network, random weights. ImportError where `reference` is no checkout of packnet-sfm."""
    if str(reference) not in sys.path:
        sys.path.insert(0, str(reference))
    name = CLASSES[size]
    network = getattr(importlib.import_module(f"packnet_sfm.networks.depth.{name}"), name)(version=SKIPS_BY_ADDITION)
    if size == "slim":
        layers = importlib.import_module("packnet_sfm.networks.layers.packnet.layers01")
        network.unpack2 = layers.UnpackLayerConv3d(128, 32, 3, d=4)
        network.iconv2 = layers.Conv2D(32 + 1, 64, 3, 1)
    return network


def _published_scales(network: Any, image: Tensor) -> list[Tensor]:
    given = network(image)["inv_depths"]
    return given if isinstance(given, list) else [given]
