"""Batches of a store in a counted order: what comes at step k depends only on (seed, k)."""

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset, Sampler

from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.training.augmentation import Item, draw_augmentation


class Frames(Dataset[Item], ABC):
    """Frames to train on, requested by (epoch, place): the pictures of a place, and how to augment them then."""

    store: Store
    fingerprint: str

    @abstractmethod
    def __len__(self) -> int: ...

    @abstractmethod
    def pictures(self, place: int) -> Item:
        """What is the same in every epoch."""

    @abstractmethod
    def draw(self, epoch: int, place: int) -> Item:
        """What `draw_augmentation` gives."""

    def __getitem__(self, key: tuple[int, int]) -> Item:
        """All of it, for (epoch, place)."""
        return self.pictures(key[1]) | self.draw(*key)


class TrainingFrames(Frames):
    """Frames, all or the first `count`, and how to augment them, requested by (epoch, frame).

    If `stereo`, each has the second camera's image, too.
    """

    def __init__(
        self,
        store: Store,
        seed: int,
        flip: float,
        channel_swap: float,
        count: int | None = None,
        stereo: bool = False,
    ) -> None:
        self.store, self.seed, self.flip, self.channel_swap, self.stereo = store, seed, flip, channel_swap, stereo
        self.count = len(store) if count is None else count
        self.fingerprint = store.fingerprint

    def __len__(self) -> int:
        return self.count

    def pictures(self, place: int) -> Item:
        """`image`, RGB of 8 bits, (H, W, 3), of two cameras 6, and `depth` in metres, (1, h, w), 0 where unknown."""
        return {
            "image": torch.from_numpy(self.store.seen(place, self.stereo)),
            "depth": torch.from_numpy(self.store.depth(place))[None],
        }

    def draw(self, epoch: int, place: int) -> Item:
        """What `draw_augmentation` gives."""
        return draw_augmentation((self.seed, epoch, place), self.flip, self.channel_swap)


class CountedBatches(Sampler[list[tuple[int, int]]]):
    """Batches of (epoch, frame): every epoch a permutation drawn from (seed, epoch), without the incomplete batch.

    `part` (number, of how many) gives only an equal part of every batch. Raises InputError if there are fewer frames
    than one batch takes.
    """

    def __init__(
        self,
        frames: int,
        batch_size: int,
        epochs: float,
        seed: int,
        first_step: int = 0,
        part: tuple[int, int] = (0, 1),
    ) -> None:
        self.frames, self.batch_size, self.seed = frames, batch_size, seed
        self.part = part
        self.steps_per_epoch = frames // batch_size
        self.steps = round(epochs * self.steps_per_epoch)
        if not self.steps:
            raise InputError(f"{epochs:g} epochs of {frames} training frames make no batch of {batch_size}")
        self.first_step = first_step

    def __len__(self) -> int:
        return self.steps - self.first_step

    def __iter__(self) -> Iterator[list[tuple[int, int]]]:
        number, size = self.part[0], self.batch_size // self.part[1]
        for step in range(self.first_step, self.steps):
            epoch, place = divmod(step, self.steps_per_epoch)
            if place == 0 or step == self.first_step:
                order = np.random.default_rng((self.seed, epoch)).permutation(self.frames)
            begin = place * self.batch_size + number * size
            yield [(epoch, int(index)) for index in order[begin : begin + size]]


def batches(frames: Frames, order: CountedBatches, workers: int) -> DataLoader[Item]:
    """Items stacked, in the counted order: images (B, H, W, 3), of two cameras 6, depths (B, 1, h, w)."""
    pinned = torch.cuda.is_available()
    return DataLoader(frames, batch_sampler=order, num_workers=workers, pin_memory=pinned)
