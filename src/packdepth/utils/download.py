"""Downloads over HTTP: resumed, from several mirrors, under the final name only when complete with the right hash.

pooch checks the hashes. Its `retrieve` is not used: it deletes its temporary file when anything goes wrong. So a
lost connection, or a kill, in the last of 257 GB would lose them all. Here `.NAME.part` stays.
"""

import contextlib
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pooch
import requests
from urllib3.exceptions import HTTPError, ProtocolError, ReadTimeoutError  # of a response's raw stream

from packdepth.errors import InputError
from packdepth.utils.files import locked, read_object, require_space, write_json
from packdepth.utils.fingerprint import digest
from packdepth.utils.progress import track

CONNECT, READ = 10.0, 60.0  # s to wait for a connection, s to wait for another byte
RETRIES = 4  # of one mirror in a row that bring nothing new
PAUSE = 1.0  # s before the next try, doubled with every one that brings nothing new
CHUNK = 1 << 16  # bytes
LARGE = 1 << 30  # bytes; hashing more takes long enough to show progress
LOST = "the connection was lost"
CHANGED = "changed_ns"  # in a record: when the file was written, which says nothing about it on another machine


@dataclass(frozen=True)
class Remote:
    """A file to download: its name here, its mirrors in the order to try, and, where known, its hash and its size.

    The hash is written `md5:...` or `sha256:...`.
    """

    name: str
    urls: tuple[str, ...]
    hash: str | None = None
    bytes: int | None = None


class _Failed(Exception):
    """A mirror did not give what it should; the message states why."""


class _Passing(_Failed):
    """A failure that may be gone at the next try: of the connection, or of a server that is busy or broken."""


def fetch(remote: Remote, folder: Path) -> Path:
    """The file `remote.name` in `folder`, downloaded if it is not there, with its `record` next to it.

    A file that someone has put there, or replaced, is used if it has the right hash. Two processes never download
    one file at once. Raises InputError that lists what was tried, OSError if the disk has no room for the file.
    """
    path = folder / remote.name
    if _is_as_recorded(remote, path):
        return path
    with locked(folder / f".{path.name}.lock", f"downloads {path}"):
        if not path.is_file():
            _download(remote, path)
        elif not _is_as_recorded(remote, path):
            _adopt(remote, path)
    return path


def record(path: Path) -> dict[str, Any]:
    """What is known about a file that `fetch` gave: `bytes`, `hash`, and `url`, unless someone has put it there."""
    return {key: value for key, value in read_object(_record(path)).items() if key != CHANGED}


def _public(url: str) -> str:
    """An address as it may be shown and kept: without a password, and without a query, which may hold a token."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that is none"
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _record(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def _is_as_recorded(remote: Remote, path: Path) -> bool:
    """Whether the file is the one in its record, by size and time, and the record has the known hash."""
    known = read_object(_record(path))
    if not path.is_file() or "bytes" not in known or remote.hash not in (None, known.get("hash")):
        return False
    return all(known.get(key, value) == value for key, value in _stamp(path).items())  # older records have no time


def _stamp(path: Path) -> dict[str, int]:
    """What changes with a file's content, nearly always."""
    found = path.stat()
    return {"bytes": found.st_size, CHANGED: found.st_mtime_ns}


def _adopt(remote: Remote, path: Path) -> None:
    try:
        found, known = _hash(remote, path), record(path)
    except _Failed as failure:
        raise InputError(f"{path}: {failure}; remove it, and it will be downloaded") from None
    origin = {"url": _public(str(known["url"]))} if "url" in known and known.get("hash") == found else {}
    write_json(_record(path), {**origin, **_stamp(path), "hash": found})


def _hash(remote: Remote, file: Path) -> str:
    """The hash of a file: the known one, which it must have, or else its SHA-256."""
    if file.stat().st_size > LARGE:
        print(f"packdepth: {remote.name}: computing its hash", file=sys.stderr, flush=True)
    known = remote.hash or "sha256:"
    algorithm = known.partition(":")[0]
    found = f"{algorithm}:{pooch.file_hash(str(file), alg=algorithm)}"
    if remote.hash not in (None, found):
        raise _Failed(f"its hash is {found}, not {known}")
    return found


def _download(remote: Remote, path: Path) -> None:
    part = _Part(path)
    failures = []
    for url in remote.urls:
        try:
            _bring(remote, url, part)
            _publish(remote, url, part, path)
            return
        except _Failed as failure:
            print(f"packdepth: {_public(url)}: {failure}", file=sys.stderr, flush=True)
            failures.append(f"{_public(url)} ({failure})")
    tried = ", ".join(failures)
    raise InputError(f"{path}: could not be had from {tried}; data.source in params.yaml may name a local copy instead")


def _publish(remote: Remote, url: str, part: "_Part", path: Path) -> None:
    """Give a complete download its name, after writing its record; remove it if it has the wrong hash."""
    try:
        known = {"url": _public(url), **_stamp(part.path), "hash": _hash(remote, part.path)}
    except _Failed:
        part.remove()
        raise
    write_json(_record(path), known)
    part.path.replace(path)
    part.remove()


