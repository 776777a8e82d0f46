"""Depth metrics (Eigen et al. 2014, section 4.2; SILog as in the KITTI benchmark; rmse_log10 of Make3D).

Each is a mean over pixels of something that depends on one pixel, or a root of such means. So they are kept as sums:
an image's sums give its metrics, the sums of all images the pooled ones.
"""

from math import log

import torch
from torch import Tensor

from packdepth.config.protocols import Protocol

METRICS = ("abs_rel", "sq_rel", "rmse", "rmse_log", "log10", "rmse_log10", "silog", "delta1", "delta2", "delta3")
SUMS = ("pixels", "abs_rel", "sq_rel", "square", "square_log", "log", "abs_log10", "delta1", "delta2", "delta3")


def sums(prediction: Tensor, truth: Tensor) -> Tensor:
    """Sums over pixels, float64 (10,) in the order of SUMS.

    Args:
        prediction: (P,) m, positive, the pixels that count.
        truth: (P,) m, positive.
    """
    prediction, truth = prediction.double(), truth.double()
    error = prediction - truth
    log_error = prediction.log() - truth.log()
    ratio = torch.maximum(prediction / truth, truth / prediction)
    per_pixel = [
        torch.ones_like(truth),
        error.abs() / truth,
        error**2 / truth,
        error**2,
        log_error**2,
        log_error,
        log_error.abs() / log(10.0),
        *(ratio < 1.25**power for power in (1, 2, 3)),
    ]
    return torch.stack([values.double().sum() for values in per_pixel])


def from_sums(total: Tensor) -> dict[str, float]:
    """The metrics of sums (10,); rmse in m, sq_rel in m, silog times 100. NaN where no pixel counted."""
    mean = dict(zip(SUMS, (total / total[0]).tolist(), strict=True))
    variance_log = max(mean["square_log"] - mean["log"] ** 2, 0.0)
    return {
        "abs_rel": mean["abs_rel"],
        "sq_rel": mean["sq_rel"],
        "rmse": mean["square"] ** 0.5,
        "rmse_log": mean["square_log"] ** 0.5,
        "log10": mean["abs_log10"],
        "rmse_log10": mean["square_log"] ** 0.5 / log(10.0),
        "silog": 100.0 * variance_log**0.5,
        "delta1": mean["delta1"],
        "delta2": mean["delta2"],
        "delta3": mean["delta3"],
    }


def median_factor(prediction: Tensor, truth: Tensor) -> float:
    """Median truth over median prediction (Zhou et al. 2017, section 4.1), both (P,) in m.

    Of an even number of pixels, it is the lower of the middle two, as in torch.
    """
    return float(truth.median() / prediction.median())


def counted(truth: Tensor, protocol: Protocol) -> Tensor:
    """The pixels that count: (..., H, W) bool for truth (..., H, W) in metres, 0 where unknown."""
    known = (truth > protocol.min_truth) & (truth < protocol.max_truth)
    if protocol.max_counts:
        known |= truth == protocol.max_truth
    if protocol.crop:
        inside = torch.zeros_like(known)
        inside[..., *protocol.crop.window(*truth.shape[-2:])] = True
        known &= inside
    return known
