"""Image files, decoded and scaled, and depth shrunk for viewing."""

import contextlib
import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from packdepth.errors import InputError
from packdepth.utils.files import require_file

THUMBNAIL_WIDTH = 160  # px, about that of a depth picture on a sheet of many: a LiDAR's points are lost on a larger one
# Formats that Pillow decodes itself. For others, such as PostScript, it starts programs.
FORMATS = ("PNG", "JPEG", "WEBP", "TIFF", "BMP", "GIF", "PPM")
MOST_PIXELS = 100_000_000  # of an image that keeps its size
SHRUNK = 2  # times in each direction, a photo with more
OPENING = threading.Lock()  # Pillow's limit is one for all threads
SIXTEEN_BITS = ("I;16", "I;16B", "I")  # as Pillow calls one channel of 16 bits
UNREADABLE = (OSError, SyntaxError, ValueError, Image.DecompressionBombError)  # what Pillow says of a damaged file
ON_ITS_SIDE = (5, 6, 7, 8)  # EXIF orientations that swap height and width


@dataclass(frozen=True)
class Header:
    """What an image file says of itself before its pixels."""

    size: tuple[int, int]  # height and width, px, upright
    mode: str  # as Pillow calls it
    format: str
    turned: bool  # whether EXIF data say that the pixels are to be turned


def decode(content: bytes, name: str) -> Image.Image:
    """An image file's content, decoded. Raises InputError that names it if it cannot be."""
    try:
        image = _opened(io.BytesIO(content))
        image.load()
    except UNREADABLE as error:
        raise _unreadable(name, error) from None
    return image


def _opened(source: Path | io.BytesIO, more: int = 1) -> Image.Image:
    """An image whose pixels are still to be decoded; it may have so many times as many as usual."""
    most = more * MOST_PIXELS
    with _without_pillows_limit():
        image = Image.open(source, formats=FORMATS)
    if image.width * image.height > most:
        raise ValueError(f"has {image.height}x{image.width} px, more than {most // 10**6} million; shrink it first")
    return image


@contextlib.contextmanager
def _without_pillows_limit() -> Iterator[None]:
    """Pillow's own limit, 179 million pixels, lies between ours."""
    with OPENING:
        limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
        try:
            yield
        finally:
            Image.MAX_IMAGE_PIXELS = limit


def _unreadable(name: str, error: Exception) -> InputError:
    known = isinstance(error, UnidentifiedImageError)  # its message names a buffer
    reason = f"not one of {', '.join(FORMATS)}" if known else str(error)
    return InputError(f"{name}: cannot be read as an image: {reason}")


def read_image(path: Path) -> Image.Image:
    """An image file, decoded. Raises InputError that names the file if it cannot be."""
    return decode(_content(path), str(path))


def read_photo(path: Path) -> tuple[Image.Image, int]:
    """A photo's file as upright RGB, and how many times smaller it was made in each direction: 1 or 2.

    Photos of more than 100 million pixels are made smaller early, up to 400 million. Raises InputError that names the
    file if it cannot be decoded, or has even more.
    """
    content = _content(path)
    try:
        image = _opened(io.BytesIO(content), more=SHRUNK**2)
        whole = image.size
        shrunk = SHRUNK if image.width * image.height > MOST_PIXELS else 1
        if shrunk > 1:
            image.draft("RGB", (image.width // shrunk, image.height // shrunk))  # a JPEG is decoded at that size
        image.load()
    except UNREADABLE as error:
        raise _unreadable(str(path), error) from None
    rgb = upright_rgb(image, str(path))
    return (rgb.reduce(shrunk) if shrunk > 1 and image.size == whole else rgb), shrunk


def _content(path: Path) -> bytes:
    try:
        return require_file(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read as an image: {error}") from None


def read_header(path: Path) -> Header:
    """An image file's header; no pixel is decoded. Raises InputError that names the file if it is no image."""
    require_file(path)
    try:
        with _opened(path) as image:
            size, mode, kind = (image.height, image.width), image.mode, image.format or ""
            orientation = 1 if kind == "TIFF" else _orientation(image)  # Pillow itself turns TIFFs
    except UNREADABLE as error:
        raise _unreadable(str(path), error) from None
    return Header(size[::-1] if orientation in ON_ITS_SIDE else size, mode, kind, orientation != 1)


def _orientation(image: Image.Image) -> int:
    """EXIF's orientation; 1, upright, without EXIF data or with broken ones."""
    with contextlib.suppress(*UNREADABLE):
        return int(Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1))  # a PNG's own getexif decodes it
    return 1


def upright_rgb(image: Image.Image, name: str) -> Image.Image:
    """A decoded image as RGB of 8 bits, turned upright as its EXIF data say.

    Grey of 16 bits is scaled to 8. A palette gives its colours, and an alpha channel is dropped. Raises InputError that
    names the image if it holds floats, grey of more than 16 bits, or a mode that does not become RGB.
    """
    with contextlib.suppress(*UNREADABLE):  # broken EXIF data say nothing
        image = ImageOps.exif_transpose(image)
    if image.mode == "F":
        raise InputError(f"{name}: holds floats; expected 8 or 16 bits a channel")
    if image.mode in SIXTEEN_BITS:  # Pillow would cut them off at 255
        grey = counts(image, name)
        if grey.min() < 0 or grey.max() >= 2**16:
            raise InputError(f"{name}: has grey from {grey.min()} to {grey.max()}; expected 8 or 16 bits a channel")
        image = Image.fromarray(((grey + 128) // 257).astype(np.uint8))  # 65535 is white
    try:
        if "transparency" in image.info:  # of a palette: Pillow warns without this step
            image = image.convert("RGBA")
        return image.convert("RGB")
    except ValueError:
        raise InputError(f"{name}: has pixels of mode {image.mode}, which cannot become RGB") from None


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


def fitted(depth: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.float32]:
    """Depth (h, w) at another size (H, W), 0 where unknown, for dense and for sparse depth.

    Every pixel takes the nearest one's depth. Where that is unknown it takes the smallest of the depths that fall on
    it, as the points of a LiDAR do; the nearest pixel by itself would lose most of them. Known and unknown never mix.
    """
    places = depth.nonzero()
    row, column = (
        (2 * place + 1) * new // (2 * old) for place, new, old in zip(places, size, depth.shape, strict=True)
    )
    fallen = np.full(size, np.inf, np.float32)
    np.minimum.at(fallen, (row, column), depth[places])
    taken = nearest(depth, size)
    return np.where((taken == 0) & np.isfinite(fallen), fallen, taken)


def thumbnail_of_depth(depth: NDArray[np.float32]) -> NDArray[np.float32]:
    """Depth (h, w) shrunk by a whole factor, to a width of 160 px or more; unchanged if the width is below 320.

    Every pixel shows the nearest known depth of its block, 0 where none is known.
    """
    factor = max(1, depth.shape[1] // THUMBNAIL_WIDTH)
    padded = np.pad(depth, [(0, -side % factor) for side in depth.shape])
    blocks = padded.reshape(padded.shape[0] // factor, factor, -1, factor)
    nearest = np.where(blocks > 0, blocks, np.inf).min(axis=(1, 3))
    return np.where(np.isinf(nearest), 0, nearest).astype(np.float32)