class _Part:
    """The part of a file downloaded so far, `.NAME.part`, and its origin, `.NAME.part.json`."""

    def __init__(self, path: Path) -> None:
        self.path = path.with_name(f".{path.name}.part")
        self._origin = path.with_name(f".{path.name}.part.json")

    @property
    def size(self) -> int:
        """Bytes so far."""
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def origin(self) -> dict[str, Any]:
        """The `digest` of its address, the `validator` of that version or None, and its `total` of bytes or None."""
        nothing = {"digest": None, "validator": None, "total": None}
        return nothing | read_object(self._origin) if self.path.is_file() else nothing

    def begin(self, origin: dict[str, Any], new: bool) -> None:
        """Start again from nothing, if it is `new`, or go on."""
        if new:
            self.remove()
        write_json(self._origin, origin)
        self.path.touch()

    def remove(self) -> None:
        """Remove the part."""
        self.path.unlink(missing_ok=True)
        self._origin.unlink(missing_ok=True)


def _bring(remote: Remote, url: str, part: _Part) -> None:
    """Download all of a file into `part`, through lost connections, as long as every few tries bring more."""
    most, retries = 0, 0
    while True:
        try:
            return _continue(remote, url, part)
        except _Passing as failure:
            retries = 0 if part.size > most else retries + 1
            most = max(most, part.size)
            if retries > RETRIES:
                raise
            print(f"packdepth: {_public(url)}: {failure}; trying again", file=sys.stderr, flush=True)
            time.sleep(PAUSE * 2**retries)


def _continue(remote: Remote, url: str, part: _Part) -> None:
    """Download the rest of a file, or all of it if the part is from another mirror or version."""
    origin = part.origin
    if origin["digest"] == digest(url) and origin["total"] == part.size:
        return
    try:
        with contextlib.closing(_ask(url, part)) as response:
            part.begin(_origin(remote, url, response), new=response.status_code != requests.codes.partial_content)
            _append(remote.name, response, part)
    except (requests.RequestException, HTTPError) as error:
        reason = _reason(error).replace(url, _public(url))  # requests quotes what it cannot use
        raise (_Passing if _may_pass(error) else _Failed)(reason) from None
    if part.origin["total"] not in (None, part.size):
        raise _Passing(LOST)


def _ask(url: str, part: _Part) -> requests.Response:
    """The response with the rest of the file, if it is still the same version, or else with all of it."""
    origin, size = part.origin, part.size
    resumable = size and origin["digest"] == digest(url) and origin["validator"]
    response = _get(url, {"Range": f"bytes={size}-", "If-Range": origin["validator"]} if resumable else {})
    rest = response.headers.get("Content-Range", "").startswith(f"bytes {size}-")
    if response.status_code in (206, 416) and not (rest and _validator(response) == origin["validator"]):
        response.close()
        response = _get(url, {})
    response.raise_for_status()
    if response.headers.get("Content-Type", "").startswith("text/html"):  # from a mirror that no longer exists
        raise _Failed("gives a web page, not the file")
    return response


def _get(url: str, headers: dict[str, str]) -> requests.Response:
    return requests.get(url, headers={"Accept-Encoding": "identity"} | headers, stream=True, timeout=(CONNECT, READ))


def _validator(response: requests.Response) -> str | None:
    """What identifies a file's version in `If-Range`, which allows no weak ETags (RFC 9110, section 13.1.5)."""
    etag = response.headers.get("ETag", "W/")
    return response.headers.get("Last-Modified") if etag.startswith("W/") else etag


def _origin(remote: Remote, url: str, response: requests.Response) -> dict[str, Any]:
    of_rest = response.status_code == requests.codes.partial_content
    whole = response.headers.get("Content-Range", "").rpartition("/")[2]
    length = whole if of_rest else response.headers.get("Content-Length")
    total = int(length) if length and length.isdigit() else remote.bytes
    if remote.bytes not in (None, total):
        raise _Failed(f"has {total} bytes, not {remote.bytes}")
    if total is None and remote.hash is None and not response.raw.chunked:
        raise _Failed("does not tell its length, so a connection cut early would go unnoticed")
    return {"digest": digest(url), "validator": _validator(response), "total": total}


def _append(name: str, response: requests.Response, part: _Part) -> None:
    total, size = part.origin["total"], part.size
    if total:
        require_space(part.path.parent, total - size)
    shown = track(f"{name} (MiB)", total >> 20, size >> 20) if total else contextlib.nullcontext(lambda steps: None)
    with shown as advance, part.path.open("ab") as file:
        # As stored on the server: some declare a .tar.gz to be a tar encoded with gzip.
        for chunk in response.raw.stream(CHUNK, decode_content=False):
            file.write(chunk)
            steps = (file.tell() >> 20) - (file.tell() - len(chunk) >> 20)
            if steps:
                advance(steps)
        file.flush()
        os.fsync(file.fileno())


def _may_pass(error: Exception) -> bool:
    if isinstance(error, requests.HTTPError):
        return error.response.status_code >= 500 or error.response.status_code == requests.codes.too_many_requests
    return isinstance(error, requests.ConnectionError | requests.Timeout | HTTPError)


def _reason(error: Exception) -> str:
    """An error of the connection in a few words: the first cause, without the addresses of objects."""
    if isinstance(error, requests.HTTPError):
        return f"{error.response.status_code} {error.response.reason}"
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {CONNECT:g} s"
    if isinstance(error, requests.Timeout | ReadTimeoutError):
        return f"no answer within {READ:g} s"
    if isinstance(error, ProtocolError):
        return LOST
    first: BaseException = error
    while first.__context__:
        first = first.__context__
    return getattr(first, "strerror", None) or str(first)
