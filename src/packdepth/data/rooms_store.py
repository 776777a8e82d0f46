"""The rooms data set as a source of stores."""

from collections.abc import Iterator

import torch

from packdepth.data import rooms
from packdepth.data.store import Batch, Origin
from packdepth.params import RoomsData

BATCH = 64  # frames: enough to keep the ray caster busy, few enough for the progress to move


class Rooms:
    """One split of rooms: frame i of it is a function of (seed, split, i)."""

    def __init__(self, data: RoomsData, split: str) -> None:
        self._data, self._split = data, split
        self.frames = data.train if split == "train" else data.test
        self.origin = Origin(
            dataset="rooms",
            version=rooms.VERSION,
            licence="CC0-1.0",
            source="packdepth.data.rooms",
            parameters={"seed": data.seed, "split": split, "size": list(data.size), "frames": self.frames},
        )

    def batches(self) -> Iterator[Batch]:
        """Rendered frames, on a GPU where there is one."""
        device = "cuda" if torch.cuda.is_available() else "cpu"
        for first in range(0, self.frames, BATCH):
            indices = range(first, min(first + BATCH, self.frames))
            frames = rooms.render(self._data.seed, self._split, indices, self._data.size, device=device)
            yield Batch(
                rgb=frames.rgb.cpu().numpy(),
                depth=frames.depth.cpu().numpy(),
                intrinsics=frames.intrinsics.cpu().numpy(),
                id=frames.id,
                pose=frames.pose.cpu().numpy(),
                time=frames.time.cpu().numpy(),
            )
