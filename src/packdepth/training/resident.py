"""Training frames that stay on the device that trains: read once, then gathered there by a few kernels.

A batch has what the loader gives, to the bit.
"""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from packdepth.data.store.frames import DepthUnit
from packdepth.training.augmentation import Item
from packdepth.training.loader import Frames
from packdepth.utils.progress import track

SHARE_OF_FREE_MEMORY = 0.5  # that frames may take; networks need the rest
READ_TOGETHER = 64  # frames
MILLIMETRES = 0.001  # m
HALF_RANGE = 2**15  # torch's whole numbers of 16 bits have a sign


class ResidentFrames:
    """All frames of a training on a device: pictures of 8 bits, depth in the 16 bits that the store has."""

    def __init__(self, frames: Frames, device: torch.device, workers: int) -> None:
        self._frames, self._device = frames, device
        self._unit: DepthUnit = frames.store.depth_unit
        self._held: Item = {}
        with track("load", len(frames)) as advance:
            first = 0
            for pictures in DataLoader(_Pictures(frames), READ_TOGETHER, num_workers=workers):
                last = first + len(pictures["image"])
                for name, values in _packed(pictures, self._unit).items():
                    if not first:
                        self._held[name] = values.new_empty(len(frames), *values.shape[1:], device=device)
                    self._held[name][first:last] = values.to(device)
                advance(last - first)
                first = last

    def batches(self, order: Iterable[list[tuple[int, int]]]) -> Iterator[Item]:
        """Batches in this order of (epoch, place)."""
        for keys in order:
            places = self._moved(torch.tensor([place for _, place in keys]))
            pictures = {name: values.index_select(0, places) for name, values in self._held.items()}
            draws = [self._frames.draw(*key) for key in keys]
            drawn = {name: self._moved(torch.stack([draw[name] for draw in draws])) for name in draws[0]}
            yield _unpacked(pictures, self._unit) | drawn

    def _moved(self, values: Tensor) -> Tensor:
        """On the device, without waiting for it."""
        return (values.pin_memory() if self._device.type == "cuda" else values).to(self._device, non_blocking=True)


class _Pictures(Dataset[Item]):
    """What is the same in every epoch, requested by place."""

    def __init__(self, frames: Frames) -> None:
        self._frames = frames

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, place: int) -> Item:
        return self._frames.pictures(place)


def fit(frames: Frames, device: torch.device) -> bool:
    """Whether the frames may stay on the device: a GPU with enough free memory."""
    if device.type != "cuda":
        return False
    one = _packed({name: values[None] for name, values in frames.pictures(0).items()}, frames.store.depth_unit)
    bytes_of_all = len(frames) * sum(values.nbytes for values in one.values())
    return bytes_of_all <= SHARE_OF_FREE_MEMORY * torch.cuda.mem_get_info(device)[0]


def _packed(pictures: Item, unit: DepthUnit) -> Item:
    depth = pictures["depth"]
    whole = unit == "millimetre"
    packed = ((depth / MILLIMETRES).round() - HALF_RANGE).to(torch.int16) if whole else depth.half()
    return pictures | {"depth": packed}


def _unpacked(pictures: Item, unit: DepthUnit) -> Item:
    depth = pictures["depth"].float()
    return pictures | {"depth": (depth + HALF_RANGE) * MILLIMETRES if unit == "millimetre" else depth}
