"""Fills holes in images from their surroundings."""

import torch
from torch import Tensor
from torch.nn import functional as F

LEANING = 0.25  # weight of the surroundings in the filling, relative to the pixels nearest to a hole
TINY = 1e-30


def fill(values: Tensor, weight: Tensor) -> Tensor:
    """`values` where they have a weight, and elsewhere weighted means of those around.

    Pull-push (Gortler et al., The Lumigraph, SIGGRAPH 1996): means over 2x2 pixels until every hole is closed, then
    back, each level filling the holes of the finer one. Surroundings of much greater weight override the pixels
    next to a hole.

    Args:
        values: (B, C, H, W), finite also where they have no weight.
        weight: (B, 1, H, W), 0 or more.
    """
    coarse = _spread(*_halved(values, weight))
    filled = F.interpolate(coarse, values.shape[2:], mode="nearest")  # bilinear would take as long as everything else
    return torch.where(weight > 0, values, filled)


def _halved(values: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
    """Weighted means and mean weights of 2x2 pixels each, by bilinear scaling to half the size."""
    half = [(side + 1) // 2 for side in values.shape[2:]]
    sums, weight = (F.interpolate(image, half, mode="bilinear") for image in (values * weight, weight))
    return sums / weight.clamp_min(TINY), weight


def _spread(values: Tensor, weight: Tensor) -> Tensor:
    """Means with all holes filled from ever wider surroundings."""
    size = values.shape[2:]
    if max(size) == 1:
        return values
    coarse, coarse_weight = _halved(values, weight)
    around = F.interpolate(_spread(coarse, coarse_weight), size, mode="bilinear")
    around_weight = F.interpolate(coarse_weight, size, mode="bilinear")
    return torch.lerp(around, values, weight / (weight + LEANING * around_weight).clamp_min(TINY))
