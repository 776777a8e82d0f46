"""From a data set's archives to its stores.

Pieces are made in parallel and written in order, in parts: files of PIECES pieces each, under .packdepth/stores/. A
killed conversion continues after its last complete part, unless what determines the pieces has changed since. At the
end the parts are joined, still compressed, and removed.
"""

import contextlib
import itertools
import shutil
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import h5py
import torch

from packdepth.config.datasets import Data, ExternalData
from packdepth.data.datasets.acquire import acquire, archives, read_listing
from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.base import SPLITS, Source
from packdepth.data.datasets.registry import info_of, source_of
from packdepth.data.store.batch import EncodedBatch, encode
from packdepth.data.store.writer import Origin, create_store
from packdepth.errors import one_of
from packdepth.utils.files import file_states, locked, remove_parts, require_space
from packdepth.utils.fingerprint import code_digest, digest
from packdepth.utils.progress import track

PIECES = 128  # of a part: a kill loses no more
FOLDER = Path(".packdepth/stores")
CODE = ("data/datasets", "data/rooms", "data/store", "geometry")  # rooms that decide what a store holds


def make_store(data: Data, split: str, listing: Path, path: Path) -> None:
    """Write one split's store to `path`, from the archives of `listing`.

    Raises InputError for an unknown split, or if an archive or its content is not as expected.
    """
    one_of(split, SPLITS, "split", "data make")
    if not listing.is_file() and not isinstance(data, ExternalData):
        acquire(data, listing.parent, listing)  # downloads nothing
    source = source_of(data)(data, split, Tree(archives(listing)))
    origin = _origin(source, data, split, listing)
    key = digest(origin.parameters, read_listing(listing), file_states(source.files), code_digest(*CODE))
    with locked(FOLDER / path.parent.name / f"{split}.lock", "makes this store"), _parts(path, key) as folder:
        remove_parts(path)
        _join(_convert(source, origin, folder), path, origin)


def _origin(source: Source, data: Data, split: str, listing: Path) -> Origin:
    info = info_of(data)
    entries = read_listing(listing)["archives"]
    return Origin(
        dataset=info.dataset,
        version=info.version,
        licence=info.licence,
        citation=info.citation,
        source=", ".join(entry.get("url", entry["path"]) for entry in entries) or info.homepage,
        parameters={"split": split} | data.model_dump(mode="json"),
        depth_unit=source.depth_unit,
    )


@contextlib.contextmanager
def _parts(path: Path, key: str) -> Iterator[Path]:
    """The folder of a store's parts; removed if the block ends well. Parts made in another way are removed first."""
    folder = FOLDER / path.parent.name / path.stem / key
    for other in folder.parent.glob("*"):
        if other != folder:
            shutil.rmtree(other)
    folder.mkdir(parents=True, exist_ok=True)
    yield folder
    shutil.rmtree(folder)


def _convert(source: Source, origin: Origin, folder: Path) -> list[Path]:
    """All parts; existing ones are left unchanged."""
    starts = range(0, source.pieces, PIECES)
    parts = {folder / f"{start:08d}.h5": range(start, min(start + PIECES, source.pieces)) for start in starts}

    def ready(index: int) -> EncodedBatch:
        return encode(source.piece(index), source.depth_unit)

    done = sum(_frames(part) for part in parts if part.is_file())
    with track(f"{origin.dataset} {origin.parameters['split']}", source.frames, done) as advance:
        for part, pieces in parts.items():
            if part.is_file():
                continue
            batches = _in_parallel(ready, pieces) if source.parallel else map(ready, pieces)
            first = next(iter(batches))
            require_space(folder, first.bytes * len(pieces))
            with create_store(part, origin) as writer:
                for batch in itertools.chain([first], batches):
                    writer.write(batch)
                    advance(batch.images)
    return list(parts)


def _in_parallel(ready: Callable[[int], EncodedBatch], pieces: Iterable[int]) -> Iterator[EncodedBatch]:
    """The pieces in order, made by as many threads as there are cores, with a few ahead of demand.

    Threads are enough: decoding, scaling and compressing release Python's lock. In each, torch uses only that thread.
    """
    workers = torch.get_num_threads()
    ahead: deque[Future[EncodedBatch]] = deque()
    with ThreadPoolExecutor(workers, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            for index in pieces:
                ahead.append(pool.submit(ready, index))
                if len(ahead) > 2 * workers:
                    yield ahead.popleft().result()
            while ahead:
                yield ahead.popleft().result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _join(parts: list[Path], path: Path, origin: Origin) -> None:
    require_space(path.parent, sum(part.stat().st_size for part in parts))
    with create_store(path, origin) as writer:
        for part in parts:
            with h5py.File(part) as file:
                writer.copy(file)


def _frames(part: Path) -> int:
    with h5py.File(part) as file:
        return len(file["rgb"])
