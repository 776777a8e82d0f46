"""Image files, decoded and scaled, and depth shrunk for viewing."""

import io
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from packdepth.errors import InputError

THUMBNAIL_WIDTH = 160  # px, about that of a depth picture on a sheet of many: a LiDAR's points are lost on a larger one
SIXTEEN_BITS = ("I;16", "I;16B", "I")  # as Pillow calls one channel of 16 bits


def decode(content: bytes, name: str) -> Image.Image:
    """An image file's content, decoded. Raises InputError that names it if it cannot be."""
    try:
        image = Image.open(io.BytesIO(content))
        image.load()
    except (OSError, UnidentifiedImageError, SyntaxError, Image.DecompressionBombError) as error:
        raise InputError(f"{name}: cannot be read as an image: {error}") from None
    return image


def read_image(path: Path) -> Image.Image:
    """An image file, decoded. Raises InputError that names the file if it cannot be."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read as an image: {error}") from None
    return decode(content, str(path))


def colours(image: Image.Image, size: tuple[int, int]) -> NDArray[np.uint8]:
    """RGB (*size, 3) of a whole image, scaled to `size` (height, width) with Lanczos' filter."""
    rgb = image.convert("RGB")
    if rgb.size != size[::-1]:
        rgb = rgb.resize(size[::-1], Image.Resampling.LANCZOS)
    return np.asarray(rgb)


def counts(image: Image.Image, name: str) -> NDArray[np.int64]:
    """The counts (H, W) of a 16-bit image. Raises InputError that names it unless it has one channel of 16 bits."""
    if image.mode not in SIXTEEN_BITS:
        raise InputError(f"{name}: is of mode {image.mode}; expected one channel of 16 bits")
    return np.asarray(image).astype(np.int64)


def nearest(depth: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Depth (h, w) at another size (H, W): every pixel takes the nearest one's depth. Known and unknown never mix."""
    return np.asarray(Image.fromarray(depth).resize(size[::-1], Image.Resampling.NEAREST))


def thumbnail_of_depth(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Depth (h, w) shrunk by a whole factor, to a width of 160 px or more; unchanged if the width is below 320.

    Every pixel shows the nearest known depth of its block, 0 where none is known.
    """
    factor = max(1, depth.shape[1] // THUMBNAIL_WIDTH)
    padded = np.pad(depth, [(0, -side % factor) for side in depth.shape])
    blocks = padded.reshape(padded.shape[0] // factor, factor, -1, factor)
    nearest = np.where(blocks > 0, blocks, np.inf).min(axis=(1, 3))
    return np.where(np.isinf(nearest), 0, nearest).astype(np.float32)
