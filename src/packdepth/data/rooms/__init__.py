"""rooms: the embedded data set, rendered by our own ray caster.

Furnished rectangular rooms seen through the NYU Depth v2 camera, with exact depth, poses and time stamps. Every
frame is a room of its own, and a function of only (seed, split, index) and the image size. Random draws are made
on the CPU from a generator seeded by the frame's name. So a CPU and a GPU render the same numbers to 1e-4 (except for
single pixels on an edge).

The world frame: x right, y down, z ahead, metres, origin in the middle of the floor; a point at height h has y = -h.

    frames = render(seed=0, split="train", indices=range(32), size=(128, 160))
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from packdepth.data.rooms.render import cast
from packdepth.data.rooms.room import sample_room
from packdepth.data.rooms.scene import stack
from packdepth.data.rooms.seeds import frame_id
from packdepth.data.rooms.sensor import develop, sensor_noise
from packdepth.data.rooms.trajectory import FRAME_PERIOD, poses
from packdepth.geometry.cameras import check_size, nyu_intrinsics
from packdepth.utils.threads import threads_of_torch

VERSION = 1  # raised when pixels change

NEIGHBOURS = (-1, 0, 1)
RIGHT = 2  # names the noise of the second camera, whose sensor is another; times have -1, 0 and 1
CPU_CHUNK = 1 << 17  # pixels cast at once: on a CPU so few that they stay in its cache,
GPU_CHUNK = 1 << 23  # on a GPU so many that it is busy


@dataclass(frozen=True)
class Frames:
    """A batch of rendered frames. With neighbours, axis 1 of `rgb`, `depth`, `pose` and `time` is t-1, t, t+1."""

    rgb: Tensor  # uint8 (N, H, W, 3) or (N, 3, H, W, 3)
    depth: Tensor  # float32 (N, H, W) or (N, 3, H, W): camera z, metres
    intrinsics: Tensor  # float32 (N, 3, 3): px, the same for a frame and its neighbours
    pose: Tensor  # float64 (N, 4, 4) or (N, 3, 4, 4): world_from_camera, metres
    time: Tensor  # float64 (N,) or (N, 3): s; frame i stands at i seconds, far from every other room's frames
    id: list[str]  # "rooms/<seed>/<split>/<index>"


def render(
    seed: int,
    split: str,
    indices: Sequence[int],
    size: tuple[int, int],
    *,
    neighbours: bool = False,
    period: float = FRAME_PERIOD,
    device: str | torch.device = "cpu",
) -> Frames:
    """Render frames of a split, each with its neighbours in time (one smooth hand-held motion) if asked.

    Args:
        seed: of the whole data set.
        split: a name such as "train"; different splits share no rooms.
        indices: which frames, each >= 0.
        size: (height, width).
        neighbours: render them, too.
        period: s from a frame to its neighbours.
        device: of the ray caster and of the result.

    Raises:
        ValueError: a size that is not two positive integers, an empty split or one with a slash, no index or a
            negative one.
    """
    check_size(size)
    ids = [frame_id(seed, split, index) for index in indices]
    if not ids:
        raise ValueError("indices is empty: rooms renders at least one frame")
    offsets = NEIGHBOURS if neighbours else (0,)
    rgb, depth, pose = _render_chunks(ids, offsets, period, size, device)
    time = _start(indices)[:, None] + period * torch.tensor(offsets, dtype=torch.float64)
    if not neighbours:
        rgb, depth, pose, time = rgb[:, 0], depth[:, 0], pose[:, 0], time[:, 0]
    return Frames(rgb, depth, _intrinsics(len(ids), size, device), pose.to(device), time.to(device), ids)


def render_neighbours(
    seed: int,
    split: str,
    indices: Sequence[int],
    size: tuple[int, int],
    frame_from_neighbour: Tensor,
    device: str | torch.device = "cpu",
) -> Tensor:
    """The images at t-1 and t+1 of frames on motions given by the caller, uint8 (N, 2, H, W, 3).

    `frame_from_neighbour` is (N, 2, 4, 4), metres; the rest as for `render`.
    """
    ids = [frame_id(seed, split, index) for index in indices]
    return _render_chunks(ids, (-1, 1), frame_from_neighbour.double().cpu(), size, device)[0]


def render_right(
    seed: int,
    split: str,
    indices: Sequence[int],
    size: tuple[int, int],
    baseline: float,
    device: str | torch.device = "cpu",
) -> Frames:
    """What a second camera sees, `baseline` metres to the right of the frames' at the same instant.

    Both look the same way. The other arguments are as for `render`.
    """
    ids = [frame_id(seed, split, index) for index in indices]
    frame_from_right = torch.eye(4, dtype=torch.float64).repeat(len(ids), 1, 1, 1)
    frame_from_right[..., 0, 3] = baseline
    rgb, depth, pose = _render_chunks(ids, (RIGHT,), frame_from_right, size, device)
    time = _start(indices).to(device)
    return Frames(rgb[:, 0], depth[:, 0], _intrinsics(len(ids), size, device), pose[:, 0].to(device), time, ids)


def _start(indices: Sequence[int]) -> Tensor:
    """When the frames were taken, s, float64 (N,)."""
    return torch.tensor([float(index) for index in indices], dtype=torch.float64)


def _intrinsics(count: int, size: tuple[int, int], device: str | torch.device) -> Tensor:
    return nyu_intrinsics(size).float().expand(count, 3, 3).contiguous().to(device)


def _render_chunks(
    ids: list[str], offsets: Sequence[int], motion: Tensor | float, size: tuple[int, int], device: str | torch.device
) -> list[Tensor]:
    """What `_render_chunk` gives, for any number of frames, as many at once as suit the device."""
    on_cpu = torch.device(device).type == "cpu"
    step = max(1, (CPU_CHUNK if on_cpu else GPU_CHUNK) // (size[0] * size[1] * len(offsets)))
    parts = [slice(first, first + step) for first in range(0, len(ids), step)]

    def chunk(part: slice) -> tuple[Tensor, Tensor, Tensor]:
        return _render_chunk(ids[part], offsets, motion[part] if isinstance(motion, Tensor) else motion, size, device)

    # Threads that render a chunk each never wait for one another. Threads that share every small operation do so, tens
    # of thousands of times, which on a busy machine is several times slower.
    with threads_of_torch(1) as threads, ThreadPoolExecutor(threads if on_cpu else 1) as pool:
        return [torch.cat(tensors) for tensors in zip(*pool.map(chunk, parts), strict=True)]


def _render_chunk(
    ids: list[str], offsets: Sequence[int], motion: Tensor | float, size: tuple[int, int], device: str | torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    """RGB (B, T, H, W, 3), depth (B, T, H, W) and pose (B, T, 4, 4, on the CPU) of a few frames at T offsets.

    `motion` is the seconds between offsets, if the camera moves on the room's own motion. Otherwise it is the cameras'
    poses around the frame's: frame_from_camera (B, T, 4, 4), metres.
    """
    rooms = [sample_room(name) for name in ids]
    motions = [room.motion for room in rooms]
    if isinstance(motion, Tensor):
        pose = poses(motions, [0.0]) @ motion
    else:
        pose = poses(motions, [offset * motion for offset in offsets])
    noise = np.stack([sensor_noise(name, offset, size) for name in ids for offset in offsets])
    scene = stack(rooms, len(offsets), device)
    depth, radiance = cast(scene, pose.flatten(0, 1).float().to(device), size)
    rgb = develop(radiance, scene.exposure, torch.from_numpy(noise).to(device))
    return rgb.unflatten(0, (len(ids), -1)), depth.unflatten(0, (len(ids), -1)), pose
