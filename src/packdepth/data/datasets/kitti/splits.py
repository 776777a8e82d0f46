"""Which frames a split of KITTI has: the lists of the papers, in their two formats.

2011_09_26/2011_09_26_drive_0001_sync/image_02/data/0000000005.png ...    PackNet's; the first column counts
2011_09_26/2011_09_26_drive_0001_sync 5 l                                 monodepth2's; l is camera 2, r camera 3
"""

import re
from dataclasses import dataclass

from packdepth.errors import InputError

PACKNET = re.compile(r"(\d{4}_\d\d_\d\d)/(\d{4}_\d\d_\d\d_drive_\d{4}_sync)/image_0([23])/data/(\d{10})\.(?:png|jpg)\b")
MONODEPTH2 = re.compile(r"(\d{4}_\d\d_\d\d)/(\d{4}_\d\d_\d\d_drive_\d{4}_sync)\s+(\d+)\s+([lr])$")
CAMERAS = {"l": 2, "r": 3}


@dataclass(frozen=True)
class Shot:
    """One image of one camera."""

    date: str  # 2011_09_26
    drive: str  # 2011_09_26_drive_0001_sync
    camera: int  # 2 or 3: the left or the right one in colour
    number: int

    @property
    def folder(self) -> str:
        """The drive's folder."""
        return f"{self.date}/{self.drive}"

    @property
    def image(self) -> str:
        """The image, without its ending."""
        return f"{self.folder}/image_0{self.camera}/data/{self.number:010d}"

    @property
    def scan(self) -> str:
        """The LiDAR's points."""
        return f"{self.folder}/velodyne_points/data/{self.number:010d}.bin"

    @property
    def oxts(self) -> str:
        """Position and velocity."""
        return f"{self.folder}/oxts/data/{self.number:010d}.txt"

    def projected(self, kind: str, ending: str) -> str:
        """A ready-made depth map, of kind "velodyne" or "groundtruth"."""
        return f"{self.folder}/proj_depth/{kind}/image_0{self.camera}/{self.number:010d}.{ending}"


def parse(text: str, name: str) -> list[Shot]:
    """The shots of a list, in its order. Raises InputError that names a line in neither format."""
    return [_shot(line, f"{name}, line {number}") for number, line in enumerate(text.splitlines(), 1) if line.strip()]


def _shot(line: str, where: str) -> Shot:
    if found := PACKNET.match(line.strip()):
        date, drive, camera, number = found.groups()
        return Shot(date, drive, int(camera), int(number))
    if found := MONODEPTH2.match(line.strip()):
        date, drive, number, side = found.groups()
        return Shot(date, drive, CAMERAS[side], int(number))
    expected = "date/drive/image_02/data/N.png or date/drive N l"
    raise InputError(f"{where}: expected {expected} (got {line.strip()[:80]!r})")
