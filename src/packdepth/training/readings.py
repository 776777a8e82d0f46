"""What steps say of themselves: numbers that stay on the device until those of many steps are fetched together.

Reading a number from a GPU means waiting for it, and a processor that waits starts no kernels. So an ordinary step
reads none.
"""

import time
from dataclasses import dataclass, replace

import torch
from torch import Tensor


@dataclass(frozen=True)
class Reading:
    """One step."""

    step: int
    epoch: int
    learning_rate: float
    waited: float  # s, for its batch
    seconds: float  # s, in all
    values: dict[str, float]


class Readings:
    """Steps whose numbers are still on the device."""

    def __init__(self) -> None:
        self._steps: list[Reading] = []
        self._values: list[dict[str, Tensor]] = []

    def add(self, step: int, epoch: int, rate: float, waited: float, seconds: float, values: dict[str, Tensor]) -> None:
        """Keep what a step said: `values` are of shape () and on one device, and every step has the same."""
        self._steps.append(Reading(step, epoch, rate, waited, seconds, {}))
        self._values.append(values)

    def fetch(self) -> list[Reading]:
        """All steps since the last call, in order. The time that it takes to wait for them is shared by them."""
        steps, values = self._steps, self._values
        self._steps, self._values = [], []
        if not steps:
            return []
        since = time.perf_counter()
        rows = torch.stack([torch.stack(list(of_step.values())) for of_step in values]).tolist()
        share = (time.perf_counter() - since) / len(steps)
        return [
            replace(reading, seconds=reading.seconds + share, values=dict(zip(values[0], row, strict=True)))
            for reading, row in zip(steps, rows, strict=True)
        ]
