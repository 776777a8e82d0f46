"""Data-parallel training: every process has a copy of the networks, and all share every batch.

The mean of their gradients (`shared`) is that of the whole batch, provided that every mean over some of a batch's
pixels divides by `count_of_all`. So the number of processes changes only rounding.
"""

import multiprocessing
import os
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import timedelta
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import ProcessException, spawn
from torch.nn.parallel import DistributedDataParallel

from packdepth.errors import InputError
from packdepth.utils.gpus import taken

PATIENCE = timedelta(minutes=30)  # with a process that does not answer


def size() -> int:
    """How many processes there are."""
    return dist.get_world_size() if dist.is_initialized() else 1


def rank() -> int:
    """This process's number, from 0."""
    return dist.get_rank() if dist.is_initialized() else 0


def run(processes: int, work: Callable[..., None], *arguments: Any) -> None:
    """Call `work` in so many new processes, each with its own GPU where there are any; for one, call it here.

    The GPUs are those that the fewest other trainings have taken. Only the first process prints anything. What one of
    them raises, an InputError or OSError, is raised here and ends the others. Raises InputError if there are too few
    GPUs.
    """
    names = gpus() if torch.cuda.is_available() else []
    if names and len(names) < processes:
        raise InputError(f"training.devices: {processes} asked for, {len(names)} GPUs are here")
    with taken(min(processes, len(names)), names) as numbers:
        if processes == 1:
            if numbers:
                torch.cuda.set_device(numbers[0])
            work(*arguments)
        else:
            _run_apart(processes, numbers, work, arguments)


def gpus() -> list[str]:
    """The names of this machine's GPUs that can be seen here, which no two have in common."""
    return [str(torch.cuda.get_device_properties(number).uuid) for number in range(torch.cuda.device_count())]


def _run_apart(processes: int, numbers: list[int], work: Callable[..., None], arguments: tuple[Any, ...]) -> None:
    faults = torch.multiprocessing.get_context("spawn").SimpleQueue()
    with tempfile.TemporaryDirectory() as folder:
        try:
            spawn(_take_part, (processes, numbers, Path(folder), faults, work, arguments), nprocs=processes)
        except ProcessException:  # from whichever ended first: one that waits for another fails, too
            if faults.empty():
                raise
            raise faults.get() from None


def _take_part(
    number: int,
    processes: int,
    taken_gpus: list[int],
    folder: Path,
    faults: Any,
    work: Callable[..., None],
    arguments: tuple[Any, ...],
) -> None:
    _end_with_parent()
    if taken_gpus:
        torch.cuda.set_device(taken_gpus[number])
    rendezvous = f"file://{folder / 'rendezvous'}"
    backend = "nccl" if taken_gpus else "gloo"
    dist.init_process_group(backend, rendezvous, timeout=PATIENCE, world_size=processes, rank=number)
    if number:
        sys.stderr = sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115
    try:
        work(*arguments)
    except (InputError, OSError) as error:
        faults.put(error)
        sys.exit(1)
    finally:
        dist.destroy_process_group()


def _end_with_parent() -> None:
    """Let this process end as soon as the one that started it has, even by SIGKILL.

    torch sends SIGINT then, which a shell's background jobs ignore.
    """

    def wait(parent: BaseProcess) -> None:
        parent.join()
        os._exit(1)

    if parent := multiprocessing.parent_process():
        threading.Thread(target=wait, args=(parent,), daemon=True).start()


def count_of_all(count: Tensor) -> Tensor:
    """The mean over the processes of a number of pixels, ()."""
    return mean_of_all([count])[0] if size() > 1 else count


def mean_of_all(values: Sequence[Tensor]) -> list[Tensor]:
    """The means over the processes, in float32 and without a gradient, of tensors that every process has."""
    if size() == 1:
        return [value.detach() for value in values]
    flat = torch.cat([value.detach().flatten().float() for value in values])
    dist.all_reduce(flat)
    parts = (flat / size()).split([value.numel() for value in values])
    return [mean.view_as(value) for mean, value in zip(parts, values, strict=True)]


def shared(network: nn.Module) -> nn.Module:
    """The network, whose backward pass leaves the means over the processes of all gradients, if there are several.

    Torch exchanges them in buckets, while the rest of the pass still runs (Li et al., VLDB 2020, arXiv 2006.15704).
    That needs passes by way of what this returns, and a gradient for every parameter: torch raises RuntimeError in the
    pass after one without. Parameters stay the network's own, and so do the names in its state. Buffers, such as
    the running statistics of batch normalisation, are the first process's.
    """
    return network if size() == 1 else DistributedDataParallel(network, gradient_as_bucket_view=True)


def exchanging(network: nn.Module, now: bool) -> AbstractContextManager[None]:
    """Passes through a `shared` network while open exchange gradients `now`, or add them up for one that does."""
    return network.no_sync() if isinstance(network, DistributedDataParallel) and not now else nullcontext()
