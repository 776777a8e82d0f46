"""Losses of predicted depth: DenseDepth's (arXiv 1812.11941, section 3.2), as in its paper and in the report's course.

l1 * L1 + ssim * (1 - SSIM) / 2 + gradient * L1 of the image gradients + silog * SILog, on normalised inverse depth.
`params.yaml` names the losses. They differ in these weights, in the target (`losses.targets`), and in SSIM.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from packdepth import distributed
from packdepth.config.losses import LossSettings, SsimBorder, TargetKind
from packdepth.losses.targets import of_eight_bits, of_known_pixels

SCALE_INVARIANCE = 0.5  # of SILog: at 0 the mean squared difference of logarithms, at 1 free of the scale
LEAST_OUTPUT = 0.01  # no useful logarithm below; targets are 1 and more
SIGMA, HALF = 1.5, 5  # px, SSIM's Gaussian window of 11x11 px (Wang et al. 2004, section III-B)
TARGETS: dict[TargetKind, Callable[[Tensor, float, tuple[int, int]], tuple[Tensor, Tensor]]] = {
    "known": of_known_pixels,
    "eight-bit": of_eight_bits,
}


@dataclass(frozen=True)
class Ssim:
    """How SSIM is computed: C1 = (0.01 L)^2 and C2 = (0.03 L)^2 of the value range L, and what lies outside the map.

    With `inside` windows stay within the map, and their means are taken over known pixels. With `zeros` there is a
    window around every pixel, and what lies outside counts as 0.
    """

    value_range: float
    border: SsimBorder

    def dissimilarity(self, output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
        """(1 - SSIM) / 2, clamped to 0 .. 1; 0 where nothing is known. DenseDepth, equation 4. All (B, 1, h, w)."""
        similarity, centres = self._similarity(output, target, mask)
        return _mean(((1.0 - similarity) / 2.0).clamp(0.0, 1.0), centres)

    def mean(self, output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
        """Mean structural similarity (Wang et al. 2004, equation 13) over the windows centred on a known pixel.

        All arguments are (B, 1, h, w); without padding h and w are at least 11.
        """
        return _mean(*self._similarity(output, target, mask))

    def _similarity(self, output: Tensor, target: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """SSIM of every window, and the mask at their centres."""
        # In float64: with a small C2, what float32 rounds off a variance would outweigh it.
        output, target, known = output.double(), target.double(), mask.double()
        padding = HALF if self.border == "zeros" else 0
        rows, columns = (_windows(size, padding, output.device) for size in output.shape[2:])
        weight = 1.0 if self.border == "zeros" else (rows @ known @ columns.T).clamp_min(1e-6)

        def local_mean(values: Tensor) -> Tensor:
            return rows @ (values * known) @ columns.T / weight

        mean_o, mean_t = local_mean(output), local_mean(target)
        var_o = local_mean(output * output) - mean_o**2
        var_t = local_mean(target * target) - mean_t**2
        covariance = local_mean(output * target) - mean_o * mean_t
        c1, c2 = (0.01 * self.value_range) ** 2, (0.03 * self.value_range) ** 2
        similarity = (2 * mean_o * mean_t + c1) * (2 * covariance + c2)
        similarity = similarity / ((mean_o**2 + mean_t**2 + c1) * (var_o + var_t + c2))
        return similarity.to(mask.dtype), mask if padding else mask[..., HALF:-HALF, HALF:-HALF]


class DepthLoss:
    """One loss of params.yaml, with the target that belongs to it."""

    def __init__(self, settings: LossSettings, max_depth: float) -> None:
        self._settings, self._max_depth = settings, max_depth
        ssim = Ssim(settings.ssim_range, settings.ssim_border)
        self._terms = {"l1": l1, "ssim": ssim.dissimilarity, "gradient": gradient, "silog": silog}

    def target(self, depth: Tensor, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
        """Target and mask (B, 1, *size) of depth (B, 1, h, w) in m, 0 where unknown: see `losses.targets`."""
        return TARGETS[self._settings.target](depth, self._max_depth, size)

    def __call__(self, output: Tensor, target: Tensor, mask: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum, and every term with a weight, unweighted.

        All arguments are (B, 1, h, w); `output` and `target` are normalised inverse depth, `mask` is 1 where the
        target counts.
        """
        weights = {name: getattr(self._settings, name) for name in self._terms}
        terms = {name: term(output, target, mask) for name, term in self._terms.items() if weights[name]}
        total = sum((weights[name] * value for name, value in terms.items()), output.new_zeros(()))
        return total, terms


def l1(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference over the mask; all (B, 1, h, w)."""
    return _mean((output - target).abs(), mask)


def gradient(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Absolute difference of the gradients to the right and downwards, over pairs of known pixels, per known pixel.

    DenseDepth, equation 3. All arguments are (B, 1, h, w). The last column has no pair to its right, the last row none
    below it.
    """
    difference = output - target
    right = difference.diff(dim=3).abs() * mask[..., 1:] * mask[..., :-1]
    down = difference.diff(dim=2).abs() * mask[..., 1:, :] * mask[..., :-1, :]
    return (right.sum() + down.sum()) / distributed.count_of_all(mask.sum()).clamp_min(1.0)


def silog(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Scale-invariant error, mean over images: mean(d^2) - mean(d)^2 / 2 with d = log output - log target.

    Eigen et al. 2014, equation 4. All arguments are (B, 1, h, w); an image without known pixels counts 0.
    """
    difference = (output.clamp_min(LEAST_OUTPUT).log() - target.clamp_min(LEAST_OUTPUT).log()) * mask
    pixels = mask.sum(dim=(1, 2, 3)).clamp_min(1.0)
    mean, square = (values.sum(dim=(1, 2, 3)) / pixels for values in (difference, difference**2))
    of_images = square - SCALE_INVARIANCE * mean**2
    return _mean(of_images, torch.ones_like(of_images))


def _mean(values: Tensor, mask: Tensor) -> Tensor:
    return (values * mask).sum() / distributed.count_of_all(mask.sum()).clamp_min(1.0)


def _windows(size: int, padding: int, device: torch.device) -> Tensor:
    """SSIM's windows along one side, (windows, size), float64: each row holds the weights of the pixels in a window.

    A matrix product with it is a convolution; on a CPU it is several times faster than torch's.
    """
    centres = torch.arange(HALF - padding, size - HALF + padding, device=device)
    offsets = torch.arange(size, device=device) - centres[:, None]
    weights = torch.exp(-(offsets.double() ** 2) / (2 * SIGMA**2))
    whole = sum(math.exp(-(offset**2) / (2 * SIGMA**2)) for offset in range(-HALF, HALF + 1))
    return weights.where(offsets.abs() <= HALF, 0.0) / whole
