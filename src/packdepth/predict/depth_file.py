"""Depth as a file that other programs read."""

from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from packdepth.errors import InputError
from packdepth.utils.files import atomic_write

Format = Literal["png", "npy", "exr"]
LARGEST = 2**16 - 1  # mm, in a PNG of 16 bits


def write_depth(path: Path, depth: NDArray[np.float32]) -> None:
    """Write depth (H, W), in m, whole or not at all; the name's ending says how.

    .png has 16 bits, in mm, up to 65.5 m; .npy float32, in m; .exr one channel Z of float32, in m. Raises InputError if
    .exr is asked for and OpenEXR is not installed.
    """
    with atomic_write(path) as part:
        match path.suffix:
            case ".png":
                Image.fromarray(millimetres(depth)).save(part, format="PNG")
            case ".npy":
                with part.open("wb") as file:
                    np.save(file, depth)
            case ".exr":
                _write_exr(part, depth)


def millimetres(depth: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Depth in whole mm, cut off at 65.5 m."""
    return np.clip(np.round(depth * 1000.0), 0, LARGEST).astype(np.uint16)


def require(kind: Format) -> None:
    """Raise InputError, before any work, unless depth can be written in this format."""
    if kind == "exr":
        try:
            import OpenEXR  # noqa: F401
        except ImportError:
            raise InputError("exr: needs OpenEXR; install it by: pip install 'packdepth[exr]'") from None


def _write_exr(path: Path, depth: NDArray[np.float32]) -> None:
    import OpenEXR

    header = {"compression": OpenEXR.ZIP_COMPRESSION, "type": OpenEXR.scanlineimage}
    with OpenEXR.File(header, {"Z": np.ascontiguousarray(depth)}) as file:
        file.write(str(path))
