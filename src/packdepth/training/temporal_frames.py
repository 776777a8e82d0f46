"""Training frames with other views of what they show: neighbours in time, a second camera's image, or both."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from packdepth.config.variants import Velocity
from packdepth.data.store.context import ContextStore
from packdepth.training.augmentation import Item
from packdepth.training.loader import Frames, TrainingFrames
from packdepth.training.speed_sensor import measured_distance


class TemporalFrames(Frames):
    """Frames and their views of every kind, requested by (epoch, place among the frames that all kinds have)."""

    def __init__(self, frames: TrainingFrames, contexts: Sequence[ContextStore], sensor: Velocity) -> None:
        """`contexts` has one kind of context each, that in time first."""
        self.frames, self.contexts, self.sensor = frames, contexts, sensor
        self.store = frames.store
        self.fingerprint = frames.fingerprint + "".join(context.fingerprint for context in contexts)
        of_kind = [{frame: index for index, frame in enumerate(context.frames())} for context in contexts]
        shared = [frame for frame in of_kind[0] if all(frame in indices for indices in of_kind)]
        # The frame's place in the store, and its index in every kind.
        self._places = [(frame, [indices[frame] for indices in of_kind]) for frame in shared]

    def __len__(self) -> int:
        return len(self._places)

    def pictures(self, place: int) -> Item:
        """What TrainingFrames gives, and

        - `context`: RGB of 8 bits of all V views, those at t-1 and t+1 first, (V, H, W, 3),
        - `seen`: where its pixels were really seen, bool (V, 1, H, W),
        - `intrinsics`: px, (3, 3),
        - `true_pose`: context_from_target of all views, m, (V, 4, 4),
        - `distance`: measured, to t-1 and to t+1, m, (2,), with a kind in time.
        """
        frame, indices = self._places[place]
        views = list(zip(self.contexts, indices, strict=True))
        item = self.frames.pictures(frame) | {
            "context": torch.from_numpy(np.concatenate([context.rgb(index) for context, index in views])),
            "seen": torch.from_numpy(np.concatenate([context.mask(index) for context, index in views]))[:, None],
            "intrinsics": torch.from_numpy(self.store.intrinsics(frame)),
            "true_pose": torch.from_numpy(np.concatenate([context.pose(index) for context, index in views])),
        }
        context, index = views[0]
        return item | {"distance": self._distance(context, index, frame)} if context.in_time else item

    def _distance(self, context: ContextStore, index: int, frame: int) -> Tensor:
        key = (self.frames.seed, frame)
        return torch.from_numpy(measured_distance(context.velocity(index), context.time_step(index), self.sensor, key))

    def draw(self, epoch: int, place: int) -> Item:
        """The frame's."""
        return self.frames.draw(epoch, self._places[place][0])
