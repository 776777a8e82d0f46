"""Training frames with their neighbours."""

import numpy as np
import torch
from torch.utils.data import Dataset

from packdepth.context.speed import measured_distance
from packdepth.context.store import ContextStore
from packdepth.data.augment import drawn
from packdepth.data.loader import Item, TrainingFrames, image_tensor
from packdepth.geometry.cameras import mirror
from packdepth.variants import Velocity


class TemporalFrames(Dataset[Item]):
    """Augmented frames and, alike, their neighbours, asked for by (epoch, place among the frames that have any)."""

    def __init__(self, frames: TrainingFrames, context: ContextStore, sensor: Velocity) -> None:
        self.frames, self.context, self.sensor = frames, context, sensor
        self.store = frames.store
        self.fingerprint = frames.fingerprint + context.fingerprint

    def __len__(self) -> int:
        return len(self.context)

    def __getitem__(self, key: tuple[int, int]) -> Item:
        """What TrainingFrames gives and

        - `context`: RGB in [0, 1] at t-1 and t+1, (2, 3, H, W),
        - `seen`: 1 where its pixels were really seen, (2, 1, H, W),
        - `intrinsics`: px, (3, 3),
        - `distance`: measured, to t-1 and to t+1, m, (2,).
        """
        epoch, place = key
        frame = self.context.frame(place)
        seed = self.frames.seed
        augmentation = drawn((seed, epoch, frame), self.frames.flip, self.frames.channel_swap)
        intrinsics = torch.from_numpy(self.store.intrinsics(frame))
        seen = augmentation.of_map(self.context.mask(place))
        velocity, time_step = self.context.velocity(place), self.context.time_step(place)
        distance = measured_distance(velocity, time_step, self.sensor, (seed, frame))
        return self.frames.item(frame, augmentation) | {
            "context": image_tensor(augmentation.of_image(self.context.rgb(place))),
            "seen": torch.from_numpy(np.ascontiguousarray(seen))[:, None].float(),
            "intrinsics": mirror(intrinsics, self.store.size[1]) if augmentation.flipped else intrinsics,
            "distance": torch.from_numpy(distance),
        }
