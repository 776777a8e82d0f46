"""Reading an HDF5 file from any process."""

import functools
import math
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast

import h5py

from packdepth.errors import InputError, shortened

SIGNATURE = b"\x89HDF\r\n\x1a\n"  # how HDF5 files begin
LARGEST_CHUNK = 1 << 30  # bytes, unpacked

Method = TypeVar("Method", bound=Callable[..., Any])
DAMAGE = (OSError, RuntimeError, ValueError, TypeError, AttributeError)  # what h5py raises when it meets any


def named_damage(method: Method) -> Method:
    """Let a method of a Reader raise InputError for what h5py says of a damaged file."""
    # After opening, a missing name or number is the caller's fault.
    faults = (*DAMAGE, LookupError) if method.__name__ in ("__init__", "_open") else DAMAGE

    @functools.wraps(method)
    def wrapped(self: "Reader", *arguments: Any, **named: Any) -> Any:
        try:
            return method(self, *arguments, **named)
        except InputError:
            raise
        except faults as error:
            if isinstance(error, OSError) and "errno" in str(error):  # HDF5 tells what the system said
                raise InputError(f"{self.path}: cannot be read now: {shortened(str(error))}") from error
            told = f"damaged ({shortened(str(error))}), remove it and make it again (`{self.maker}`)"
            raise self.fault(told) from error

    return cast(Method, wrapped)


class Reader:
    """An HDF5 file that is only read.

    Safe under fork and under pickling: every process opens its own handle, at its first read.
    """

    def __init__(self, path: Path, form: str, maker: str) -> None:
        """`form` is what the file should be, `maker` the command that makes it; InputErrors name both."""
        self.path, self.form, self.maker = path, form, maker
        self._handle: h5py.File | None = None
        self._owner = -1

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_handle": None, "_owner": -1}

    @property
    def file(self) -> h5py.File:
        """The open file. Raises InputError if it is missing, not readable or not HDF5."""
        if self._handle is None or self._owner != os.getpid():
            self._handle, self._owner = self._open(), os.getpid()
        return self._handle

    def fault(self, what: str) -> InputError:
        """The error that states the content's fault."""
        return InputError(f"{self.path}: {what}; expected a {self.form}")

    @named_damage
    def _open(self) -> h5py.File:
        if not self.path.is_file():
            raise InputError(f"{self.path}: no such store; `{self.maker}` makes it")
        try:
            with self.path.open("rb") as file:
                begins = file.read(len(SIGNATURE))
            if begins != SIGNATURE:
                raise self.fault(f"not an HDF5 file, remove it and make it again (`{self.maker}`)")
            opened = self._hdf5()
        except OSError as error:
            if "truncated" in str(error):
                raise self.fault(f"truncated, remove it and make it again (`{self.maker}`)") from error
            raise InputError(f"{self.path}: cannot be read now: {error.strerror or error}") from error
        if fault := unsafe(opened):
            raise self.fault(fault)
        return opened

    def _hdf5(self) -> h5py.File:
        try:
            return h5py.File(self.path, "r")
        except OSError as error:
            if "lock" not in str(error):
                raise
            return h5py.File(self.path, "r", locking=False)  # a store never changes, and locks are not everywhere


def unsafe(file: h5py.File) -> str:
    """What in an HDF5 file reads other files, or takes any amount of memory; nothing in those that packdepth writes."""
    waiting: list[h5py.Group] = [file]
    seen: set[int] = set()
    while waiting:
        group = waiting.pop()
        address = h5py.h5o.get_info(group.id).addr
        if address in seen:  # groups may hold one another, and themselves
            continue
        seen.add(address)
        for key in group:
            name = f"{group.name}/{key}".lstrip("/")
            if not isinstance(group.get(key, getlink=True), h5py.HardLink):
                return f"{name!r} is a link"
            data = group[key]
            if isinstance(data, h5py.Group):
                waiting.append(data)
            elif isinstance(data, h5py.Dataset) and (fault := _unsafe_array(data)):
                return f"{name!r} {fault}"
    return ""


def _unsafe_array(data: h5py.Dataset) -> str:
    if data.external or data.is_virtual:
        return "lies in other files"
    if data.chunks and math.prod(data.chunks) * data.dtype.itemsize > LARGEST_CHUNK:
        return f"has chunks of more than {LARGEST_CHUNK >> 20} MiB"
    return ""
