"""The one on-disk format of every data set: an HDF5 file per split.

| name       | type             | shape        | meaning                                                             |
| ---------- | ---------------- | ------------ | ------------------------------------------------------------------- |
| rgb        | uint8            | (N, H, W, 3) | image; or (N,) whole JPEG files, of `height` and `width` (attributes) |
| depth      | uint16 / float16 | (T, h, w)    | camera z in mm (uint16) or m (float16), 0 where unknown             |
| intrinsics | float32          | (N, 3, 3)    | px of `rgb`                                                         |
| id         | string           | (N,)         | leads back to the source                                            |
| pose       | float32          | (N, 4, 4)    | optional: world_from_camera, m                                      |
| time       | float64          | (N,)         | optional: s                                                         |
| velocity   | float32          | (N, 3)       | optional: of the camera, in its own frame, m/s                      |
| neighbours | int32            | (T, 2)       | optional: which frames come just before and after, -1 where none    |
| second     | int32            | (T,)         | optional: which image a second camera took at the same time, or -1  |
| second_pose | float32         | (T, 4, 4)    | with `second`: second camera from this one, m                       |
| depth_size | int32            | (T, 2)       | optional: height and width of the truth, where frames differ        |

A store has T frames with depth. Any N - T images after them are only neighbours or second images of those.
Frames whose truth is smaller than (h, w) fill its upper left.

Attributes: format, dataset, version, licence, citation, source, parameters (JSON), and `fingerprint`, a hash of all
content; `depth` has its `unit`. Frames are chunked and compressed one by one, so random access reads one frame.
JPEG sources of the store's size stay unchanged: a twentieth of the bytes, for 1 ms of decoding.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import h5py
import numpy as np
from numpy.typing import NDArray

from packdepth.data.store.reader import Reader, named_damage
from packdepth.errors import InputError
from packdepth.utils.fingerprint import digest
from packdepth.utils.images import decode

FORMAT = "packdepth store 2"
DepthUnit = Literal["millimetre", "metre"]
DEPTH_KINDS: dict[str, tuple[DepthUnit, float]] = {"uint16": ("millimetre", 0.001), "float16": ("metre", 1.0)}
PER_FRAME = {  # dimensions
    "rgb": 4,
    "depth": 3,
    "intrinsics": 3,
    "id": 1,
    "pose": 3,
    "time": 1,
    "velocity": 2,
    "neighbours": 2,
    "second": 1,
    "second_pose": 3,
    "depth_size": 2,
}
# One per frame with depth; the others have one per image.
OF_DEPTH = ("depth", "neighbours", "second", "second_pose", "depth_size")
OPTIONAL = ("pose", "time", "velocity", "neighbours", "second", "second_pose", "depth_size")
FRAME_SHAPES = {
    "intrinsics": (3, 3),
    "pose": (4, 4),
    "velocity": (3,),
    "neighbours": (2,),
    "second_pose": (4, 4),
    "depth_size": (2,),
}
ATTRIBUTES = ("dataset", "version", "licence", "citation", "source", "parameters", "fingerprint")


class Store(Reader):
    """Read access to a store, by frame, from any process."""

    @named_damage
    def __init__(self, path: Path) -> None:
        """Open and validate. Raises InputError that states the file's fault."""
        super().__init__(path, FORMAT, f"snakemake {path}")
        _validate(self)
        self.attributes: dict[str, Any] = dict(self.file.attrs)
        self.fingerprint: str = self.attributes["fingerprint"]
        rgb = self.file["rgb"]
        self.encoded = rgb.ndim == 1  # whether images are JPEG files
        self.size: tuple[int, int] = (
            (int(rgb.attrs["height"]), int(rgb.attrs["width"])) if self.encoded else rgb.shape[1:3]
        )
        self.depth_unit, self._metres = DEPTH_KINDS[self.file["depth"].dtype.name]
        self.images = len(rgb)  # the frames with depth and, after them, images that are only other views of those
        self._length = len(self.file["depth"])

    def __len__(self) -> int:
        return self._length

    @property
    @named_damage
    def made_of(self) -> str:
        """Names which frames it holds and how they were made, in sixteen hex digits.

        Stores made on two machines have the same name, though a few pixels are rounded otherwise, which makes another
        fingerprint: of 2,000 rooms, 5 colours in 100,000 with vector instructions and without. A folder is named by its
        content.
        """
        parameters = self._parameters
        if parameters.get("dataset") == "folder":  # may hold anything
            return self.fingerprint[:16]
        parameters.pop("source", None)  # where the archives lay
        for views in ("neighbours", "stereo"):  # other views of the same frames
            parameters.pop(views, None)
        origin = self.attributes["dataset"], int(self.attributes["version"]), parameters
        return digest(origin, self.file["id"].asstr()[: len(self)].tolist())

    @property
    def baseline(self) -> float | None:
        """How far to the right the second camera of rooms stands, m; None if there is none."""
        found: float | None = self._parameters.get("stereo")
        return found

    @property
    def _parameters(self) -> dict[str, Any]:
        parameters: dict[str, Any] = json.loads(self.attributes["parameters"])
        return parameters

    def has(self, name: str) -> bool:
        """Whether the store holds this optional array."""
        return name in self.file

    @named_damage
    def rgb(self, index: int) -> NDArray[np.uint8]:
        """Image `index`, (H, W, 3)."""
        stored = self.file["rgb"][index]
        if not self.encoded:
            return stored
        image = decode(stored.tobytes(), f"{self.path}: image {index}")
        if image.size != self.size[::-1]:
            raise self.fault(f"image {index} has {image.height}x{image.width} px")
        return np.array(image.convert("RGB"))

    def seen(self, index: int, stereo: bool) -> NDArray[np.uint8]:
        """What a network sees of frame `index`: its image, (H, W, 3); if `stereo`, the second camera's behind it, 6.

        Raises InputError if there is no such image.
        """
        if not stereo:
            return self.rgb(index)
        if not self.has("second") or (second := self.second(index)) < 0:
            raise InputError(f"{self.path}: {self.id(index)}: no image of a second camera, which a stereo network sees")
        return np.concatenate([self.rgb(index), self.rgb(second)], axis=-1)

    @named_damage
    def depth(self, index: int) -> NDArray[np.float32]:
        """Depth of frame `index` in metres, (h, w), 0 where unknown; so are what is not finite, and the negative."""
        stored = self.file["depth"][index]
        if "depth_size" in self.file:
            height, width = self.file["depth_size"][index]
            stored = stored[:height, :width]
        depth = stored.astype(np.float32) * np.float32(self._metres)
        return np.where((depth > 0) & (depth < np.inf), depth, np.float32(0))

    @named_damage
    def intrinsics(self, index: int) -> NDArray[np.float32]:
        """Camera matrix of frame `index` in px of its image, (3, 3)."""
        return self.file["intrinsics"][index]

    @named_damage
    def focal_length(self) -> float:
        """The median over all frames of the vertical focal length, px of `rgb`."""
        return float(np.median(self.file["intrinsics"][:, 1, 1]))

    @named_damage
    def pose(self, index: int) -> NDArray[np.float32]:
        """world_from_camera of frame `index` in metres, (4, 4). KeyError where the store has none."""
        return self.file["pose"][index]

    @named_damage
    def time(self, index: int) -> float:
        """Time stamp of image `index` in seconds. KeyError where the store has none."""
        return float(self.file["time"][index])

    @named_damage
    def velocity(self, index: int) -> NDArray[np.float32]:
        """The camera's velocity at frame `index` in its own frame, m/s, (3,). KeyError where the store has none."""
        return self.file["velocity"][index]

    @named_damage
    def neighbours(self, index: int) -> tuple[int, int]:
        """The images just before and after frame `index`, -1 where none. KeyError where the store has none."""
        before, after = self.file["neighbours"][index]
        return int(before), int(after)

    @named_damage
    def second(self, index: int) -> int:
        """The image that a second camera took with frame `index`, -1 if none. KeyError where the store has none."""
        return int(self.file["second"][index])

    @named_damage
    def second_pose(self, index: int) -> NDArray[np.float32]:
        """Second camera from this one, of frame `index`, (4, 4), m. KeyError where the store has none."""
        return self.file["second_pose"][index]

    @named_damage
    def id(self, index: int) -> str:
        """The name of frame `index`."""
        return self.file["id"].asstr()[index]


