"""From an image to metric depth, for every evaluation and every prediction."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from packdepth import models
from packdepth.checkpoints import packnet_sfm, packnet_sfm_file
from packdepth.checkpoints.native import CheckpointInfo, load_checkpoint
from packdepth.errors import InputError
from packdepth.losses.targets import metric_depth, unit_of

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Predictor:
    """A network, what its output means, and what it was trained on."""

    model: nn.Module  # (B, 3, H, W) in [0, 1] -> (B, 1, h, w)
    to_metres: Callable[[Tensor], Tensor]  # of its output
    size: tuple[int, int] | None  # height and width of the images it was trained on, px; None if unknown
    max_depth: float  # m, the farthest it was trained or evaluated on
    device: torch.device = CPU  # where the network is


def load_predictor(path: Path) -> Predictor:
    """The network of a checkpoint, ours or a published one of PackNet's authors: the content shows which.

    Nothing in the file is executed. Raises InputError, in one line, if it is missing, broken, neither kind, or an
    autoencoder's.
    """
    if path.is_file() and packnet_sfm_file.is_torch_file(path):
        return _of_published(path)
    model, info = load_checkpoint(path)
    if info.network["architecture"] == "autoencoder":
        raise InputError(f"{path}: holds an autoencoder; it gives images back and predicts no depth")
    return of_checkpoint(model, info)


def of_checkpoint(model: nn.Module, info: CheckpointInfo) -> Predictor:
    """A network of ours, which is accelerated in place and moved to a GPU if there is one."""
    unit = unit_of(info.output_unit, info.max_depth)
    return _made(model, lambda output: metric_depth(unit * output, info.max_depth), info.size, info.max_depth)


def _of_published(path: Path) -> Predictor:
    file = packnet_sfm_file.read(path)
    try:
        model = packnet_sfm.from_state_dict(file.state_dict).eval()
    except InputError as error:
        raise InputError(f"{path}: {error}") from None
    return _made(model, packnet_sfm.metric_depth, file.size, file.max_depth)


def _made(
    model: nn.Module, to_metres: Callable[[Tensor], Tensor], size: tuple[int, int] | None, max_depth: float
) -> Predictor:
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    models.accelerate(model.to(device), "auto")
    return Predictor(model, to_metres, size, max_depth, device)


@torch.inference_mode()
def predict_depth(predictor: Predictor, images: Tensor, flip: bool) -> Tensor:
    """Metric depth in m, (B, 1, H, W), of images (B, 3, H, W) in [0, 1]; on the CPU.

    The network's output is converted to metres, then upsampled (bilinear) if it is smaller than the image. With `flip`
    it is averaged with the mirrored prediction of the mirrored image, as in DenseDepth.
    """

    def depth(inputs: Tensor) -> Tensor:
        return resized(predictor.to_metres(predictor.model(inputs).float()), inputs.shape[2:])

    images = images.to(predictor.device)
    straight = depth(images)
    return ((straight + depth(images.flip(3)).flip(3)) / 2 if flip else straight).cpu()


def resized(values: Tensor, size: tuple[int, ...], antialias: bool = False) -> Tensor:
    """Values (B, C, H, W) at another `size`, bilinearly, the borders aligned; unchanged if the size is the same."""
    if values.shape[2:] == size:
        return values
    return F.interpolate(values, size=size, mode="bilinear", antialias=antialias, align_corners=False)
