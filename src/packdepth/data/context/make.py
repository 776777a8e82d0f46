"""From a training store to the file of its frames' neighbours: `packdepth context`."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import torch

from packdepth.config.datasets import RoomsData
from packdepth.config.study import Context, Study
from packdepth.data.context.recorded import BATCH, filmed, rendered
from packdepth.data.context.stereo import store_batch, stored_pair, synthetic_right
from packdepth.data.context.synthesis import synthesize
from packdepth.data.store.context import FORMAT, Neighbours, append_neighbours, views_of
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.utils.files import atomic_write, locked, remove_parts, require_space
from packdepth.utils.progress import track

LOCKS = Path(".packdepth/stores")
DENSE = 0.3  # least share of known depth to warp a frame; LiDAR has a twentieth, a Kinect two thirds


def make_context(study: Study, store_path: Path, path: Path) -> None:
    """Write every kind of context that the scale asks for.

    Raises InputError if the store lacks what a kind needs.
    """
    settings = study.active_scale.context
    store = Store(store_path)
    with locked(LOCKS / study.scale / "context.lock", "makes this file"):
        remove_parts(path)
        views = sum(views_of(kind) for kind in settings.kinds if kind != "stereo")  # its images are in the store
        require_space(path.parent, views * len(store) * 4 * store.size[0] * store.size[1])
        with atomic_write(path) as part, h5py.File(part, "w") as file:
            for kind in settings.kinds:
                _write(
                    file.create_group(kind), _neighbours(study, settings, store, kind), f"{kind} context", len(store)
                )
            file.attrs.update(
                {"format": FORMAT, "store": store.fingerprint, "parameters": _parameters(study, settings)}
            )


def _write(group: h5py.Group, batches: Iterator[Neighbours], title: str, frames: int) -> None:
    content = hashlib.sha256()
    with track(title, frames) as advance:
        for batch in batches:
            append_neighbours(group, batch)
            for values in vars(batch).values():
                content.update(b"" if values is None else np.ascontiguousarray(values).data)
            advance(len(batch.frame))
    group.attrs["fingerprint"] = content.hexdigest()


def _neighbours(study: Study, settings: Context, store: Store, kind: str) -> Iterator[Neighbours]:
    if kind == "synthetic":
        return _synthetic(store, study, settings)
    if kind == "synthetic-stereo":
        _require_dense(store)
        return synthetic_right(store, settings.baseline)
    if kind == "stereo":
        return stored_pair(store, study.data.dataset)
    if isinstance(study.data, RoomsData):
        return rendered(store, study.data, study.motions[settings.motion], settings.seed)
    return filmed(store, study.data.dataset)


def _synthetic(store: Store, study: Study, settings: Context) -> Iterator[Neighbours]:
    _require_dense(store)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    for first in range(0, len(store), BATCH):
        places = range(first, min(first + BATCH, len(store)))
        made = synthesize(
            *store_batch(store, places, device),
            [store.id(place) for place in places],
            study.motions[settings.motion],
            settings.seed,
        )
        yield Neighbours(
            frame=np.array(places, np.int32),
            pose=made.pose.cpu().numpy(),
            velocity=made.velocity.cpu().numpy(),
            time_step=np.full((len(places), 2), made.time_step, np.float32),
            rgb=made.rgb.cpu().numpy(),
            mask=made.mask.cpu().numpy(),
        )


def _require_dense(store: Store) -> None:
    first = store.depth(0)
    if first.shape != store.size:
        raise InputError(f"{store.path}: depth is {first.shape}, images {store.size}; a warp needs a depth a pixel")
    known = float(np.mean([(store.depth(index) > 0).mean() for index in range(0, len(store), -(-len(store) // 16))]))
    if known < DENSE:
        raise InputError(f"{store.path}: depth is known at {known:.1%} of pixels; synthetic context needs {DENSE:.0%}")


def _parameters(study: Study, settings: Context) -> str:
    motion = study.motions[settings.motion].model_dump(mode="json")
    return json.dumps(settings.model_dump(mode="json") | {"motion": motion}, sort_keys=True)
