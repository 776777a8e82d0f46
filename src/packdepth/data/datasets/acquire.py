"""Gets a data set's archives, and lists them; its stores are made from that list."""

import sys
from pathlib import Path
from typing import Any

from packdepth.config.datasets import Data, ExternalData
from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.base import DatasetInfo
from packdepth.data.datasets.registry import info_of, source_of
from packdepth.errors import InputError
from packdepth.utils import download
from packdepth.utils.files import read_object, write_json


def acquire(data: Data, folder: Path, listing: Path) -> None:
    """Download a data set into `folder`, or find it at its place in params.yaml, and list its archives in `listing`.

    Prints the licence and the citation. Raises InputError if a source is not there or no mirror gives a complete file.
    """
    source, info = source_of(data), info_of(data)
    if isinstance(data, ExternalData):
        _tell(info)
    local = data.sources if isinstance(data, ExternalData) else []
    Tree(local)  # finds faults now, not after a night in a queue
    paths = local or source.archives(data, lambda remote: download.fetch(remote, folder))
    entries = [_entry(path) for path in paths] if local else [{"path": str(p)} | download.record(p) for p in paths]
    write_json(listing, {**vars(info), "archives": entries})


def archives(listing: Path) -> list[Path]:
    """The archives of a listing. Raises InputError if it, or one of them, is not there."""
    paths = [Path(entry["path"]) for entry in read_listing(listing)["archives"]]
    for path in paths:
        if not path.exists():
            again = f"remove {listing} and make it again: `packdepth data download`"
            raise InputError(f"{path}: not there any more, but listed in {listing}; {again}")
    return paths


def read_listing(listing: Path) -> dict[str, Any]:
    """What `acquire` has written. Raises InputError if it is not there, or damaged."""
    if not listing.is_file():
        raise InputError(f"{listing}: not there yet; `packdepth data download` makes it")
    content = read_object(listing)
    entries = content.get("archives")
    if not isinstance(entries, list) or not all(isinstance(entry, dict) and "path" in entry for entry in entries):
        raise InputError(f"{listing}: lists no archives; remove it, and `packdepth data download` makes it again")
    return content


def _tell(info: DatasetInfo) -> None:
    print(f"{info.dataset}: {info.licence}. Cite: {info.citation} ({info.homepage})", file=sys.stderr)


def _entry(path: Path) -> dict[str, Any]:
    return {"path": str(path)} | ({"bytes": path.stat().st_size} if path.is_file() else {})
