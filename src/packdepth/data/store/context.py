"""The file of neighbouring frames: for each frame of a training store, other views of what it shows.

A kind in time ("recorded", "synthetic") has V = 2 views, at t-1 and t+1. A kind of a second camera ("stereo",
"synthetic-stereo") has V = 1, at t. Each has a group with

| name      | type    | shape           | meaning                                                                  |
| --------- | ------- | --------------- | ------------------------------------------------------------------------ |
| frame     | int32   | (N,)            | place in the training store                                              |
| rgb       | uint8   | (N, V, H, W, 3) | the images of the views                                                  |
| image     | int32   | (N, V)          | instead of `rgb`: where the training store has these images              |
| mask      | bool    | (N, V, H, W)    | with `rgb`: pixels that were really seen, the others are made up         |
| pose      | float32 | (N, V, 4, 4)    | context_from_target, m                                                   |

and, of a kind in time,

| name      | type    | shape           | meaning                                                                  |
| --------- | ------- | --------------- | ------------------------------------------------------------------------ |
| velocity  | float32 | (N, 3, 6)       | at t-1, t, t+1, in that instant's camera: linear (m/s), angular (rad/s)  |
| time_step | float32 | (N, 2)          | from t-1 to t and from t to t+1, s                                       |

Attributes: format, `store` (the training store's fingerprint), `parameters` (JSON: how it was made); of each group
`fingerprint`, a hash of its content.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from packdepth.config.variants import STEREO
from packdepth.data.store.frames import Store
from packdepth.data.store.reader import Reader, named_damage

FORMAT = "packdepth context 1"
SHAPES_IN_TIME = {"velocity": (3, 6), "time_step": (2,)}  # behind N
COMPRESSION: dict[str, Any] = {"compression": "gzip", "shuffle": True}
PICTURES = ("rgb", "mask")


@dataclass(frozen=True)
class Neighbours:
    """The arrays of the tables for some frames; either `image`, or `rgb` and `mask`."""

    frame: NDArray[np.int32]
    pose: NDArray[np.float32]
    velocity: NDArray[np.float32] | None = None
    time_step: NDArray[np.float32] | None = None
    rgb: NDArray[np.uint8] | None = None
    mask: NDArray[np.bool_] | None = None
    image: NDArray[np.int32] | None = None


def views_of(kind: str) -> int:
    """How many views of a frame a kind of context has."""
    return 1 if kind in STEREO else 2


def append_neighbours(group: h5py.Group, neighbours: Neighbours) -> None:
    """Append frames to a group that is being written."""
    for name, values in vars(neighbours).items():
        if values is None:
            continue
        if name not in group:
            filters = COMPRESSION if name in PICTURES else {}
            chunk = (1 if filters else 1024, *values.shape[1:])
            shape, most = (0, *values.shape[1:]), (None, *values.shape[1:])
            group.create_dataset(name, shape, values.dtype, maxshape=most, chunks=chunk, **filters)
        first = len(group[name])
        group[name].resize(first + len(values), axis=0)
        group[name][first:] = values


class ContextStore(Reader):
    """Read access to one kind of neighbours of a training store, by place among the frames that have any."""

    @named_damage
    def __init__(self, path: Path, kind: str, store: Store) -> None:
        """Open and validate. Raises InputError that states the fault, or that the file belongs to another store."""
        super().__init__(path, FORMAT, f"snakemake {path}")
        if self.file.attrs.get("format") != FORMAT:
            raise self.fault(f"its format is {self.file.attrs.get('format')!r}")
        if self.file.attrs.get("store") != store.fingerprint:
            raise self.fault(f"made from other frames than those of {store.path}: its hash is another")
        if kind not in self.file:
            raise self.fault(f"holds {' and '.join(self.file)} context, not {kind} (`context.kinds` of the scale)")
        self.kind, self.store = kind, store
        self.views, self.in_time = views_of(kind), kind not in STEREO
        self._validate()
        self.fingerprint: str = self._group.attrs["fingerprint"]

    def _validate(self) -> None:
        group = self._group
        shapes = {"frame": (), "pose": (self.views, 4, 4)} | (SHAPES_IN_TIME if self.in_time else {})
        for name, shape in shapes.items():
            if name not in group or group[name].shape[1:] != shape or len(group[name]) != len(group["frame"]):
                raise self.fault(f"{self.kind}/{name} is missing or of a wrong shape")
        if "fingerprint" not in group.attrs:
            raise self.fault(f"{self.kind} has no fingerprint")
        if "image" not in group and not {"rgb", "mask"} <= set(group):
            raise self.fault(f"{self.kind} has neither images nor their places in {self.store.path}")
        if "rgb" in group and group["rgb"].shape[2:4] != self.store.size:
            raise self.fault(
                f"{self.kind}/rgb is of {group['rgb'].shape[2:4]}, the store's images of {self.store.size}"
            )

    @property
    def _group(self) -> h5py.Group:
        return self.file[self.kind]

    def __len__(self) -> int:
        return len(self._group["frame"])

    @named_damage
    def frames(self) -> list[int]:
        """The places of the frames themselves in the training store, (N,)."""
        places: list[int] = self._group["frame"][:].tolist()
        return places

    @named_damage
    def rgb(self, index: int) -> NDArray[np.uint8]:
        """The images of its views, (V, H, W, 3)."""
        if "rgb" in self._group:
            return self._group["rgb"][index]
        return np.stack([self.store.rgb(int(place)) for place in self._group["image"][index]])

    @named_damage
    def mask(self, index: int) -> NDArray[np.bool_]:
        """Which of their pixels were really seen, (V, H, W)."""
        if "mask" in self._group:
            return self._group["mask"][index]
        return np.ones((self.views, *self.store.size), np.bool_)

    @named_damage
    def pose(self, index: int) -> NDArray[np.float32]:
        """context_from_target, (V, 4, 4), m."""
        return self._group["pose"][index]

    @named_damage
    def velocity(self, index: int) -> NDArray[np.float32]:
        """Of a kind in time, at t-1, t, t+1, (3, 6): linear (m/s) and angular (rad/s), in that instant's camera."""
        return self._group["velocity"][index]

    @named_damage
    def time_step(self, index: int) -> NDArray[np.float32]:
        """Of a kind in time, from t-1 to t and from t to t+1, (2,), s."""
        return self._group["time_step"][index]
