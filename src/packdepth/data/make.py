"""From a data set's parameters to its store."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from packdepth.data import folder, rooms_store
from packdepth.data.store import Batch, Origin, create
from packdepth.errors import InputError
from packdepth.files import require_space
from packdepth.params import Data, FolderData, RoomsData
from packdepth.progress import track

SPLITS = ("train", "test")
BYTES_PER_PIXEL = 5  # three of colour, two of depth


class Source(Protocol):
    """What a data set's module gives: where frames come from, how many there are, and the frames."""

    origin: Origin
    frames: int

    def batches(self) -> Iterator[Batch]:
        """All frames, in order."""
        ...


def open_source(data: Data, split: str) -> Source:
    """One split of a data set. Adding a data set is one case here."""
    match data:
        case RoomsData():
            return rooms_store.Rooms(data, split)
        case FolderData():
            return folder.Folder(data, split)


def make(data: Data, split: str, path: Path) -> None:
    """Write one split's store to `path`. Raises InputError for an unknown split or bad source."""
    if split not in SPLITS:
        raise InputError(f"unknown split {split!r}; may be {' or '.join(SPLITS)}")
    source = open_source(data, split)
    require_space(path.parent, source.frames * data.size[0] * data.size[1] * BYTES_PER_PIXEL)
    with create(path, source.origin) as writer, track(f"{source.origin.dataset} {split}", source.frames) as advance:
        for batch in source.batches():
            writer.append(batch)
            advance(len(batch.id))
