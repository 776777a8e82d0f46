"""From a checkpoint's file to a model that answers in metres."""

import re
from pathlib import Path

import torch

from packdepth import models
from packdepth.checkpoints import packnet_sfm, packnet_sfm_file
from packdepth.checkpoints.native import CheckpointInfo, load_checkpoint
from packdepth.errors import InputError
from packdepth.inference.depth_model import DepthModel
from packdepth.models.network import ImageNetwork


def load_file(path: Path, device: str | None = None) -> DepthModel:
    """The model of a checkpoint, accelerated, on `device`: by default a GPU if there is one.

    Raises InputError as `open_file` and `ready` do.
    """
    return ready(open_file(path), device)


def open_file(path: Path) -> DepthModel:
    """The model of a checkpoint, ours or a published one of PackNet's authors: the content shows which.

    Nothing in the file is executed. Raises InputError, in one line, if the file is missing, broken, neither kind, or
    of a network that does not predict depth from one image: an autoencoder, or a stereo network.
    """
    published = path.is_file() and packnet_sfm_file.is_torch_file(path)
    network, info = _published(path) if published else load_checkpoint(path)
    try:
        return DepthModel.around(network, info)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def ready(model: DepthModel, device: str | None = None) -> DepthModel:
    """The same model, accelerated and moved in place. Raises InputError if there is no such device."""
    device = device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        model.to(device)
    except (RuntimeError, AssertionError) as error:  # torch raises either
        reason = f" ({str(error).splitlines()[0]})" if re.fullmatch(r"cpu|cuda(:\d+)?", device) else ""
        raise InputError(f"device {device}: not available{reason}; expected cpu, cuda or cuda:N") from None
    models.accelerate(model.network, "auto")
    return model


def _published(path: Path) -> tuple[ImageNetwork, CheckpointInfo]:
    file = packnet_sfm_file.read(path)
    try:
        network = packnet_sfm.from_state_dict(file.state_dict).eval()
        specification = packnet_sfm.specification(file.state_dict)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return network, CheckpointInfo(specification, file.size, file.max_depth, "1/m", limited=False)
