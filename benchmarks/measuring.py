"""Time, memory and arithmetic of a training step; contenders alternate."""

import ctypes
import gc
import re
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from contenders import Contender, Scales
from torch import Tensor
from torch.utils.flop_counter import FlopCounterMode

MEASURED = ("forward", "forward and backward", "step")


@dataclass(frozen=True)
class Case:
    """What every contender is given."""

    study: str  # the question that the case belongs to
    network: str  # size of PackNet
    height: int
    width: int
    batch: int
    precision: str  # fp32 or bf16 (autocast)


@dataclass(frozen=True)
class Row:
    """One measurement of one contender."""

    contender: str
    what: str  # one of MEASURED in s, "memory" in MiB, or "forward FLOPs" in 1e9
    round: int
    value: float


def measure(contenders: list[Contender], case: Case, rounds: int, device: torch.device) -> Iterator[dict[str, object]]:
    """Rows of all contenders, with the case they belong to; the first round is warm-up and does not count."""
    torch.manual_seed(0)
    image = torch.rand(case.batch, 3, case.height, case.width, device=device)
    for number in range(rounds + 1):
        for contender in contenders:
            precision = contender.precision or case.precision
            rows = _times(contender, image, precision)
            if number == 0:
                rows = [("memory", _memory(contender, image, precision))]
                rows.append(("forward FLOPs", _flops(contender, image)))
            for what, value in rows:
                yield asdict(case) | asdict(Row(contender.name, what, number, value))


def _times(contender: Contender, image: Tensor, precision: str) -> list[tuple[str, float]]:
    """Seconds of an evaluation's forward pass; of forward and backward in training; of these and Adam's update."""
    contender.network.eval()
    with torch.no_grad():
        start = _now(image)
        _loss(contender.scales, image, precision)
        forward = _now(image) - start
    contender.network.train()
    start = _now(image)
    _loss(contender.trained, image, precision).backward()
    both = _now(image) - start
    contender.optimizer.step()
    step = _now(image) - start
    contender.optimizer.zero_grad(set_to_none=True)
    return list(zip(MEASURED, (forward, both, step), strict=True))


def _loss(scales: Scales, image: Tensor, precision: str) -> Tensor:
    with torch.autocast(image.device.type, torch.bfloat16, enabled=precision == "bf16"):
        made = scales(image)
    return torch.stack([scale.float().mean() for scale in made]).sum()


def _now(image: Tensor) -> float:
    if image.is_cuda:
        torch.cuda.synchronize()
    return time.perf_counter()


def _memory(contender: Contender, image: Tensor, precision: str) -> float:
    """Peak MiB that forward and backward take beyond what was held before, including the weights' gradients."""
    contender.network.train()
    gc.collect()
    if image.is_cuda:
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated() / 2**20
        _loss(contender.trained, image, precision).backward()
        peak = torch.cuda.max_memory_allocated() / 2**20
    else:
        ctypes.CDLL("libc.so.6").malloc_trim(0)  # what the others freed does not count for this one
        Path("/proc/self/clear_refs").write_text("5")  # the peak starts here
        before = _resident("VmRSS")
        _loss(contender.trained, image, precision).backward()
        peak = _resident("VmHWM")
    contender.optimizer.zero_grad(set_to_none=True)
    return peak - before


def _resident(which: str) -> float:
    found = re.search(rf"^{which}:\s*(\d+) kB", Path("/proc/self/status").read_text(), re.MULTILINE)
    assert found
    return int(found[1]) / 2**10


def _flops(contender: Contender, image: Tensor) -> float:
    """1e9 operations of a forward pass in training (a multiply-add counts two); compiled code cannot be counted."""
    network = contender.network
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.train()
        (network.forward_scales if hasattr(network, "forward_scales") else network)(image)  # type: ignore[operator]
    return counter.get_total_flops() / 1e9
