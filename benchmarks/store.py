"""Which format of a frame is smallest in a store, and which is read fastest.

    python benchmarks/store.py IMAGE.jpg... [--depth DEPTH.png...]

Every format of the images (JPEG files as they are, pixels, compressed pixels) and of the 16-bit depth pictures is
written to an HDF5 file, one chunk a frame. Frames are read back in random order, all formats in turn in every round,
without HDF5's own cache. Prints bytes a frame and the median, least and greatest time of reading one, ms. The files
have just been written, so the disk is hardly used.
"""

import argparse
import io
import tempfile
import time
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from PIL import Image

ROUNDS = 30
FILTERS: dict[str, dict[str, Any]] = {
    "pixels": {},
    "lzf": {"compression": "lzf"},
    "gzip 1, shuffled": {"compression": "gzip", "compression_opts": 1, "shuffle": True},
    "gzip 4, shuffled": {"compression": "gzip", "compression_opts": 4, "shuffle": True},
}


class Pixels:
    """Frames as arrays, one compressed chunk each."""

    def __init__(self, file: Path, frames: list[np.ndarray], filters: dict[str, Any]) -> None:
        with h5py.File(file, "w") as out:
            shape = frames[0].shape
            out.create_dataset("frames", data=np.stack(frames), chunks=(1, *shape), **filters)
        self.bytes = file.stat().st_size / len(frames)
        self._dataset = h5py.File(file, rdcc_nbytes=0)["frames"]

    def read(self, index: int) -> np.ndarray:
        """One frame."""
        return self._dataset[index]


class Files:
    """Frames as whole JPEG files."""

    def __init__(self, file: Path, frames: list[bytes]) -> None:
        with h5py.File(file, "w") as out:
            dataset = out.create_dataset("frames", len(frames), h5py.vlen_dtype(np.uint8))
            for index, frame in enumerate(frames):
                dataset[index] = np.frombuffer(frame, np.uint8)
        self.bytes = file.stat().st_size / len(frames)
        self._dataset = h5py.File(file, rdcc_nbytes=0)["frames"]

    def read(self, index: int) -> np.ndarray:
        """One frame, decoded."""
        return np.asarray(Image.open(io.BytesIO(self._dataset[index].tobytes())).convert("RGB"))


def compare(forms: dict[str, Pixels | Files], frames: int) -> None:
    """Print one row per format."""
    times: dict[str, list[float]] = {name: [] for name in forms}
    order = np.random.default_rng(0)
    for _ in range(ROUNDS):
        for name, form in forms.items():
            index = int(order.integers(frames))
            since = time.perf_counter()
            form.read(index)
            times[name].append(1000 * (time.perf_counter() - since))
    for name, form in forms.items():
        taken = times[name]
        print(f"{name:<24} {form.bytes:>10.0f} B  {np.median(taken):6.2f} ms  ({min(taken):.2f} to {max(taken):.2f})")


def main() -> None:
    """Compare the formats of the images, then those of the depth pictures."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("images", nargs="+", type=Path)
    arguments.add_argument("--depth", nargs="*", type=Path, default=[])
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        images = [np.asarray(Image.open(file).convert("RGB")) for file in given.images]
        forms: dict[str, Pixels | Files] = {
            f"rgb, {name}": Pixels(Path(folder, f"rgb {name}"), images, filters) for name, filters in FILTERS.items()
        }
        forms["rgb, JPEG files"] = Files(Path(folder, "jpeg"), [file.read_bytes() for file in given.images])
        compare(forms, len(images))
        if depths := [np.asarray(Image.open(file)).astype(np.uint16) for file in given.depth]:
            compare({f"depth, {n}": Pixels(Path(folder, n), depths, f) for n, f in FILTERS.items()}, len(depths))


if __name__ == "__main__":
    main()
