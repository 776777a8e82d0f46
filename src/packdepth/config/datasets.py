"""The `data` sections of params.yaml: which data set a scale studies, and how it is stored."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator

from packdepth.config.schema import Positive, Share, Strict


class ImageSize(Strict):
    """How every data set is stored."""

    size: tuple[int, int] = Field(description="height and width of the stored images, px, multiples of 32")

    @field_validator("size")
    @classmethod
    def _multiples_of_32(cls, size: tuple[int, int]) -> tuple[int, int]:
        if any(side <= 0 or side % 32 for side in size):
            raise ValueError("height and width must be multiples of 32 (the networks halve five times)")
        return size


class RoomsData(ImageSize):
    """The embedded data set: ray-cast rooms."""

    dataset: Literal["rooms"]
    train: int = Field(gt=0, description="training frames")
    test: int = Field(gt=0, description="test frames")
    seed: int = Field(0, ge=0, description="which rooms")


class FolderData(ImageSize):
    """Anyone's RGB-D images in a folder."""

    dataset: Literal["folder"]
    source: Path = Field(description="the folder")
    rgb: str = Field("rgb/*", description="RGB images, without the ending; * is the frame's name")
    depth: str = Field("depth/*", description="16-bit depth PNGs, without the ending; * is the frame's name")
    depth_unit: Positive = Field(description="metres per count of the depth PNGs")
    intrinsics: tuple[Positive, Positive, float, float] = Field(description="fx, fy, cx, cy of the RGB images, px")
    test: Share | Path = Field(0.2, description="share of the frames held out, or a file with their names, one a line")

    @field_validator("rgb", "depth")
    @classmethod
    def _one_star(cls, pattern: str) -> str:
        if pattern.count("*") != 1 or Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise ValueError("must lie in the folder and hold exactly one * (the frame's name)")
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
                return [self.source]
            case _:
                return self.source


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
