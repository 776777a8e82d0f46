"""Progress with time left: a bar in a terminal, a plain line now and then elsewhere.

A bar needs the terminal to itself. Where others write there too, TTY_INTERACTIVE=0 asks for lines; rich supports it.
"""

import contextlib
import sys
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

PLAIN_EVERY = 15.0  # s


@contextlib.contextmanager
def track(title: str, total: int, done: int = 0) -> Iterator[Callable[..., None]]:
    """Yield `advance(n=1, note="")`, which moves the progress by n of `total` and shows the note behind it."""
    if Console(stderr=True).is_interactive:
        with _bar() as bar:
            task = bar.add_task(title, total=total, completed=done, note="")
            yield lambda n=1, note="": bar.update(task, advance=n, note=note)
    else:
        yield _PlainLines(title, total, done)


def _bar() -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, TimeRemainingColumn(), TextColumn("{task.fields[note]}"), console=Console(stderr=True))


class _PlainLines:
    """A line at the first step, at the last, and every PLAIN_EVERY seconds between."""

    def __init__(self, title: str, total: int, done: int) -> None:
        self._title, self._total, self._first, self._done = title, total, done, done
        self._start = self._told = time.monotonic()

    def __call__(self, n: int = 1, note: str = "") -> None:
        self._done += n
        now = time.monotonic()
        first = self._done - n == self._first
        if not first and self._done < self._total and now - self._told < PLAIN_EVERY:
            return
        self._told = now
        left = (now - self._start) / (self._done - self._first) * (self._total - self._done)
        line = f"{self._title}: {self._done}/{self._total}, {left:.0f} s left  {note}"
        # One write with its end: `print` makes two where nothing is buffered, and another job's line can come between.
        sys.stderr.write(f"{line.rstrip()}\n")
        sys.stderr.flush()