def _validate(store: Store) -> None:
    file = store.file

    def refuse(what: str) -> None:
        raise store.fault(what)

    if file.attrs.get("format") != FORMAT:
        refuse(f"its format is {file.attrs.get('format')!r}")
    for name in set(PER_FRAME) - set(OPTIONAL) - set(file):
        refuse(f"has no {name!r}")
    for name in set(ATTRIBUTES) - set(file.attrs):
        refuse(f"has no attribute {name!r}")
    _validate_shapes(file, refuse)
    if file["rgb"].ndim == 1:
        if not {"height", "width"} <= set(file["rgb"].attrs):
            refuse("'rgb' holds JPEG files, but not their height and width")
    elif file["rgb"].dtype != np.uint8 or file["rgb"].shape[3] != 3:
        refuse(f"'rgb' is {file['rgb'].dtype} {file['rgb'].shape}, not uint8 (N, H, W, 3)")
    if file["depth"].dtype.name not in DEPTH_KINDS:
        refuse(f"'depth' is {file['depth'].dtype}, not uint16 (mm) or float16 (m)")
    unit = DEPTH_KINDS[file["depth"].dtype.name][0]
    if file["depth"].attrs.get("unit") != unit:
        refuse(f"'depth' says its unit is {file['depth'].attrs.get('unit')!r}, not {unit!r}")


def _validate_shapes(file: h5py.File, refuse: Callable[[str], None]) -> None:
    images, frames = len(file["rgb"]), len(file["depth"])
    if frames > images:
        refuse(f"'depth' has {frames} frames, 'rgb' has {images}")
    for name in set(PER_FRAME) & set(file):
        dimensions = 1 if name == "rgb" and h5py.check_vlen_dtype(file[name].dtype) else PER_FRAME[name]
        if file[name].ndim != dimensions:
            refuse(f"{name!r} has {file[name].ndim} dimensions, not {dimensions}")
        right = frames if name in OF_DEPTH else images
        if len(file[name]) != right:
            refuse(f"{name!r} has {len(file[name])} frames, not {right}")
        if name in FRAME_SHAPES and file[name].shape[1:] != FRAME_SHAPES[name]:
            refuse(f"{name!r} has frames of shape {file[name].shape[1:]}, not {FRAME_SHAPES[name]}")
