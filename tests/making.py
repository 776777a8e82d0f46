"""Small stores that tests make by hand."""

from pathlib import Path

import numpy as np

from packdepth.data.store import Batch, Origin, create

TOP = Path(__file__).parent.parent


def slopes(frames: int, size: tuple[int, int] = (64, 64), seed: int = 0) -> Batch:
    """Images whose brightness tells their depth: slopes of 0.6 to 9 m, without neighbours in time."""
    random = np.random.default_rng(seed)
    ramp = np.linspace(1.0, 7.0, size[0])[None, :, None] * random.uniform(0.6, 1.25, (frames, 1, 1))
    depth = np.broadcast_to(ramp, (frames, *size)).astype(np.float32)
    rgb = np.repeat((depth * 25).astype(np.uint8)[..., None], 3, axis=3)
    camera = np.array([[60.0, 0, 31.5], [0, 60.0, 31.5], [0, 0, 1]], np.float32)
    return Batch(rgb, depth, np.tile(camera, (frames, 1, 1)), [f"slopes/{seed}/{i}" for i in range(frames)])


def write_store(path: Path, batch: Batch) -> Path:
    with create(path, Origin("slopes", 1, "none", "tests", {"made": "by hand"})) as writer:
        writer.append(batch)
    return path
