"""The `data` sections of params.yaml: which data set a scale studies, and how it is stored."""

import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from packdepth.config.schema import Count, Grown, Positive, Seed, Share, Strict

LARGEST_SIDE = 8192  # px
WILDCARD = re.compile(r"(\*\*/|\*|\?|\[[^]]+\])")  # of a pattern of files: any folders, text, a letter, one of these


class ImageSize(Strict):
    """How every data set is stored."""

    size: tuple[int, int] = Field(description="height and width of the stored images, px, multiples of 32")

    @field_validator("size")
    @classmethod
    def _multiples_of_32(cls, size: tuple[int, int]) -> tuple[int, int]:
        if any(side <= 0 or side % 32 or side > LARGEST_SIDE for side in size):
            raise ValueError(
                f"height and width must be multiples of 32 (the networks halve five times), at most {LARGEST_SIDE}"
            )
        return size


class RoomsData(ImageSize, Grown):
    """The embedded data set: ray-cast rooms."""

    newer: ClassVar[tuple[str, ...]] = ("stereo",)

    dataset: Literal["rooms"]
    train: Count = Field(description="training frames")
    test: Count = Field(description="test frames")
    seed: Seed = Field(0, description="which rooms")
    stereo: Positive | None = Field(
        default=None,
        description="m from the camera to a second one, to its right, whose image of each frame is stored as well",
    )


class FolderData(ImageSize):
    """Anyone's RGB-D frames in a folder: docs/folder.md."""

    dataset: Literal["folder"]
    source: Path = Field(description="the folder")
    name: str = Field("folder", min_length=1, description="what the stores call the data set")
    licence: str = Field("the owner's", description="stated in the stores")
    citation: str = Field("the owner's", description="stated in the stores")
    rgb: str = Field("rgb/*", description="images; what the wildcards stand for is the frame's name")
    depth: str = Field("depth/*", validate_default=True, description="depth, with as many wildcards as `rgb`")
    match: Literal["name", "time"] = Field(
        "name", description="an image has the depth of its name, or of its time, where names are times in s"
    )
    depth_unit: Positive = Field(description="metres per count")
    depth_offset: float | None = Field(None, description="added to depth, m; for depth of 8 bits it must be stated")
    depth_unknown: float | None = Field(None, description="a count that stands for unknown depth, besides 0")
    intrinsics: tuple[Positive, Positive, float, float] | Path = Field(
        description="fx, fy, cx, cy of the images, px, or a CSV file with those of each"
    )
    poses: str | None = Field(
        None, description="files with poses or times, by a pattern; trajectory.csv, if there is one"
    )
    frame_rate: Positive | None = Field(None, description="Hz, of the numbers in names, where no file has times")
    test: Share | Path = Field(0.2, description="share held out, or a file with the names of frames or scenes")
    split_by: Literal["block", "frame", "scene"] = Field(
        "block", description="what a share holds out: the end of each scene, frames spread evenly, or whole scenes"
    )
    skip_missing: bool = Field(False, description="leave out frames that lack something, rather than stop")

    @property
    def folder(self) -> Path:
        """`source`, with ~ as one's home."""
        return self.source.expanduser()

    @field_validator("intrinsics", mode="before")
    @classmethod
    def _of_a_pinhole(cls, given: object) -> object:  # what it returns is no longer JSON, so the types are exact
        match given:
            case [_, _, _, _]:
                return tuple(given)
            case list():
                raise ValueError("must be fx, fy, cx, cy, or a CSV file with those of each image")
            case str():
                return Path(given)
        return given

    @field_validator("rgb", "depth", "poses")
    @classmethod
    def _in_the_folder(cls, pattern: str | None) -> str | None:
        parts = Path(pattern or "").parts
        if ".." in parts or "/" in parts:
            raise ValueError("must lie in the folder")
        if any("**" in part and part != "**" for part in parts) or parts[-1:] == ("**",):
            raise ValueError("** stands for whole folders: expected **/ before the rest")
        return pattern

    @field_validator("rgb", "depth")
    @classmethod
    def _names_frames(cls, pattern: str, info: ValidationInfo) -> str:
        count = len(WILDCARD.findall(pattern))
        if not count:
            raise ValueError("must have a wildcard (*, **/, ? or [...]) for the frame's name")
        if count != len(WILDCARD.findall(info.data.get("rgb", pattern))):
            raise ValueError("must have as many wildcards as `rgb`: they stand for the same names")
        return pattern


class ExternalData(ImageSize):
    """A public data set: downloaded, or read from where it already is."""

    source: Path | list[Path] | None = Field(
        None, description="archives, or folders with what was in them, to read instead of a download"
    )
    skip_missing: bool = Field(False, description="leave out frames whose files are missing, rather than stop")

    @property
    def sources(self) -> list[Path]:
        """Where the data set already is; empty if it is to be downloaded."""
        match self.source:
            case None:
                return []
            case Path():
                return [self.source.expanduser()]
            case _:
                return [path.expanduser() for path in self.source]


class NyuLabelledData(ExternalData):
    """NYU Depth v2, the labelled frames: 795 to train on, 654 to test on."""

    dataset: Literal["nyu-labelled"]


class Nyu50kData(ExternalData):
    """NYU Depth v2 as DenseDepth's authors distribute it: 50,000 frames to train on, 654 to test on."""

    dataset: Literal["nyu-50k"]


class Make3dData(ExternalData):
    """Make3D: 400 frames to train on, 134 to test on."""

    dataset: Literal["make3d"]
    part: Literal["whole", "centre"] = Field(
        "whole", description="of an image; centre: rows 710 to 1562, twice as wide"
    )


class KittiData(ExternalData):
    """KITTI raw, with the splits of Eigen and of Zhou."""

    dataset: Literal["kitti"]
    form: Literal["raw", "tiny"] = Field("raw", description="the whole set, or KITTI_tiny")
    train: Literal["eigen-zhou", "eigen-train"] | Path = Field("eigen-zhou", description="a published list, or a file")
    test: Literal["eigen-test", "eigen-val"] | Path = Field("eigen-test", description="a published list, or a file")
    truth: Literal["velodyne", "improved"] = Field("velodyne", description="where depth comes from")
    neighbours: bool = Field(True, description="store the images before and after each training frame, too")
    stereo: bool = Field(False, description="store the other camera's image of each training frame, too")


class DdadData(ExternalData):
    """DDAD, or any data set in the DGP scene format with LiDAR."""

    dataset: Literal["ddad"]
    form: Literal["full", "tiny"] = Field("full", description="the whole set, or DDAD_tiny")
    cameras: list[str] = Field(["CAMERA_01"], min_length=1, description="the cameras to take frames from")
    neighbours: bool = Field(True, description="store the images before and after each training frame, too")


Data = Annotated[
    RoomsData | FolderData | NyuLabelledData | Nyu50kData | Make3dData | KittiData | DdadData,
    Field(discriminator="dataset"),
]


def module_name(dataset: str) -> str:
    """The module that reads a data set, below data/datasets: nyu_50k for `nyu-50k`."""
    return dataset.replace("-", "_")
