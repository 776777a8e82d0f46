"""A second camera beside the first: the same instant, parallel axes, a known distance, as a rule to the right."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from packdepth.data.context.recorded import BATCH
from packdepth.data.context.synthesis import seen_from
from packdepth.data.store.context import Neighbours
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.geometry.rigid import right_from_left

EXAMPLES = {"kitti": "true", "rooms": "0.2"}  # of the setting, for data sets that have it


def synthetic_right(store: Store, baseline: float) -> Iterator[Neighbours]:
    """What a second camera would see, made of every frame and its depth.

    The baseline (m) is never shortened, however much it uncovers.
    """
    device = "cuda" if torch.cuda.is_available() else "cpu"
    for first in range(0, len(store), BATCH):
        places = range(first, min(first + BATCH, len(store)))
        rgb, depth, intrinsics = store_batch(store, places, device)
        pose = right_from_left(baseline).to(device).expand(len(places), 4, 4)
        made, seen = seen_from(rgb.movedim(-1, 1).float().contiguous(), depth, intrinsics, pose)
        yield Neighbours(
            frame=np.array(places, np.int32),
            pose=pose[:, None].cpu().numpy(),
            rgb=made[:, None].cpu().numpy(),
            mask=seen[:, None].cpu().numpy(),
        )


def stored_pair(store: Store, dataset: str) -> Iterator[Neighbours]:
    """What the second camera took with all frames of a store that have its image, filmed or rendered.

    Raises InputError if there are none, or if that camera has another matrix: pairs must be rectified.
    """
    if not store.has("second"):
        example = EXAMPLES.get(dataset)
        way = f"; with `stereo: {example}` in its data a store made anew keeps them" if example else ""
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
