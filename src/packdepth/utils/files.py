"""Files appear under their final name only when they are whole."""

import contextlib
import errno
import fcntl
import json
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any

from packdepth.errors import InputError

SET_ASIDE = 1 << 30  # bytes
PART = re.compile(r"\..+\.[0-9a-f]{8}\.part(\.\w+)?")  # what atomic_write calls a file that is not finished
NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)  # what some shared file systems say


@contextlib.contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A temporary name next to `path`, moved to it if the block ends well and removed if not.

    Always a new file, never an append: an output that DVC has linked into its cache is read-only.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.part{path.suffix}")
    part.open("xb").close()  # with the usual permissions
    try:
        yield part
        _sync(part)
        part.replace(path)
        with contextlib.suppress(OSError):  # some file systems cannot; the file is whole all the same
            _sync(path.parent)  # or its name is lost with the power
    except OSError as error:
        if error.filename == str(part):
            error.filename = str(path)  # the name that a user knows
        raise
    finally:
        part.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    """Let what a file or folder holds reach the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def require_space(folder: Path, size: int) -> None:
    """Raise the OSError of a full disk unless `size` bytes are free; up to SET_ASIDE of them are reserved for a moment.

    For what HDF5 writes: it does not survive a disk that fills up halfway, and hours of work would be lost then. Only
    reserving shows what quotas and limits leave; where a file system cannot reserve, every block is written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < size:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
    with tempfile.TemporaryFile(dir=folder) as file:
        if hasattr(os, "posix_fallocate"):  # not on a Mac
            os.posix_fallocate(file.fileno(), 0, max(1, min(size, SET_ASIDE)))


def remove_parts(path: Path) -> None:
    """Remove what killed processes left of `path`. No other process may be writing it."""
    for part in path.parent.glob(f".{path.stem}.*.part{path.suffix}"):
        part.unlink()


def file_states(paths: Iterable[Path]) -> list[tuple[str, int, int]]:
    """Name, bytes and time of the last change (ns) of each file that exists: it changes whenever the content does."""
    found = [(path, path.stat()) for path in paths if path.exists()]
    return [(str(path), known.st_size, known.st_mtime_ns) for path, known in found]


@contextlib.contextmanager
def locked(lock: Path, what: str) -> Iterator[bool]:
    """Hold `lock` exclusively; gives whether it had to wait for another process. A message then names `what`.

    Killing Snakemake or DVC leaves the command they started alive: a rerun waits here until it has ended, so that the
    older one never overwrites the newer one's files. Some shared file systems have no locks: that is said, and the
    work goes on.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        yield _lock(file, lock, what)


def _lock(file: IO[str], lock: Path, what: str) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        print(f"packdepth: another process still {what}; waiting for its end", file=sys.stderr, flush=True)
        fcntl.flock(file, fcntl.LOCK_EX)
        return True
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        print(f"packdepth: {lock}: no locks here; no other process may be the one that {what}", file=sys.stderr)
    return False


def is_locked(lock: Path) -> bool:
    """Whether another process holds `lock` now. Where there are no locks, nobody is known to."""
    try:
        with lock.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)  # an exclusive one needs the right to write on NFS
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def require_file(path: Path) -> Path:
    """The same path. Raises InputError if a folder is there, or a pipe, which may never end.

    That nothing is there is told by whoever opens it.
    """
    if path.exists() and not path.is_file():
        raise InputError(f"{path}: is a {'folder' if path.is_dir() else 'pipe or a device'}; expected a file")
    return path


def write_text(path: Path, text: str) -> None:
    """Write a whole text file or none of it."""
    with atomic_write(path) as part:
        part.write_text(text)


def read_object(path: Path) -> dict[str, Any]:
    """The object in a small JSON file; empty if there is no such file, or it is damaged, so that it is made anew."""
    try:
        content = json.loads(path.read_bytes())
    except (FileNotFoundError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def write_json(path: Path, value: Any) -> None:
    """Write a whole JSON file or none of it."""
    write_text(path, json.dumps(value, indent=2) + "\n")
