"""Depth files: PNG, TIFF, PGM and PFM of one channel, and NumPy's .npy.

Depth is metres of camera z: count * unit + offset. Unknown are 0, what is not finite, the largest count of 16 bits
(sensors saturate there, and 7-Scenes marks unknown depth with it), what lies beyond float16's range (renderers put
the sky there), and the count that the settings name.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from packdepth.config.datasets import FolderData
from packdepth.data.store.frames import DepthUnit
from packdepth.errors import InputError
from packdepth.utils.files import require_file
from packdepth.utils.images import read_header, read_image

ENDINGS = (".png", ".tif", ".tiff", ".pgm", ".pfm", ".npy")
TYPES = {"L": np.uint8, "I;16": np.uint16, "I;16B": np.uint16, "I;16L": np.uint16, "I": np.int32, "F": np.float32}
PGM = re.compile(rb"P[25](?:\s|#.*\n)+\d+(?:\s|#.*\n)+\d+(?:\s|#.*\n)+(\d+)\s")  # width, height, largest count
SATURATED = 65535
MILLIMETRES = 65.5355  # m: nearer than this is a whole number of mm in 16 bits
FARTHEST = 65504.0  # m, float16's largest number
ALL_FAR = 1000.0  # m: a camera sees something nearer


@dataclass(frozen=True)
class DepthFile:
    """What a depth file says before its pixels."""

    path: Path
    size: tuple[int, int]  # height and width, px
    dtype: np.dtype[Any]


def look(path: Path, data: FolderData) -> DepthFile:
    """A depth file's size and type; no pixel is decoded. Raises InputError that names a file that is not read."""
    file = _array_file(path) if path.suffix.lower() == ".npy" else _image_file(path)
    if file.dtype.itemsize == 1 and data.depth_offset is None:
        told = "is of 8 bits, as pictures of depth are; if it is depth, state data.depth_offset (m, 0 for none)"
        raise InputError(f"{path}: {told}")
    return file


def _array_file(path: Path) -> DepthFile:
    array = _array(path)
    return DepthFile(path, (array.shape[0], array.shape[1]), array.dtype)


def _image_file(path: Path) -> DepthFile:
    header = read_header(path)
    if header.mode not in TYPES:
        raise InputError(f"{path}: is of mode {header.mode}; expected depth, one channel of 8 or 16 bits or floats")
    dtype = np.uint16 if header.format == "PPM" and header.mode == "I" else TYPES[header.mode]
    return DepthFile(path, header.size, np.dtype(dtype))


def stored_unit(files: list[DepthFile], data: FolderData) -> DepthUnit:
    """Millimetres, if no file can hold depth that they do not reach (65.535 m); else metres, as float16."""
    dtypes = {file.dtype for file in files}
    if all(dtype.kind == "u" and _metres(np.iinfo(dtype).max, data) < MILLIMETRES for dtype in dtypes):
        return "millimetre"
    return "metre"


def read_depth(file: DepthFile, data: FolderData) -> NDArray[np.float32]:
    """Depth (h, w) in m, 0 where unknown. Raises InputError that names the file, and what is wrong with it."""
    counts = _counts(file)
    saturated = file.dtype.kind == "u" and file.dtype.itemsize == 2
    known = np.isfinite(counts) & (counts > 0) & (counts < (SATURATED if saturated else np.inf))
    if data.depth_unknown is not None:
        known &= counts != data.depth_unknown
    metres = np.where(known, _metres(np.where(known, counts, 0).astype(np.float64), data), 0)
    metres[(metres < 0) | (metres >= FARTHEST)] = 0
    nearest = metres[metres > 0].min(initial=FARTHEST)
    if ALL_FAR <= nearest < FARTHEST:
        raise InputError(f"{file.path}: its nearest depth is {nearest:.6g} m; is data.depth_unit in params.yaml right?")
    return metres.astype(np.float32)


def _metres(counts: Any, data: FolderData) -> Any:
    return counts * data.depth_unit + (data.depth_offset or 0.0)


def _counts(file: DepthFile) -> NDArray[Any]:
    if file.path.suffix.lower() == ".npy":
        return _array(file.path)
    image = read_image(file.path)
    counts = np.asarray(image)
    if image.format != "PPM" or file.dtype.kind == "f":
        return counts
    if not (header := PGM.match(file.path.read_bytes())):
        raise InputError(f"{file.path}: is no PGM; expected width, height and largest count")
    largest = np.iinfo(file.dtype).max  # Pillow scales counts to this one
    return np.round(counts * (int(header[1]) / largest)).astype(file.dtype)


def _array(path: Path) -> NDArray[Any]:
    """The array (h, w) of an .npy file, read when it is used."""
    require_file(path)
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path}: cannot be read as an array: {error}") from None
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.dtype.kind not in "uif" or not array.size:
        got = f"{array.dtype} {array.shape}" if isinstance(array, np.ndarray) else "several arrays"
        raise InputError(f"{path}: holds {got}; expected depth (height, width) as numbers")
    return array
