"""Small archives of NYU Depth v2 in its two published forms."""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import h5py
import numpy as np
import scipy.io
from numpy.typing import NDArray
from PIL import Image

HEADER = b"MATLAB 7.3 MAT-file, Platform: GLNXA64, Created on: Mon Jan  1 00:00:00 2012 HDF5 schema 1.00 ."


def frame(number: int) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """RGB (480, 640, 3), grey with a red upper left corner, and depth (480, 640), m: `number` + 1 at the upper left.

    Depth grows by 1 mm a row, and by 500 mm in the right half.
    """
    rgb = np.full((480, 640, 3), 60 + 20 * number, np.uint8)
    rgb[:32, :32] = 255, 0, 0
    millimetres = 1000 * (number + 1) + np.arange(480)[:, None] + 500 * (np.arange(640) >= 320)
    return rgb, (millimetres / 1000).astype(np.float32)


def write_labelled(folder: Path, frames: int = 4) -> list[Path]:
    """The .mat, and splits.mat: odd numbers to train on, even ones to test on. Frame n, from 1, is `frame(n - 1)`."""
    rgb, depth = zip(*map(frame, range(frames)), strict=True)
    mat = write_mat(folder / "nyu_depth_v2_labeled.mat", rgb, depth, [f"kitchen_{n:04d}" for n in range(1, frames + 1)])
    return [mat, write_splits(folder / "splits.mat", range(1, frames + 1, 2), range(2, frames + 1, 2))]


def write_mat(path: Path, rgb: Sequence[NDArray], depth: Sequence[NDArray], scenes: Sequence[str]) -> Path:
    """MATLAB 7.3 behind its header of 512 bytes: HDF5 with reversed axes, strings as references to character codes."""
    with h5py.File(path, "w", userblock_size=512) as file:
        images = np.stack([image.transpose(2, 1, 0) for image in rgb])
        depths = np.stack([metres.T for metres in depth]).astype(np.float32)
        for name, values in {"images": images, "depths": depths, "rawDepths": depths}.items():
            file.create_dataset(name, data=values, chunks=(1, *values.shape[1:]), compression=1)
        references = file.create_dataset("scenes", (1, len(scenes)), h5py.ref_dtype)
        for place, scene in enumerate(scenes):
            codes = np.array([[ord(letter)] for letter in scene], np.uint16)
            references[0, place] = file.create_dataset(f"#refs#/{place}", data=codes).ref
    with path.open("r+b") as plain:
        plain.write(HEADER.ljust(124) + b"\x00\x02IM")
    return path


def write_splits(path: Path, train: Sequence[int], test: Sequence[int]) -> Path:
    """MATLAB 5, columns of numbers counted from 1."""
    columns = {"trainNdxs": train, "testNdxs": test}
    scipy.io.savemat(path, {key: np.array(values, np.uint16)[:, None] for key, values in columns.items()})
    return path


def files_50k(newline: str = "\r\n") -> dict[str, bytes]:
    """What nyu_data.zip holds: `frame(0)` to `frame(3)` in two scenes to train on, 4 and 5 to test on."""
    train = {f"data/nyu2_train/{scene}/{n}": 2 * s + n - 1 for s, scene in enumerate(SCENES) for n in (1, 2)}
    test = {f"data/nyu2_test/{n:05d}_": 4 + n for n in (0, 1)}
    files = {"data/nyu2_train.csv": _rows(train, ".jpg", ".png", newline)}
    files["data/nyu2_test.csv"] = _rows(test, "colors.png", "depth.png", newline)
    for name, number in train.items():
        rgb, depth = frame(number)
        files[f"{name}.jpg"] = encode(rgb, "JPEG")
        files[f"{name}.png"] = encode(np.round(depth * 25.5).astype(np.uint8), "PNG")
    for name, number in test.items():
        rgb, depth = frame(number)
        files[f"{name}colors.png"] = encode(rgb, "PNG")
        files[f"{name}depth.png"] = encode(np.round(depth * 1000).astype(np.uint16), "PNG")
    return files


SCENES = ("living_room_0038_out", "study_0006_out")


def write_50k(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    """nyu_data.zip, of `files_50k` unless told otherwise."""
    path = folder / "nyu_data.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (files_50k() if files is None else files).items():
            archive.writestr(name, content)
    return path


def encode(values: NDArray, kind: str) -> bytes:
    """An image file, PNG or JPEG."""
    file = io.BytesIO()
    Image.fromarray(values).save(file, kind, **({"quality": 95} if kind == "JPEG" else {"compress_level": 1}))
    return file.getvalue()


def _rows(names: dict[str, int], rgb: str, depth: str, newline: str) -> bytes:
    return "".join(f"{name}{rgb},{name}{depth}{newline}" for name in names).encode()
