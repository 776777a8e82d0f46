"""How many of the machine's cores torch takes."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def threads_of_torch(count: int) -> Iterator[int]:
    """Let every operation of torch take `count` threads while open; gives the number before.

    Sums, and so the last bits of a result, depend on it.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield before
    finally:
        torch.set_num_threads(before)


@contextmanager
def threads_on_cpu(count: int, device: torch.device) -> Iterator[None]:
    """The same where `device` is a CPU; on a GPU nothing depends on it."""
    with threads_of_torch(count if device.type == "cpu" else torch.get_num_threads()):
        yield
