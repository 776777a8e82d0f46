"""A second camera beside the first: the same instant, parallel axes, a known distance, as a rule to the right."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from packdepth.config.datasets import RoomsData
from packdepth.data import rooms
from packdepth.data.context.recorded import BATCH
from packdepth.data.context.synthesis import seen_from
from packdepth.data.store.context import Neighbours
from packdepth.data.store.frames import Store
from packdepth.errors import InputError


def right_from_left(baseline: float) -> Tensor:
    """Motion (4, 4), m, that takes points of a camera to one `baseline` metres to its right."""
    motion = torch.eye(4)
    motion[0, 3] = -baseline
    return motion


def rendered_right(store: Store, data: RoomsData, baseline: float) -> Iterator[Neighbours]:
    """What the second camera sees of all frames of rooms, rendered with sensor noise of its own."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    for first in range(0, len(store), BATCH):
        places = range(first, min(first + BATCH, len(store)))
        rgb = rooms.render_right(data.seed, "train", places, store.size, baseline, device)
        yield _of(places, rgb, torch.ones(rgb.shape[:3], dtype=torch.bool), baseline)


def synthetic_right(store: Store, baseline: float) -> Iterator[Neighbours]:
    """The same, made of every frame and its depth. The baseline is never shortened, however much it uncovers."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    for first in range(0, len(store), BATCH):
        places = range(first, min(first + BATCH, len(store)))
        rgb, depth, intrinsics = store_batch(store, places, device)
        pose = right_from_left(baseline).to(device).expand(len(places), 4, 4)
        made, seen = seen_from(rgb.movedim(-1, 1).float().contiguous(), depth, intrinsics, pose)
        yield _of(places, made, seen, baseline)


def filmed_pair(store: Store, dataset: str) -> Iterator[Neighbours]:
    """What the second camera took with all frames of a store that have its image.

    Raises InputError if there are none, or if that camera has another matrix: pairs must be rectified.
    """
    if not store.has("second"):
        way = "; `stereo: true` in its data keeps them" if dataset == "kitti" else ""
        lacks = f"{dataset} has no images of a second camera here, so no stereo context{way}"
        raise InputError(f"{store.path}: {lacks}; synthetic-stereo context may do")
    image = np.array([store.second(index) for index in range(len(store))], np.int32)
    places = np.flatnonzero(image >= 0).astype(np.int32)
    if not len(places):
        raise InputError(f"{store.path}: no frame has the second camera's image")
    for first in range(0, len(places), BATCH):
        batch = places[first : first + BATCH]
        for place in batch.tolist():
            if not np.allclose(store.intrinsics(place), store.intrinsics(int(image[place]))):
                raise InputError(f"{store.path}: {store.id(place)}: its second camera has another matrix")
        pose = np.stack([store.second_pose(place) for place in batch.tolist()])
        yield Neighbours(frame=batch, pose=pose[:, None], image=image[batch][:, None])


def store_batch(store: Store, places: range, device: str) -> tuple[Tensor, Tensor, Tensor]:
    """RGB (B, H, W, 3), depth (B, H, W), m, and intrinsics (B, 3, 3), px, of some frames, on a device."""

    def batch(read: Callable[[int], NDArray[Any]]) -> Tensor:
        return torch.from_numpy(np.stack([read(place) for place in places])).to(device)

    return batch(store.rgb), batch(store.depth), batch(store.intrinsics)


def _of(places: range, rgb: Tensor, mask: Tensor, baseline: float) -> Neighbours:
    return Neighbours(
        frame=np.array(places, np.int32),
        pose=right_from_left(baseline).expand(len(places), 1, 4, 4).numpy(),
        rgb=rgb[:, None].cpu().numpy(),
        mask=mask[:, None].cpu().numpy(),
    )
