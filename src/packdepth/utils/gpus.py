"""Which of a machine's GPUs a training takes, where several trainings run side by side."""

import contextlib
import fcntl
from collections.abc import Iterator, Sequence
from pathlib import Path

PLACES = Path(".packdepth/gpus")
MOST = 100  # trainings side by side on a GPU; whatever comes then takes the first GPUs


@contextlib.contextmanager
def taken(count: int, names: Sequence[str]) -> Iterator[list[int]]:
    """The numbers of `count` GPUs, those that the fewest others have taken, until the block or the process ends.

    `names` are all GPUs', the same in every process. Each training of this folder's study holds a lock on a place of
    its GPU. Nothing waits: how many trainings fit on a GPU is up to whoever starts them. Where there are no locks, the
    first GPUs are taken.
    """
    with contextlib.ExitStack() as locks:
        found: list[int] = []
        for place in range(MOST):
            for number, name in enumerate(names):
                if len(found) < count and number not in found and _hold(locks, PLACES / f"{name}.{place}"):
                    found.append(number)
        rest = (number for number in range(len(names)) if number not in found)
        yield found + [next(rest) for _ in range(count - len(found))]


def _hold(locks: contextlib.ExitStack, path: Path) -> bool:
    """Take a lock, unless another process has it or it cannot be had."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("w")
        locks.callback(file.close)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
