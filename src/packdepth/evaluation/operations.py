"""What a network's prediction costs, whatever machine computes it."""

from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from packdepth import models


def forward_flops(network: dict[str, Any], size: tuple[int, int]) -> float:
    """Operations of a forward pass for one image (H, W); a multiply-add counts two, convolutions are as published.

    `network` is the architecture and its options, as `models.build` takes them.
    """
    with torch.device("meta"):  # nothing is computed
        model = models.build(**network).eval().requires_grad_(False)
        image = torch.zeros(1, model.in_channels, *size)
    with FlopCounterMode(display=False) as counter:
        model(image)
    return float(counter.get_total_flops())
