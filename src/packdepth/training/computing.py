"""How a device computes a network: the `cpu` and `cuda` settings change only time, memory and rounding."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec, TypeVar

import torch
from torch import Tensor, nn

from packdepth import models
from packdepth.config.variants import Computing
from packdepth.models.stage import Stage

Given = ParamSpec("Given")
Made = TypeVar("Made")


def configure(network: nn.Module, settings: Computing) -> None:
    """Set how `network` computes, once its weights are there; its parameters stay the same objects.

    Raises InputError if the settings need models/fast and that folder is not there.
    """
    models.accelerate(network, settings.implementation, compiled=settings.compile)
    for part in network.modules():
        if isinstance(part, Stage):
            part.recompute = settings.checkpointing
    if settings.channels_last:
        _to_channels_last(network)


def _to_channels_last(network: nn.Module) -> None:
    """The memory layout of 2-D convolutions' weights; PackNet's 3-D convolutions have no such layout here."""
    for parameter in network.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


@contextmanager
def one_shape() -> Iterator[None]:
    """While open, cuDNN tries all its convolutions when it meets a shape for the first time, and takes the fastest."""
    before = torch.backends.cudnn.benchmark
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.backends.cudnn.benchmark = before


def compiled(function: Callable[Given, Made], settings: Computing) -> Callable[Given, Made]:
    """The function, compiled if requested: as one graph, for the one shape that batches have."""
    return torch.compile(function, fullgraph=True, dynamic=False) if settings.compile else function


def autocast(device: torch.device, settings: Computing) -> torch.autocast:
    """The precision of the settings."""
    return torch.autocast(device.type, torch.bfloat16, enabled=settings.precision == "bf16")


def laid_out(image: Tensor, settings: Computing) -> Tensor:
    """An image (B, 3, H, W) in the memory format of the settings."""
    return image.contiguous(memory_format=torch.channels_last) if settings.channels_last else image.contiguous()
