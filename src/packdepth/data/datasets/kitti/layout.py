"""Where KITTI's files come from, and their names here, whatever archive contains them."""

import re
from pathlib import Path

from packdepth.config.datasets import KittiData
from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.base import Get
from packdepth.data.datasets.kitti.splits import Shot, parse
from packdepth.errors import InputError
from packdepth.utils.download import Remote

KITTI = "https://s3.eu-central-1.amazonaws.com/avg-kitti"
PACKNET = "https://tri-ml-public.s3.amazonaws.com/github/packnet-sfm"
LISTS = {f"eigen-{part}": f"eigen_{part}_files.txt" for part in ("zhou", "train", "val", "test")}
TINY = Remote("KITTI_tiny.tar", (f"{PACKNET}/datasets/KITTI_tiny.tar",))
TINY_LIST = "kitti_tiny.txt"  # in the tar; the same frames to train and to test on
IMPROVED = Remote("data_depth_annotated.zip", (f"{KITTI}/data_depth_annotated.zip",))

OF_DRIVE = re.compile(r"(?:^|/)((\d{4}_\d\d_\d\d)_drive_\d{4}_sync/.+)$")
OF_DAY = re.compile(r"(?:^|/)(\d{4}_\d\d_\d\d/calib_\w+\.txt)$")
LIST = re.compile(r"(?:^|/)([\w-]+\.txt)$")


def canonical(member: str) -> str | None:
    """date/drive/..., date/calib_*.txt or the bare name of a list, whatever folders come before it."""
    if found := OF_DRIVE.search(member):
        return f"{found[2]}/{found[1]}"
    if found := OF_DAY.search(member) or LIST.search(member):
        return found[1]
    return None


def shots(data: KittiData, split: str, tree: Tree) -> list[Shot]:
    """The list of a split. Raises InputError if it is not there or not a list."""
    asked = data.train if split == "train" else data.test
    if isinstance(asked, Path) and data.form == "raw":
        if not asked.is_file():
            raise InputError(f"{asked}: no such list of frames (data.{split} in params.yaml)")
        return parse(asked.read_text(), str(asked))
    name = TINY_LIST if data.form == "tiny" else LISTS[str(asked)]
    if name not in tree:
        raise InputError(f"{tree}: has no list {name}; put it there, or name a file in data.{split}")
    return parse(tree.read(name).decode(), name)


def archives(data: KittiData, get: Get) -> list[Path]:
    """KITTI_tiny's tar; or the lists, and every drive and every day's calibration that they name."""
    if data.form == "tiny":
        return [get(TINY)]
    names = [LISTS[asked] for asked in (data.train, data.test) if not isinstance(asked, Path)]
    lists = [get(Remote(name, (f"{PACKNET}/splits/KITTI/{name}",))) for name in names]
    tree = Tree(lists)
    named = [shot for split in ("train", "test") for shot in shots(data, split, tree)]
    drives = sorted({shot.drive for shot in named})
    zips = [f"{drive.removesuffix('_sync')}/{drive}.zip" for drive in drives]
    zips += sorted({f"{shot.date}_calib.zip" for shot in named})
    raw = [get(Remote(name.rpartition("/")[2], (f"{KITTI}/raw_data/{name}",))) for name in zips]
    return [*lists, *raw, *([get(IMPROVED)] if data.truth == "improved" else [])]
