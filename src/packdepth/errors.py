"""What a user reads when something they gave is wrong."""

import difflib
from collections.abc import Iterable
from typing import Any


class InputError(ValueError):
    """What a user gave is wrong. The message is one line: what was wrong, what was expected, and where.

    The command line prints only this line and exits with code 2.
    """


def nearest(name: str, known: Iterable[object]) -> str:
    """`; did you mean 'x'?` with the known name most like `name`, or nothing if none is similar."""
    close = difflib.get_close_matches(name, [str(other) for other in known], n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else ""


def one_of(name: str, known: Any, what: str, where: str = "params.yaml") -> str:
    """`name` if it is one of `known`; else InputError with the nearest known name."""
    if name in known:
        return name
    raise InputError(f"{where}: unknown {what} {name!r}{nearest(name, known)}; known: {', '.join(known)}")
