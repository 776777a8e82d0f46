"""Reading an HDF5 file from any process."""

import os
from pathlib import Path
from typing import Any

import h5py

from packdepth.errors import InputError


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

    def _open(self) -> h5py.File:
        if not self.path.is_file():
            raise InputError(f"{self.path}: no such store; `{self.maker}` makes it")
        if not os.access(self.path, os.R_OK):
            raise InputError(f"{self.path}: may not be read by this user")
        try:
            return h5py.File(self.path, "r")
        except OSError as error:
            reason = "truncated" if "truncated" in str(error) else "not an HDF5 file"
            raise self.fault(f"{reason}, remove it and make it again (`{self.maker}`)") from error
