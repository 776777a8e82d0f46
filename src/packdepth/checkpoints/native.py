"""The checkpoints of this study: safetensors, with the network's specification in the file's own metadata."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
from pydantic import Field
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor

from packdepth import models
from packdepth.config.datasets import LARGEST_SIDE
from packdepth.config.schema import Positive
from packdepth.config.study import checked
from packdepth.config.variants import Network, OutputUnit
from packdepth.errors import InputError
from packdepth.models.checks import check_finite, check_state_dict
from packdepth.models.network import ImageNetwork
from packdepth.models.posenet import PoseNet
from packdepth.utils.files import atomic_write

POSE = "pose."  # before the names of a pose network's weights
Side = Annotated[int, Field(ge=1, le=LARGEST_SIDE)]


@dataclass(frozen=True)
class CheckpointInfo:
    """What a checkpoint's metadata states."""

    network: dict[str, Any]  # arguments of models.build; as loaded, all of them
    size: tuple[Side, Side] | None  # height and width it was trained at, px; None if unknown
    max_depth: Positive  # m, the farthest it was trained on
    output_unit: OutputUnit = "max_depth/m"
    focal_length: Positive | None = None  # of the training data's cameras, px at `size`; None if unknown
    limited: bool = True  # whether depth is kept within max_depth / 100 and max_depth


def save_checkpoint(path: Path, model: ImageNetwork, info: CheckpointInfo, pose: PoseNet | None = None) -> None:
    """Write the weights and the info, whole or not at all; a pose network's weights are added as `pose.*`."""
    state = model.state_dict() | ({f"{POSE}{name}": value for name, value in pose.state_dict().items()} if pose else {})
    weights = {name: value.detach().cpu().contiguous() for name, value in state.items()}
    with atomic_write(path) as part:
        save_file(weights, part, metadata={"packdepth": json.dumps(vars(info))})


def load_checkpoint(path: Path) -> tuple[ImageNetwork, CheckpointInfo]:
    """The depth network in evaluation mode, and its info.

    Raises InputError, in one line, if the file is missing, is not a checkpoint of packdepth, if its info names an
    unknown network or setting, or if its weights are not finite or do not fit the architecture in its info.
    """
    weights, info = _read(path)
    of_depth = {name: value for name, value in weights.items() if not name.startswith(POSE)}
    with torch.device("meta"):  # takes no memory: the info may ask for a network of any size
        expected = models.build(**info.network).state_dict()
    check_state_dict(f"{path}: weights of another architecture than {info.network}", of_depth, expected)
    model = models.build(**info.network)
    model.load_state_dict(of_depth)
    return model.eval(), info


def load_pose_network(path: Path) -> PoseNet:
    """The pose network of a training from neighbouring frames, in evaluation mode.

    Raises InputError as `load_checkpoint` does.
    """
    weights, _ = _read(path)
    model = PoseNet()
    of_pose = {name.removeprefix(POSE): value for name, value in weights.items() if name.startswith(POSE)}
    if not of_pose:
        raise InputError(f"{path}: has no pose network; true depth, a second camera or known poses taught it")
    check_state_dict(f"{path}: weights of another pose network", of_pose, model.state_dict())
    model.load_state_dict(of_pose)
    return model.eval()


def _read(path: Path) -> tuple[dict[str, Tensor], CheckpointInfo]:
    if not path.is_file():
        raise InputError(f"{path}: no such checkpoint")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except SafetensorError as error:
        raise InputError(f"{path}: truncated or not safetensors ({error})") from None
    check_finite(str(path), weights)
    if "packdepth" not in metadata:
        raise InputError(f"{path}: not a checkpoint of packdepth (its metadata name no network)")
    # What is newer than the checkpoint has its default there.
    fields = checked(dict[str, Any], _parsed(metadata["packdepth"]), "", str(path))
    network = checked(Network, fields.get("network"), "network", str(path)).model_dump()
    return weights, checked(CheckpointInfo, fields | {"network": network}, "", str(path))


def _parsed(text: str) -> Any:
    """JSON's content; None, which fits no schema, if it is broken."""
    try:
        return json.loads(text)
    except ValueError:
        return None
