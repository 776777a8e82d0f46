"""Files in zips, tars and folders, read in place.

Nothing is unpacked, so nothing can be written where it should not be. Still, archives whose members would lead
out of the folder they are unpacked in (absolute paths, `..`, links, devices) are refused.
"""

import contextlib
import copy
import gzip
import lzma
import os
import stat
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any, Protocol

from packdepth.errors import InputError
from packdepth.utils.files import require_file
from packdepth.utils.progress import track

SUFFIXES = (".zip", ".tar", ".tar.gz", ".tgz")
LARGE = 1 << 30  # bytes; reading a larger tar shows progress
LARGEST_MEMBER = 1 << 30  # bytes; an image or a map has a thousandth of it
MOST_PACKED = 100  # times that a gzipped tar may grow by; ours grow by less than 10
NAMED = 3  # paths named in a message
BLOCK = 512  # bytes of a tar's blocks
GZIP = b"\x1f\x8b"  # how gzip files begin
BROKEN = (zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, RuntimeError)


class _Archive(Protocol):
    """Something that holds files, by their paths inside it."""

    path: Path

    @property
    def members(self) -> Mapping[str, Any]: ...

    def read(self, member: str) -> bytes: ...


class Tree:
    """Files of several archives and folders, under our names. Safe to read from many threads.

    A path is a zip, a tar, a gzipped tar (by its ending), a folder, or any other file, which is then the only member of
    itself. Archives directly inside a folder are opened, too. If a name is found twice, the first one counts, in the
    order of `paths`; in a folder its own files come before its archives'.

    Zips and tars are read in place: opening one reads only its index. A gzipped tar allows no access to its middle, so
    it is decompressed once into a nameless temporary file, which disappears with the process. That file is next to the
    tar, or in TMPDIR if that folder is read-only.
    """

    def __init__(self, paths: Sequence[Path], canonical: Callable[[str], str | None] = lambda member: member) -> None:
        """Open `paths`; `canonical` gives a member's name here, or None if it is not wanted.

        Raises InputError that names the archive and what is wrong with it, OSError without room to decompress it.
        """
        self._paths = list(paths)
        self._archives = [archive for path in paths for archive in _open(path)]
        self._found = self._named(canonical)

    def under(self, canonical: Callable[[str], str | None]) -> "Tree":
        """The same archives, not reopened, with their members under other names."""
        tree = copy.copy(self)
        tree._found = self._named(canonical)
        return tree

    def __contains__(self, name: str) -> bool:
        return name in self._found

    def __str__(self) -> str:
        more = f" and {len(self._paths) - NAMED} more" if len(self._paths) > NAMED else ""
        return ", ".join(map(str, self._paths[:NAMED])) + more

    def names(self) -> list[str]:
        """All names, sorted."""
        return sorted(self._found)

    def read(self, name: str) -> bytes:
        """The bytes of a file. Raises InputError that names archive and member if it is missing or broken."""
        archive, member = self._find(name)
        return archive.read(member)

    def path(self, name: str) -> Path:
        """The path of a file on the disk. Raises InputError if it is missing or inside an archive."""
        archive, member = self._find(name)
        if not isinstance(archive, _Files):
            raise InputError(f"{archive.path}: holds {member!r}, which can only be read unpacked; unpack it")
        return archive.members[member]

    def files(self) -> list[Path]:
        """The files that are read on this disk: archives, and the files of folders, sorted."""
        found = self._found.values()
        return sorted({at.members[member] if isinstance(at, _Files) else at.path for at, member in found})

    def archive(self, name: str) -> Path:
        """The archive or folder that contains a file. Raises InputError if it is missing."""
        return self._find(name)[0].path

    def _find(self, name: str) -> tuple[_Archive, str]:
        if name not in self._found:
            raise InputError(f"{self}: has no {name!r}")
        return self._found[name]

    def _named(self, canonical: Callable[[str], str | None]) -> dict[str, tuple[_Archive, str]]:
        found: dict[str, tuple[_Archive, str]] = {}
        for archive in self._archives:
            for member in archive.members:
                name = canonical(member)
                if name is not None:
                    found.setdefault(name, (archive, member))
        return found


def _open(path: Path) -> list[_Archive]:
    """The archive at `path`, or a folder's files and the archives directly inside it."""
    if not path.exists():
        raise InputError(f"{path}: no such file or folder; data.source in params.yaml names what is to be read")
    if path.is_dir():
        files = {file.relative_to(path).as_posix(): file for file in _walk(path)}
        packed = [name for name in sorted(files) if "/" not in name and name.lower().endswith(SUFFIXES)]
        inside = [archive for name in packed for archive in _open(files.pop(name))]
        return [_Files(path, files), *inside]
    if not path.name.lower().endswith(SUFFIXES):
        return [_Files(path, {path.name: path})]
    try:
        file = require_file(path).open("rb")
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}") from None
    return [_Zip(path, file) if path.suffix.lower() == ".zip" else _Tar(path, file)]


def _walk(folder: Path) -> Iterator[Path]:
    """All files below a folder. Links are followed (large sets are spread over disks), but never in circles.

    A circle is a folder that its own path leads through. Two paths to one folder are no circle: both give its files.
    """
    ways: dict[Path, set[str]] = {}
    for name, folders, names in os.walk(folder, followlinks=True):
        inside, real = Path(name), os.path.realpath(name)
        above = ways.get(inside.parent, set())
        if real in above:
            folders.clear()
            continue
        ways[inside] = above | {real}
        yield from (inside / name for name in names)


