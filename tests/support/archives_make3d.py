"""Small archives of Make3D as published: two gzipped tars a split."""

import io
from pathlib import Path

import numpy as np
import scipy.io
from numpy.typing import NDArray
from PIL import Image

from tests.support.archives_ddad import pack

TRAIN = ("060705-17.10.14-p-018t000", "combined1-p-220t0", "op36-p-108t000")
TEST = ("10.21op2-p-015t000", "math11-p-139t000")
FOLDERS = {"Train400Img.tar.gz": "Train400Img", "Train400Depth.tgz": "Train400Depth"}
FOLDERS |= {"Test134.tar.gz": "Test134", "Test134Depth.tar.gz": "Gridlaserdata"}


def image(number: int) -> Image.Image:
    """1704 px wide, 2272 high: grey, the upper left corner red, that of the central part (from row 710) green."""
    picture = Image.new("RGB", (1704, 2272), (60 + 20 * number,) * 3)
    picture.paste((255, 0, 0), (0, 0, 200, 200))
    picture.paste((0, 255, 0), (0, 710, 200, 910))
    return picture


def distance(number: int) -> NDArray[np.float64]:
    """Distances (55, 305), m: 4 + `number` at the upper left, 1 more a row, an eighth more in the right half."""
    return 4.0 + number + np.arange(55)[:, None] + 0.125 * (np.arange(305) >= 152)


def files() -> dict[str, dict[str, bytes]]:
    """The members of every archive."""
    found: dict[str, dict[str, bytes]] = {archive: {} for archive in FOLDERS}
    for number, stem in enumerate(TRAIN + TEST):
        images, grids = ("Train400Img.tar.gz", "Train400Depth.tgz")
        if stem in TEST:
            images, grids = ("Test134.tar.gz", "Test134Depth.tar.gz")
        found[images][f"{FOLDERS[images]}/img-{stem}.jpg"] = jpeg(image(number))
        found[grids][f"{FOLDERS[grids]}/depth_sph_corr-{stem}.mat"] = mat(distance(number))
    return found


def write_make3d(folder: Path, members: dict[str, dict[str, bytes]] | None = None) -> list[Path]:
    """The four archives, of `files` unless told otherwise."""
    return [pack(folder / name, inside) for name, inside in (members or files()).items()]


def jpeg(picture: Image.Image) -> bytes:
    """An image as a JPEG file."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=90)
    return file.getvalue()


def mat(metres: NDArray[np.float64]) -> bytes:
    """MATLAB 5 with Position3DGrid (55, 305, 4), Y, X, Z and d: all rays straight ahead but for a tilt by 3, 4 in 5."""
    file = io.BytesIO()
    grid = np.stack([0.6 * metres, 0 * metres, 0.8 * metres, metres], -1)
    scipy.io.savemat(file, {"Position3DGrid": grid}, do_compression=True)
    return file.getvalue()
