"""Weights that the authors of PackNet published, in our networks."""

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import torch
from torch import Tensor, nn

from packdepth import models
from packdepth.config.variants import PackNetSize, Skips
from packdepth.errors import InputError
from packdepth.models.checks import check_state_dict
from packdepth.models.network import ImageNetwork
from packdepth.models.posenet import CHANNELS, PoseNet

WHAT, WHAT_POSE = "published PackNet weights", "published PoseNet weights"
DEPTH_PREFIX, POSE_PREFIX = "model.depth_net.", "model.pose_net."

Network = TypeVar("Network", bound=nn.Module)
Meaning = TypeVar("Meaning", bound=str)
Substitutions = tuple[tuple[str, str], ...]

# A parameter's published name, made from ours by these substitutions, in this order.
DEPTH_NAMES: Substitutions = (
    (r"^stem\.", r"pre_calc."),
    (r"^encoder\.(\d)\.features\.", r"conv\1."),
    (r"^encoder\.(\d)\.packing\.", r"pack\1."),
    (r"^decoder\.(\d)\.unpacking\.", r"unpack\1."),
    (r"^decoder\.(\d)\.merge\.", r"iconv\1."),
    (r"^decoder\.(\d)\.head\.conv\.", r"disp\1_layer.conv1."),
    (r"\.conv\.", r".conv_base."),
    (r"\.norm\.", r".normalize."),
    (r"\.conv2d\.", r".conv."),
    (r"\.shortcut\.", r".conv3."),
)

POSE_NAMES: Substitutions = (
    *((rf"^encoder\.{block}\.", f"conv{block + 1}.") for block in range(len(CHANNELS))),
    (r"\.conv\.", r".0."),
    (r"\.norm\.", r".1."),
    (r"^head\.", r"pose_pred."),
)

# What distinguishes the networks: a parameter, the dimension that counts, and what its length means.
SIZE_TOLD_BY: tuple[str, int, dict[int, PackNetSize]] = ("pre_calc.conv_base.weight", 0, {32: "slim", 64: "full"})
SKIPS_TOLD_BY: tuple[str, int, dict[int, Skips]] = ("iconv5.conv_base.weight", 1, {256: "sum", 768: "concat"})
BROKEN_SLIM_SUM = ("unpack2.conv.conv_base.weight", 0, 64)


def published_name(name: str, substitutions: Substitutions = DEPTH_NAMES) -> str:
    """The published name of our PackNet's (or, with POSE_NAMES, PoseNet's) parameter `name`."""
    for ours, theirs in substitutions:
        name = re.sub(ours, theirs, name)
    return name


def from_state_dict(state_dict: Mapping[str, Tensor]) -> ImageNetwork:
    """Our PackNet with published weights, all its scales; the output is inverse depth in 1/m, (B, 1, H, W).

    Keys may have the prefix `model.depth_net.`; those of `model.pose_net.` are then ignored. The shapes
    show whether it is slim or full, summed (version B) or concatenated (A). Raises InputError, naming the key, for a
    missing, an unknown or a wrongly shaped key, and for slim B as published, which cannot run.
    """
    built_of = specification(state_dict)
    with torch.device("meta"):  # no random draws, and no memory before the weights are known to fit
        network = models.build(**built_of)
    return _filled(WHAT, network, _part(state_dict, DEPTH_PREFIX, other=POSE_PREFIX), DEPTH_NAMES)


def specification(state_dict: Mapping[str, Tensor]) -> dict[str, Any]:
    """What `models.build` takes for the network of published weights.

    Raises InputError if their shapes do not show it, and for slim B as published, which cannot run.
    """
    weights = _part(state_dict, DEPTH_PREFIX, other=POSE_PREFIX)
    size, skips = _told(weights, *SIZE_TOLD_BY), _told(weights, *SKIPS_TOLD_BY)
    key, dimension, channels = BROKEN_SLIM_SUM
    if (size, skips) == ("slim", "sum") and key in weights and weights[key].shape[dimension] == channels:
        raise InputError(
            f"{WHAT}: slim version B as published cannot run: the decoder's level 2 has 64 channels ({key})"
            " and is summed with a skip of 32; only weights of the mended form (32 and 32) can be used"
        )
    return {"architecture": "packnet", "size": size, "skips": skips, "full_resolution": True}


def pose_from_state_dict(state_dict: Mapping[str, Tensor]) -> PoseNet:
    """Our PoseNet with published weights.

    Keys may have the prefix `model.pose_net.`; those of `model.depth_net.` are then ignored. Raises InputError,
    naming the key, for a missing, an unknown or a wrongly shaped key.
    """
    with torch.device("meta"):
        network = PoseNet()
    return _filled(WHAT_POSE, network, _part(state_dict, POSE_PREFIX, other=DEPTH_PREFIX), POSE_NAMES)


def metric_depth(output: Tensor) -> Tensor:
    """Depth in metres of such a network's output (any shape), as in packnet-sfm's utils/depth.py (inv2depth)."""
    return 1.0 / output.clamp_min(1e-6)


def _part(state_dict: Mapping[str, Tensor], prefix: str, other: str) -> dict[str, Tensor]:
    """One network's weights, without its prefix; all weights if no key has such a prefix."""
    if not any(key.startswith(prefix) for key in state_dict):
        return dict(state_dict)
    weights = {key: tensor for key, tensor in state_dict.items() if not key.startswith(other)}
    return {key.removeprefix(prefix): tensor for key, tensor in weights.items()}


def _filled(what: str, network: Network, weights: Mapping[str, Tensor], names: Substitutions) -> Network:
    """`network`, made without memory, on the CPU with published weights. Raises InputError unless they fit."""
    expected = network.state_dict()
    check_state_dict(what, weights, {published_name(name, names): tensor for name, tensor in expected.items()})
    copies = {
        name: weights[published_name(name, names)].to(tensor.dtype, copy=True) for name, tensor in expected.items()
    }
    network.load_state_dict(copies, assign=True)
    return network


def _told(weights: Mapping[str, Tensor], key: str, dimension: int, meaning: Mapping[int, Meaning]) -> Meaning:
    """What the length of one dimension of one parameter means. Raises InputError if it means nothing."""
    if key not in weights:
        raise InputError(f"{WHAT}: {key} is missing")
    shape = tuple(weights[key].shape)
    if len(shape) != 4 or shape[dimension] not in meaning:
        known = " or ".join(f"{length} ({name})" for length, name in meaning.items())
        raise InputError(f"{WHAT}: {key} has shape {shape}, expected {known} in dimension {dimension}")
    return meaning[shape[dimension]]