class _Files:
    """A folder's files, or one file."""

    def __init__(self, path: Path, members: dict[str, Path]) -> None:
        self.path, self.members = path, members

    def read(self, member: str) -> bytes:
        try:
            return self.members[member].read_bytes()
        except OSError as error:
            raise InputError(f"{self.members[member]}: {error.strerror}") from None


class _Zip:
    """A zip; ZipFile locks its file around every read, and decompresses outside of the lock."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(file)
        except BROKEN:
            raise _broken(path, "zip") from None
        entries = {_safe(path, info.filename): info for info in self._zip.infolist()}
        self.members = {member: info for member, info in entries.items() if not info.is_dir()}
        for member, info in self.members.items():
            if info.flag_bits & 1:
                raise InputError(f"{path}: refused: its member {member!r} is encrypted")
            if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG):
                raise _refused(path, member)

    def read(self, member: str) -> bytes:
        _require_small(self.path, member, self.members[member].file_size)  # zipfile gives no more than it states
        try:
            return self._zip.read(self.members[member])
        except BROKEN as error:
            raise _broken(self.path, "zip", f"{member!r}: {error}") from None


class _Tar:
    """A tar; its members are read at their offsets, without a shared position."""

    def __init__(self, path: Path, file: IO[bytes]) -> None:
        self.path = path
        self._file = _decompressed(path, file) if file.read(2) == GZIP else file
        try:
            self.members = dict(self._index())
        except InputError:
            raise
        except BROKEN:
            raise _broken(path, "tar") from None

    def _index(self) -> Iterator[tuple[str, tuple[int, int]]]:
        """Offset and size of every file."""
        self._file.seek(0)
        size = os.fstat(self._file.fileno()).st_size
        with tarfile.open(fileobj=self._file, mode="r:") as tar, _progress(f"{self.path.name}: index", size) as reach:
            while info := tar.next():
                tar.members = []  # type: ignore[attr-defined]  # otherwise it keeps all of them: a gigabyte for DDAD
                reach(info.offset_data)
                member = _safe(self.path, info.name)
                if info.isreg() and not info.issparse():
                    yield member, (info.offset_data, info.size)
                elif not info.isdir():
                    raise _refused(self.path, member)
            end = os.pread(self._file.fileno(), BLOCK, tar.offset)
            if end != bytes(BLOCK):  # TarFile silently takes rubbish for the end
                raise tarfile.ReadError("does not end with a block of zeros")
            reach(size)

    def read(self, member: str) -> bytes:
        offset, size = self.members[member]
        _require_small(self.path, member, size)
        try:
            content = os.pread(self._file.fileno(), size, offset)
        except OSError as error:
            raise InputError(f"{self.path}: {member!r}: {error.strerror}") from None
        if len(content) != size:
            raise _broken(self.path, "tar", f"{member!r} ends too early")
        return content


def _decompressed(path: Path, file: IO[bytes]) -> IO[bytes]:
    """The content of a gzip file, in a nameless temporary file."""
    file.seek(0)
    place = path.parent if os.access(path.parent, os.W_OK) else Path(tempfile.gettempdir())
    plain = tempfile.TemporaryFile(dir=place)  # noqa: SIM115
    with gzip.GzipFile(fileobj=file) as packed, _progress(f"{path.name}: unpack", path.stat().st_size) as reach:
        try:
            while block := packed.read(1 << 20):
                if plain.tell() > LARGE + MOST_PACKED * path.stat().st_size:
                    raise InputError(f"{path}: refused: unpacked it is more than {MOST_PACKED} times as large")
                plain.write(block)
                reach(file.tell())
            plain.flush()
        except (gzip.BadGzipFile, EOFError, zlib.error):
            raise _broken(path, "tar.gz") from None
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(place)) from None
    return plain


@contextlib.contextmanager
def _progress(title: str, size: int) -> Iterator[Callable[[int], None]]:
    """Yield a function that takes how many bytes of `size` are done; shows MiB, if there are many."""
    told = 0

    def reach(position: int) -> None:
        nonlocal told
        steps = (position >> 20) - told
        if steps > 0:
            told += steps
            advance(steps)

    with track(title, size >> 20) if size > LARGE else contextlib.nullcontext(lambda steps: None) as advance:
        yield reach


def _safe(archive: Path, member: str) -> str:
    """A member's path without `./`; on any system, it must stay where it is unpacked."""
    path = PureWindowsPath(member)  # understands both kinds of slashes
    if path.root or ".." in path.parts:
        raise InputError(f"{archive}: refused: its member {member!r} leads out of the archive")
    return str(PurePosixPath(member))


def _require_small(archive: Path, member: str, size: int) -> None:
    if size > LARGEST_MEMBER:
        raise InputError(
            f"{archive}: refused: its member {member!r} has {size} bytes; expected at most {LARGEST_MEMBER}"
        )


def _refused(archive: Path, member: str) -> InputError:
    return InputError(f"{archive}: refused: its member {member!r} is no plain file, but a link or a device")


def _broken(archive: Path, kind: str, reason: str = "") -> InputError:
    told = f" ({reason})" if reason else ""
    return InputError(f"{archive}: truncated or not a {kind}{told}; remove it and download it again")
