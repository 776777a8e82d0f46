"""What a user reads when something they gave is wrong."""

import difflib
import re
from collections.abc import Iterable
from typing import Any

LONGEST = 900  # letters of a message
# How the system, HDF5 and safetensors report a full disk, and how torch does, which drops the system's message.
NO_SPACE = re.compile("No space left|File too large|quota exceeded|inline_container|PytorchStreamWriter", re.IGNORECASE)
NO_LOADER = re.compile("DataLoader worker|shared memory|</torch_|shm_open")  # first: a small /dev/shm is no full disk
NO_MEMORY = re.compile("can't allocate memory|out of memory", re.IGNORECASE)
NO_HOME = re.compile("Could not determine home directory")
EXPLANATIONS = {
    NO_HOME: "~ stands for no folder here, because HOME is not set; write the whole path",
    NO_LOADER: "a loader process was killed or found too little shared memory in /dev/shm; `workers: 0` needs neither",
    NO_SPACE: "no space left on the disk, nothing half-written was kept",
    NO_MEMORY: "not enough memory",
}


class InputError(ValueError):
    """What a user gave is wrong. The message is one line: what was wrong, what was expected, and where.

    The command line prints only this line and exits with code 2.
    """

    def __init__(self, message: str) -> None:
        super().__init__(_in_one_line(shortened(message, LONGEST)))  # names from files may hold anything


def explained(error: Exception) -> str:
    """What a user can do something about, in one line; nothing for a fault of the program."""
    if isinstance(error, InputError):
        return str(error)
    said = _in_one_line(str(error))
    for pattern, explanation in EXPLANATIONS.items():
        if pattern.search(said):
            return f"{explanation} ({shortened(said)})"
    if isinstance(error, MemoryError):
        return "not enough memory"
    if isinstance(error, OSError):
        return f"{error.filename}: {error.strerror}" if error.filename else shortened(said)
    return ""


def shortened(text: str, most: int = 120) -> str:
    """What a file or a user gave, as part of a line: not too long to be read."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _in_one_line(text: str) -> str:
    line = " ".join(text.split())
    return line if line.isprintable() else "".join(letter if letter.isprintable() else "?" for letter in line)


def nearest(name: str, known: Iterable[object]) -> str:
    """`; did you mean 'x'?` with the known name most like `name`, or nothing if none is similar."""
    if len(name) > 100:
        return ""
    close = difflib.get_close_matches(name, [str(other) for other in known], n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def one_of(name: str, known: Any, what: str, where: str = "params.yaml") -> str:
    """`name` if it is one of `known`; else InputError with the nearest known name."""
    if name in known:
        return name
    raise InputError(
        f"{where}: unknown {what} {shortened(repr(name))}{nearest(name, known)}; known: {', '.join(known)}"
    )
