"""Training frames with their neighbours."""

import torch
from torch.utils.data import Dataset

from packdepth.config.variants import Velocity
from packdepth.data.store.context import ContextStore
from packdepth.training.augmentation import Item
from packdepth.training.loader import TrainingFrames
from packdepth.training.speed_sensor import measured_distance


class TemporalFrames(Dataset[Item]):
    """Frames and their neighbours, requested by (epoch, place among the frames that have any)."""

    def __init__(self, frames: TrainingFrames, context: ContextStore, sensor: Velocity) -> None:
        self.frames, self.context, self.sensor = frames, context, sensor
        self.store = frames.store
        self.fingerprint = frames.fingerprint + context.fingerprint

    def __len__(self) -> int:
        return len(self.context)

    def __getitem__(self, key: tuple[int, int]) -> Item:
        """What TrainingFrames gives, and

        - `context`: RGB of 8 bits at t-1 and t+1, (2, H, W, 3),
        - `seen`: where its pixels were really seen, bool (2, 1, H, W),
        - `intrinsics`: px, (3, 3),
        - `distance`: measured, to t-1 and to t+1, m, (2,).
        """
        epoch, place = key
        frame = self.context.frame(place)
        seed = self.frames.seed
        velocity, time_step = self.context.velocity(place), self.context.time_step(place)
        distance = measured_distance(velocity, time_step, self.sensor, (seed, frame))
        return self.frames[epoch, frame] | {
            "context": torch.from_numpy(self.context.rgb(place)),
            "seen": torch.from_numpy(self.context.mask(place))[:, None],
            "intrinsics": torch.from_numpy(self.store.intrinsics(frame)),
            "distance": torch.from_numpy(distance),
        }
