"""Training frames with their neighbours."""

import torch

from packdepth.config.variants import Velocity
from packdepth.data.store.context import ContextStore
from packdepth.training.augmentation import Item
from packdepth.training.loader import Frames, TrainingFrames
from packdepth.training.speed_sensor import measured_distance


class TemporalFrames(Frames):
    """Frames and their neighbours, requested by (epoch, place among the frames that have any)."""

    def __init__(self, frames: TrainingFrames, context: ContextStore, sensor: Velocity) -> None:
        self.frames, self.context, self.sensor = frames, context, sensor
        self.store = frames.store
        self.fingerprint = frames.fingerprint + context.fingerprint

    def __len__(self) -> int:
        return len(self.context)

    def pictures(self, place: int) -> Item:
        """What TrainingFrames gives, and

        - `context`: RGB of 8 bits at t-1 and t+1, (2, H, W, 3),
        - `seen`: where its pixels were really seen, bool (2, 1, H, W),
        - `intrinsics`: px, (3, 3),
        - `distance`: measured, to t-1 and to t+1, m, (2,).
        """
        frame = self.context.frame(place)
        velocity, time_step = self.context.velocity(place), self.context.time_step(place)
        distance = measured_distance(velocity, time_step, self.sensor, (self.frames.seed, frame))
        return self.frames.pictures(frame) | {
            "context": torch.from_numpy(self.context.rgb(place)),
            "seen": torch.from_numpy(self.context.mask(place))[:, None],
            "intrinsics": torch.from_numpy(self.store.intrinsics(frame)),
            "distance": torch.from_numpy(distance),
        }

    def draw(self, epoch: int, place: int) -> Item:
        """The frame's."""
        return self.frames.draw(epoch, self.context.frame(place))
