"""Reading the checkpoints that PackNet's authors published, without running anything from the file.

packnet-sfm saves with torch.save (models/model_checkpoint.py): `state_dict`, optimizer and scheduler, and `config`, a
tree of yacs's CfgNode. torch's weights-only unpickler has no such class. It fills dicts and OrderedDicts, and only the
latter may have attributes, which a CfgNode has: so OrderedDict stands for CfgNode.
"""

import re
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from packdepth.errors import InputError
from packdepth.models.checks import check_finite

ZIP = b"PK\x03\x04"  # what torch's files begin with since 1.6
LEGACY = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."  # and before
STAND_INS: list[Any] = [(OrderedDict, "yacs.config.CfgNode")]


@dataclass(frozen=True)
class PublishedFile:
    """The useful part of such a file."""

    state_dict: dict[str, Tensor]
    size: tuple[int, int] | None  # height and width of its images, px (config.datasets.augmentation.image_shape)
    max_depth: float  # m, of its evaluation (config.model.params.max_depth; 80 is packnet-sfm's default)


def is_torch_file(path: Path) -> bool:
    """Whether a file begins as torch.save's do."""
    with path.open("rb") as file:
        return file.read(len(LEGACY)).startswith((ZIP, LEGACY))


def read(path: Path) -> PublishedFile:
    """The weights, and from the configuration the size and range they were trained for.

    The file may also be the state_dict alone, and names may hold the `module.` of a training on several GPUs. Raises
    InputError, in one line, if the file is broken, holds no weights or some that are not finite, or asks for anything
    other than tensors and plain values. The error names what it asks for, which is never run.
    """
    content = _unpickled(path)
    state_dict = content if _are_tensors(content) else _setting(content, "state_dict")
    if not _are_tensors(state_dict):
        raise InputError(f"{path}: has no state_dict of tensors; expected a checkpoint of packnet-sfm")
    check_finite(str(path), state_dict)
    weights = {_without_module(str(name)): tensor for name, tensor in state_dict.items()}
    if len(weights) < len(state_dict):
        raise InputError(f"{path}: holds weights with and without `module.` of the same name; expected one of them")
    shape = _setting(content, "config", "datasets", "augmentation", "image_shape")
    max_depth = _setting(content, "config", "model", "params", "max_depth")
    return PublishedFile(
        state_dict=weights,
        size=_size(shape),
        max_depth=float(max_depth) if isinstance(max_depth, (int, float)) else 80.0,
    )


def _unpickled(path: Path) -> Any:
    try:
        with path.open("rb") as file, torch.serialization.safe_globals(STAND_INS):
            return torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:  # of all kinds: a broken file can raise any error in torch
        named = re.search(r"GLOBAL (\S+)", str(error))
        reason = f"asks for {named[1]}, which could run code" if named else f"broken ({type(error).__name__})"
        raise InputError(f"{path}: {reason}; expected only tensors and plain values; nothing was run") from None


def _are_tensors(content: Any) -> bool:
    return isinstance(content, dict) and bool(content) and all(isinstance(value, Tensor) for value in content.values())


def _without_module(name: str) -> str:
    """A weight's name without what torch's DataParallel puts before its network's."""
    return ".".join(part for part in name.split(".") if part != "module")


def _setting(content: Any, *keys: str) -> Any:
    """A value deep in nested mappings; None where a key is missing."""
    for key in keys:
        content = content.get(key) if isinstance(content, Mapping) else None
    return content


def _size(shape: Any) -> tuple[int, int] | None:
    """Height and width, if that is what the value is; it may also be empty, for images as they come."""
    fits = isinstance(shape, (tuple, list)) and len(shape) == 2 and all(type(n) is int and n > 0 for n in shape)
    return (shape[0], shape[1]) if fits else None
