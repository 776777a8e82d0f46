"""What a user reads when something they gave is wrong."""

import difflib
from collections.abc import Iterable
from typing import Any


class InputError(ValueError):
    """What a user gave is wrong. The message is one line: what was wrong, what was expected, and where.

    The command line prints only this line and exits with code 2.
    """

    def __init__(self, message: str) -> None:
        super().__init__(_in_one_line(message))  # names from files may hold anything


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
