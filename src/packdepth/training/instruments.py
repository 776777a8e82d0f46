"""What is measured beside the loss while a network trains."""

import resource
import sys

import torch
from torch import Tensor, nn

COLUMNS = ("step", "name", "value")


def gradient_norms(stages: dict[str, list[nn.Module]]) -> dict[str, float]:
    """The Euclidean norm of the gradient of each stage's parameters; stages without a gradient are left out."""
    norms = {}
    for stage, modules in stages.items():
        gradients = [p.grad for module in modules for p in module.parameters() if p.grad is not None]
        if gradients:
            norms[f"gradient_norm/{stage}"] = float(torch.nn.utils.get_total_norm(gradients))
    return norms


def spread(output: Tensor, target: Tensor, mask: Tensor) -> dict[str, float]:
    """Mean and standard deviation of prediction and target, and their correlation, over the known pixels.

    All arguments are (B, 1, h, w), in normalised inverse depth. The correlation of a flat prediction is 0.
    """
    known = mask > 0
    predicted, truth = output[known].double(), target[known].double()
    deviations = predicted.std(correction=0), truth.std(correction=0)
    covariance = ((predicted - predicted.mean()) * (truth - truth.mean())).mean()
    correlation = covariance / (deviations[0] * deviations[1]).clamp_min(1e-12)
    return {
        "prediction_mean": float(predicted.mean()),
        "prediction_std": float(deviations[0]),
        "target_mean": float(truth.mean()),
        "target_std": float(deviations[1]),
        "correlation": float(correlation),
    }


def ways(predicted: Tensor, measured: Tensor) -> dict[str, float]:
    """Mean length of the predicted translations and mean measured distance, both (B, 2), m."""
    return {"translation_mean": float(predicted.mean()), "distance_mean": float(measured.mean())}


def peak_memory_mib(device: torch.device) -> float:
    """The most memory used so far: of the GPU where there is one, else of the process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)
