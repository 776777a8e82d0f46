"""Outputs that need no network: what a loss is held against, all in normalised inverse depth.

The first two see no image. A network that does not beat them has learned nothing. The others see the truth: an
image's median, and the truth cut off at the ceiling of a head. The latter is no strict bound: structure below the
ceiling can raise SSIM a little (by 1 % of the loss at `nyu-small`).
"""

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from packdepth.losses.depth import DepthLoss
from packdepth.losses.targets import LARGEST_TARGET

CANDIDATES = 16  # constants a sweep
CHUNK = 16  # images at once


def targets_of(loss: DepthLoss, depths: Iterable[Tensor], size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Targets and masks (B, 1, *size) of depth maps (h, w) in m, which may differ in size."""
    target, mask = zip(*(loss.target(depth[None, None], size) for depth in depths), strict=True)
    return torch.cat(target), torch.cat(mask)


def image_losses(loss: DepthLoss, output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """The loss of every image, (B,); `output` is (B, 1, h, w) or broadcasts to it, the others are (B, 1, h, w)."""

    def of_one(*image: Tensor) -> Tensor:
        return loss(*(values[None] for values in image))[0]

    return torch.vmap(of_one, chunk_size=CHUNK)(output.expand_as(target), target, mask)


def mean_loss(loss: DepthLoss, output: Tensor, target: Tensor, mask: Tensor) -> float:
    """The mean of `image_losses`."""
    return float(image_losses(loss, output, target, mask).mean())


def best_constant(loss: DepthLoss, target: Tensor, mask: Tensor) -> float:
    """The constant with the least mean loss over images (B, 1, h, w), found by three sweeps, each finer than the last.

    The first covers every target, 1 .. 100, in equal ratios.
    """
    low, high = 1.0, LARGEST_TARGET
    for _ in range(3):
        candidates = torch.logspace(math.log10(low), math.log10(high), CANDIDATES, dtype=torch.float64).tolist()
        losses = [mean_loss(loss, target.new_full((1, 1, 1, 1), value), target, mask) for value in candidates]
        best = losses.index(min(losses))
        low, high = candidates[max(best - 1, 0)], candidates[min(best + 1, CANDIDATES - 1)]
    return candidates[best]


def fixed_map(loss: DepthLoss, target: Tensor, mask: Tensor) -> Tensor:
    """One map (1, 1, h, w) for all images (B, 1, h, w): of the pixelwise mean and median, that of the lower loss.

    A pixel that no image knows gets the mean of all known ones.
    """
    known = target.masked_fill(mask == 0, math.nan)
    everywhere = known.nanmean()
    maps = [
        of_pixel.nan_to_num(float(everywhere)) for of_pixel in (known.nanmean(0, True), known.nanmedian(0, True)[0])
    ]
    return min(maps, key=lambda one: mean_loss(loss, one, target, mask))


def image_medians(target: Tensor, mask: Tensor) -> Tensor:
    """Every image's median over its known pixels, (B, 1, 1, 1); 1 where nothing is known."""
    medians = target.masked_fill(mask == 0, math.nan).flatten(1).nanmedian(dim=1).values
    return medians.nan_to_num(1.0).view(-1, 1, 1, 1)


def clipped_truth(target: Tensor, ceiling: float) -> Tensor:
    """The truth as far as a head can say it that ends at `ceiling`; (B, 1, h, w)."""
    return target.clamp_max(ceiling)
