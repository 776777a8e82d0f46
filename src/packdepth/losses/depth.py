"""The DenseDepth loss (arXiv 1812.11941, section 3.2) on normalised inverse depth; pixels without truth do not count.

A fourth term is SILog, of the logarithms, which several depth networks are trained with.

The target is max_depth / depth, with depth clamped to max_depth / 100 .. max_depth, so targets lie in 1 .. 100: near
is large. Every network's output is compared with it directly, whatever its head can reach.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from packdepth import distributed

LARGEST_TARGET = 100.0  # targets lie in 1 .. 100; also SSIM's range of values
SCALE_INVARIANCE = 0.5  # of SILog: at 0 the mean squared difference of logarithms, at 1 free of the scale
LEAST_OUTPUT = 0.01  # no useful logarithm below; targets are 1 and more
WINDOW, SIGMA = 11, 1.5  # SSIM's Gaussian window (Wang et al. 2004, section III-B)


def normalised_inverse_depth(depth: Tensor, max_depth: float, size: tuple[int, int]) -> tuple[Tensor, Tensor]:
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


def metric_depth(output: Tensor, max_depth: float) -> Tensor:
    """Depth in metres of a network's output (any shape): max_depth / output, with the output clamped to 1 .. 100."""
    return max_depth / output.clamp(1.0, LARGEST_TARGET)


@dataclass(frozen=True)
class DepthLoss:
    """l1 * L1 + ssim * (1 - SSIM) / 2 + gradient * L1 of the image gradients + silog * SILog."""

    l1: float
    ssim: float
    gradient: float
    silog: float = 0.0

    def __call__(self, output: Tensor, target: Tensor, mask: Tensor) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum, and every term with a weight, unweighted.

        All arguments are (B, 1, h, w); `mask` is 1 where the target is known.
        """
        functions = {
            "l1": (self.l1, l1),
            "ssim": (self.ssim, dissimilarity),
            "gradient": (self.gradient, gradient),
            "silog": (self.silog, silog),
        }
        terms = {name: term(output, target, mask) for name, (weight, term) in functions.items() if weight}
        total = sum((functions[name][0] * value for name, value in terms.items()), output.new_zeros(()))
        return total, terms


def l1(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference over the mask; all (B, 1, h, w)."""
    return _mean((output - target).abs(), mask)


def gradient(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean absolute difference of the gradients to the right and downwards, over pairs of known pixels.

    DenseDepth, equation 3. All arguments are (B, 1, h, w).
    """
    difference = output - target
    right = _mean(difference.diff(dim=3).abs(), mask[..., 1:] * mask[..., :-1])
    down = _mean(difference.diff(dim=2).abs(), mask[..., 1:, :] * mask[..., :-1, :])
    return right + down


def silog(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Scale-invariant error, mean over images: mean(d^2) - mean(d)^2 / 2 with d = log output - log target.

    Eigen et al. 2014, equation 4. All arguments are (B, 1, h, w); an image without known pixels counts 0.
    """
    difference = (output.clamp_min(LEAST_OUTPUT).log() - target.clamp_min(LEAST_OUTPUT).log()) * mask
    pixels = mask.sum(dim=(1, 2, 3)).clamp_min(1.0)
    mean, square = (values.sum(dim=(1, 2, 3)) / pixels for values in (difference, difference**2))
    of_images = square - SCALE_INVARIANCE * mean**2
    return _mean(of_images, torch.ones_like(of_images))


def dissimilarity(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """(1 - SSIM) / 2, clamped to 0 .. 1; 0 where nothing is known. DenseDepth, equation 4. All (B, 1, h, w)."""
    similarity, centres = _similarity(output, target, mask)
    return _mean(((1.0 - similarity) / 2.0).clamp(0.0, 1.0), centres)


def ssim(output: Tensor, target: Tensor, mask: Tensor) -> Tensor:
    """Mean structural similarity (Wang et al. 2004, equation 13) over the windows centred on a known pixel.

    Windows are not padded. Their means and variances are taken over the known pixels in them; with a full mask this
    is the usual definition. All arguments are (B, 1, h, w) with h and w of at least 11.
    """
    return _mean(*_similarity(output, target, mask))


def _similarity(output: Tensor, target: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
    """SSIM of every window, and the mask at their centres, both (B, 1, h - 10, w - 10)."""
    window = _gaussian(output)
    weight = _blur(mask, window).clamp_min(1e-6)

    def local_mean(values: Tensor) -> Tensor:
        return _blur(values * mask, window) / weight

    mean_o, mean_t = local_mean(output), local_mean(target)
    var_o = local_mean(output * output) - mean_o**2
    var_t = local_mean(target * target) - mean_t**2
    covariance = local_mean(output * target) - mean_o * mean_t
    c1, c2 = (0.01 * LARGEST_TARGET) ** 2, (0.03 * LARGEST_TARGET) ** 2
    similarity = (2 * mean_o * mean_t + c1) * (2 * covariance + c2)
    similarity = similarity / ((mean_o**2 + mean_t**2 + c1) * (var_o + var_t + c2))
    half = WINDOW // 2
    return similarity, mask[..., half:-half, half:-half]


def _mean(values: Tensor, mask: Tensor) -> Tensor:
    return (values * mask).sum() / distributed.count_of_all(mask.sum()).clamp_min(1.0)


def _gaussian(like: Tensor) -> Tensor:
    offsets = torch.arange(WINDOW, device=like.device, dtype=like.dtype) - WINDOW // 2
    weights = torch.exp(-(offsets**2) / (2 * SIGMA**2))
    return weights / weights.sum()


def _blur(values: Tensor, window: Tensor) -> Tensor:
    """Separable convolution without padding, (B, 1, h, w) to (B, 1, h - 10, w - 10)."""
    rows = F.conv2d(values, window.view(1, 1, -1, 1))
    return F.conv2d(rows, window.view(1, 1, 1, -1))
