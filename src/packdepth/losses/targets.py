"""What a network's output is compared with: normalised inverse depth, max_depth / depth, in 1 .. 100. Near is large.

Losses of params.yaml differ in how they make it (`target`):

- `known`: the mean over the known pixels of a cell. Cells without any do not count.
- `eight-bit`: as the report's course did (CS231A, winter 2021, problem set 3). Depth is an 8-bit image, 255 being
  max_depth, and is resized in 8 bits by Pillow's bicubic filter. A hole is taken for max_depth / 100, the nearest
  depth there is. Every pixel counts.
"""

import math
from functools import lru_cache

import torch
from torch import Tensor
from torch.nn import functional as F

from packdepth.config.variants import OutputUnit

LARGEST_TARGET = 100.0
WHITE = 255.0  # the 8-bit value of max_depth
BICUBIC_SUPPORT = 2.0  # px on either side, where an image is not reduced
BICUBIC_A = -0.5  # Pillow's
FRACTION = 2.0**22  # Pillow's coefficients are whole numbers of 1 / FRACTION


def unit_of(output: OutputUnit, max_depth: float) -> float:
    """The normalised inverse depth of an output of 1, for heads that predict in this unit; max_depth in m."""
    return max_depth if output == "1/m" else 1.0


def metric_depth(output: Tensor, max_depth: float) -> Tensor:
    """Depth in metres of normalised inverse depth (any shape): max_depth / output, the output clamped to 1 .. 100."""
    return max_depth / output.clamp(1.0, LARGEST_TARGET)


def of_known_pixels(depth: Tensor, max_depth: float, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """The target and its mask at `size`, a whole fraction of the depth's size.

    Args:
        depth: (B, 1, h, w), m, 0 where unknown.
        max_depth: m.
        size: height and width of the networks' output, px.

    Returns:
        The target (B, 1, *size), the mean of max_depth / depth over the known pixels that fall into one, and the mask
        (B, 1, *size) of the pixels with any known one, both float.
    """
    known = (depth > 0).to(depth.dtype)
    inverse = max_depth / depth.clamp(max_depth / LARGEST_TARGET, max_depth) * known
    share = F.adaptive_avg_pool2d(known, size)
    mask = (share > 0).to(depth.dtype)
    return F.adaptive_avg_pool2d(inverse, size) / share.clamp_min(1e-6), mask


def of_eight_bits(depth: Tensor, max_depth: float, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """The target of the report's course at `size`, and a mask of ones; arguments and shapes as `of_known_pixels`."""
    grey = (depth / max_depth * WHITE).round().clamp(0, WHITE)
    share = (resized_in_eight_bits(grey, size) / WHITE).clamp(1 / LARGEST_TARGET, 1.0)
    target = (1 / share).to(depth.dtype)
    return target, torch.ones_like(target)


def resized_in_eight_bits(grey: Tensor, size: tuple[int, int]) -> Tensor:
    """Whole values 0 .. 255 (B, 1, h, w) resized by Pillow's bicubic filter, to the bit: (B, 1, *size), float64.

    Pillow's Resample.c: columns first, as in all releases for images at least as wide as high, then rows, each rounded
    to 8 bits. Sums of whole numbers are exact in float64.
    """
    rows, columns = (
        _coefficients(before, after, grey.device) for before, after in zip(grey.shape[2:], size, strict=True)
    )
    across = _in_eight_bits(grey.double() @ columns.T)
    return _in_eight_bits(rows @ across)


def _in_eight_bits(sums: Tensor) -> Tensor:
    return ((sums + FRACTION / 2) / FRACTION).floor().clamp(0, WHITE)


@lru_cache(maxsize=16)
def _coefficients(before: int, after: int, device: torch.device) -> Tensor:
    """Pillow's weights of `before` pixels in each of `after` ones, (after, before): multiples of 1 / FRACTION."""
    scale = before / after
    stretch = max(scale, 1.0)  # an image that shrinks is averaged over more pixels
    weights = torch.zeros(after, before, dtype=torch.float64)
    for pixel in range(after):
        centre = (pixel + 0.5) * scale
        first = max(int(centre - BICUBIC_SUPPORT * stretch + 0.5), 0)
        last = min(int(centre + BICUBIC_SUPPORT * stretch + 0.5), before)
        of_pixel = [_bicubic((place - centre + 0.5) / stretch) for place in range(first, last)]
        total = sum(of_pixel)
        # Pillow rounds halves away from zero, unlike torch.
        whole = [math.floor(abs(w / total) * FRACTION + 0.5) * math.copysign(1, w) for w in of_pixel]
        weights[pixel, first:last] = torch.tensor(whole, dtype=torch.float64)
    return weights.to(device)


def _bicubic(x: float) -> float:
    """Keys' cubic convolution kernel (1981, equation 15) at a distance of x px."""
    x = abs(x)
    if x < 1:
        return ((BICUBIC_A + 2) * x - (BICUBIC_A + 3)) * x * x + 1
    return (((x - 5) * x + 8) * x - 4) * BICUBIC_A if x < BICUBIC_SUPPORT else 0.0
