"""Folders of RGB-D frames, as people have them."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from pydantic import TypeAdapter

from packdepth.config.datasets import Data
from packdepth.data.store.frames import Store

SIZE = (64, 128)  # height and width of the frames, px


def settings(source: Path, **changes: Any) -> Data:
    """A folder's data section: stores of 64x64, the last quarter of the frames to test on."""
    plain = {"dataset": "folder", "source": source, "size": [64, 64], "depth_unit": 0.001, "test": 0.25}
    plain |= {"intrinsics": [100.0, 100.0, 63.5, 31.5]}
    return TypeAdapter(Data).validate_python(plain | changes)


def write_image(path: Path, values: np.ndarray | Image.Image, **options: Any) -> Path:
    """An image file of an array, in the format that its ending says, below folders made for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    image = values if isinstance(values, Image.Image) else Image.fromarray(values)
    image.save(path, **options)
    return path


def write_frame(source: Path, name: str, depth: np.ndarray, rgb: np.ndarray | None = None) -> None:
    """A PNG in rgb/ and one of 16 bits in depth/."""
    pixels = np.full((*depth.shape, 3), 128, np.uint8) if rgb is None else rgb
    write_image(source / "rgb" / f"{name}.png", pixels)
    write_image(source / "depth" / f"{name}.png", depth.astype(np.uint16))


def write_video(source: Path, frames: int, first: int = 0) -> Path:
    """Frames f0, f1, ..., whose depth is 1000 * (frame + 1) counts on the left half, 500 more on the right."""
    for frame in range(first, first + frames):
        depth = np.full(SIZE, 1000 * (frame + 1))
        depth[:, SIZE[1] // 2 :] += 500
        write_frame(source, f"f{frame}", depth)
    return source


def ids(store: Store) -> list[str]:
    """The names of a store's frames, in their order."""
    return [store.id(index) for index in range(store.images)]
