"""What a data set's module provides to `make`."""

import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, TypeVar

from packdepth.data.datasets.archives import Tree
from packdepth.data.store.batch import Batch
from packdepth.data.store.frames import DepthUnit
from packdepth.errors import InputError
from packdepth.utils.download import Remote

SPLITS = ("train", "test")
NAMED = 3  # missing files named in a message
T = TypeVar("T")
Get = Callable[[Remote], Path]  # downloads a remote file and returns its path


@dataclass(frozen=True)
class DatasetInfo:
    """What one must know about a data set before using it."""

    dataset: str
    version: int  # of our conversion: raised when the frames it gives change
    licence: str
    citation: str
    homepage: str


class Source(Protocol):
    """One split of a data set, in independent pieces."""

    info: ClassVar[DatasetInfo]
    depth_unit: DepthUnit
    parallel: bool  # whether pieces may be made in several threads at once
    frames: int  # in all pieces, including those without depth
    pieces: int
    files: list[Path]  # all files here that decide what the pieces are, including lists of frames

    def __init__(self, data: Any, split: str, tree: Tree) -> None:
        """Find the frames; raises InputError that names what is missing."""

    @staticmethod
    def archives(data: Any, get: Get) -> list[Path]:
        """Download all that the data set's splits are made from."""
        ...

    def piece(self, index: int) -> Batch:
        """Frames, the same ones on every call."""
        ...


def present(wanted: Sequence[T], files: Callable[[T], Sequence[str]], tree: Tree, skip: bool, what: str) -> list[T]:
    """Those of the frames `wanted` whose `files` are all in the tree; the others as `complete` treats them."""
    missing = {place: [file for file in files(frame) if file not in tree] for place, frame in enumerate(wanted)}
    return complete(wanted, {place: names[0] for place, names in missing.items() if names}, tree, skip, what)


def complete(wanted: Sequence[T], lacking: Mapping[int, str], where: object, skip: bool, what: str) -> list[T]:
    """Those of the frames `wanted` that lack nothing; `lacking` names by place what each other one lacks.

    Raises InputError that names and counts what is missing, unless `skip` allows leaving such frames out. Then one line
    on stderr states how many were.
    """
    if not lacking:
        return list(wanted)
    names = list(lacking.values())
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    told = f"{where}: {len(names)} of {len(wanted)} {what} frames are missing: {', '.join(names[:NAMED])}{more}"
    kept = [frame for place, frame in enumerate(wanted) if place not in lacking]
    if not skip or not kept:
        raise InputError(f"{told}; data.skip_missing: true leaves them out")
    print(f"packdepth: {told}; left out", file=sys.stderr)
    return kept
