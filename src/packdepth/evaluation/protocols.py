"""How predictions are held against truth: the one table of protocols."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Protocol:
    """Which pixels count, and what is done to a prediction first. Distances in m."""

    min_truth: float  # truth at or below this is left out
    max_truth: float  # truth above this is left out
    prediction: tuple[float, float]  # predictions are held to this range
    crop: tuple[float, float, float, float] | None = None  # top, bottom, left, right as shares of height and width
    source: str = ""


PROTOCOLS = {
    "indoor": Protocol(1e-3, 10.0, (0.1, 10.0), source="formats of NYU Depth v2, without a crop"),
    "nyu-eigen": Protocol(
        1e-3,
        10.0,
        (0.1, 10.0),
        crop=(20 / 480, 460 / 480, 24 / 640, 616 / 640),  # rows 20..459 and columns 24..615 of 480x640
        source="Eigen et al. 2014, as DenseDepth crops",
    ),
}


def counted(truth: Tensor, protocol: Protocol) -> Tensor:
    """The pixels that count: (..., H, W) bool for truth (..., H, W) in metres, 0 where unknown."""
    known = (truth > protocol.min_truth) & (truth <= protocol.max_truth)
    if protocol.crop:
        height, width = truth.shape[-2:]
        top, bottom, left, right = protocol.crop
        inside = torch.zeros_like(known)
        inside[..., round(top * height) : round(bottom * height), round(left * width) : round(right * width)] = True
        known &= inside
    return known
