"""Neighbouring frames that a data set itself has: rooms are rendered from anywhere, KITTI and DDAD were filmed."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from packdepth.config.datasets import RoomsData
from packdepth.config.motions import MotionModel
from packdepth.data import rooms
from packdepth.data.context.trajectory import sample
from packdepth.data.store.context import Neighbours
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.geometry.rigid import inverse, vector_from_rotation

BATCH = 64  # frames


def rendered(store: Store, data: RoomsData, model: MotionModel, seed: int) -> Iterator[Neighbours]:
    """The neighbours of all frames of rooms, rendered, on the motions of synthetic ones before any shortening."""
    device = "cuda" if torch.cuda.is_available() else "cpu"
    step = 1 / model.frequency
    for first in range(0, len(store), BATCH):
        places = range(first, min(first + BATCH, len(store)))
        motions = sample(model, seed, [store.id(place) for place in places])
        around = motions.poses((-step, step))
        rgb = rooms.render_neighbours(data.seed, "train", places, store.size, around, device).cpu().numpy()
        yield Neighbours(
            frame=np.array(places, np.int32),
            pose=inverse(around).float().numpy(),
            velocity=motions.velocities((-step, 0.0, step)).float().numpy(),
            time_step=np.full((len(places), 2), step, np.float32),
            rgb=rgb,
            mask=np.ones(rgb.shape[:4], np.bool_),
        )


def filmed(store: Store, dataset: str) -> Iterator[Neighbours]:
    """The neighbours of all frames of a store that have both. Raises InputError if the data set has none."""
    missing = [name for name in ("neighbours", "pose", "time") if not store.has(name)]
    if missing:
        lacks = ", ".join(missing)
        raise InputError(f"{store.path}: {dataset} has no {lacks}, so no recorded context; synthetic context may do")
    around = np.array([store.neighbours(index) for index in range(len(store))], np.int32)
    places = np.flatnonzero((around >= 0).all(axis=1)).astype(np.int32)
    if not len(places):
        raise InputError(f"{store.path}: no frame has both of its neighbours")
    for first in range(0, len(places), BATCH):
        yield _of_store(store, places[first : first + BATCH], around)


def _of_store(store: Store, places: np.typing.NDArray[np.int32], around: np.typing.NDArray[np.int32]) -> Neighbours:
    image = around[places]
    triples = np.stack([image[:, 0], places, image[:, 1]], axis=1).tolist()
    pose = torch.tensor(np.array([[store.pose(i) for i in triple] for triple in triples]), dtype=torch.float64)
    time = torch.tensor([[store.time(i) for i in triple] for triple in triples], dtype=torch.float64)
    velocity = velocities(pose, time).float().numpy()
    if store.has("velocity"):  # what a sensor measured
        velocity[..., :3] = [[store.velocity(i) for i in triple] for triple in triples]
    return Neighbours(
        frame=places,
        pose=(inverse(pose[:, [0, 2]]) @ pose[:, 1:2]).float().numpy(),
        velocity=velocity,
        time_step=time.diff(dim=1).float().numpy(),
        image=image,
    )


def velocities(world_from_camera: Tensor, time: Tensor) -> Tensor:
    """Velocity (B, 3, 6) at three instants: linear in m/s and angular in rad/s, in the camera of that instant.

    The derivative of the parabola through the three positions (exact for constant acceleration), and of that through
    the three rotation vectors seen from the middle frame (right to second order in the angle).

    Args:
        world_from_camera: (B, 3, 4, 4), m.
        time: (B, 3), s, rising.
    """
    rotation, position = world_from_camera[..., :3, :3], world_from_camera[..., :3, 3]
    slopes = _slopes(time)
    linear = slopes @ position
    angular = slopes @ vector_from_rotation(rotation[:, 1:2].mT @ rotation)  # in the middle camera
    in_world = (rotation[:, 1:2] @ angular[..., None])[..., 0]
    return torch.cat([(rotation.mT @ v[..., None])[..., 0] for v in (linear, in_world)], dim=-1)


def _slopes(time: Tensor) -> Tensor:
    """(B, 3, 3): times values at three times (B, 3), the derivatives there of the parabola through them (Lagrange)."""
    columns = []
    for node in range(3):
        one, two = (time[:, other, None] for other in range(3) if other != node)
        here = time[:, node, None]
        columns.append((2 * time - one - two) / ((here - one) * (here - two)))
    return torch.stack(columns, dim=-1)
