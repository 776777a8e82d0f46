"""What is measured in addition to the loss while a network trains."""

import contextlib
import resource
import sys
from collections.abc import Iterator
from math import isfinite
from typing import Any

import torch
from torch import Tensor, nn

from packdepth.geometry.rigid import vector_from_rotation
from packdepth.training.objective import Motion

COLUMNS = ("step", "name", "value")
NEAR = 0.01  # of a head's range: outputs nearer to its ceiling count as saturated
Stages = dict[str, list[nn.Module]]  # parts of a network by name


def gradient_norms(stages: Stages) -> dict[str, float]:
    """The Euclidean norm of the gradient of each stage's parameters; stages without a gradient are left out."""
    return {f"gradient_norm/{stage}": _norm(of_stage) for stage, of_stage in _gradients(stages).items()}


def gradient_sizes(stages: Stages) -> dict[str, float]:
    """The root mean square of the gradient over each stage's parameters, which does not grow with their number."""
    sizes = {}
    for stage, of_stage in _gradients(stages).items():
        sizes[f"gradient_rms/{stage}"] = _norm(of_stage) / sum(gradient.numel() for gradient in of_stage) ** 0.5
    return sizes


def weights(stages: Stages) -> dict[str, list[Tensor]]:
    """A copy of each stage's parameters."""
    return {stage: [p.detach().clone() for p in _parameters(modules)] for stage, modules in stages.items()}


def update_ratios(stages: Stages, before: dict[str, list[Tensor]]) -> dict[str, float]:
    """How far an update moved each stage's parameters from those `before`, as a share of their Euclidean norm."""
    ratios = {}
    for stage, modules in stages.items():
        moved = [now.detach() - old for now, old in zip(_parameters(modules), before[stage], strict=True)]
        if size := _norm(before[stage]):
            ratios[f"update_ratio/{stage}"] = _norm(moved) / size
    return ratios


@contextlib.contextmanager
def activations(stages: Stages) -> Iterator[dict[str, float]]:
    """While open, records mean and standard deviation of the first output of each stage's last module."""
    found: dict[str, float] = {}

    def measure(stage: str, output: Any) -> None:
        values = (output[0] if isinstance(output, tuple) else output).detach().float()
        found[f"activation_mean/{stage}"] = float(values.mean())
        found[f"activation_std/{stage}"] = float(values.std(correction=0))

    def hook(stage: str) -> Any:
        return lambda module, inputs, output: measure(stage, output)

    handles = [modules[-1].register_forward_hook(hook(stage)) for stage, modules in stages.items()]
    try:
        yield found
    finally:
        for handle in handles:
            handle.remove()


def gradients(network: nn.Module) -> list[Tensor]:
    """A copy of the gradient."""
    return [p.grad.clone() for p in network.parameters() if p.grad is not None]


def noise(earlier: list[Tensor], network: nn.Module) -> dict[str, float]:
    """How far the gradients of two batches, at almost the same weights, agree: their mean square, and their product.

    Of batches of B frames, these estimate |G|^2 + tr(S) / B and |G|^2, with G the true gradient and S the covariance of
    a frame's; so B (square / product - 1), from means over many steps, is the simple noise scale: the batch size at
    which noise and signal are equal (McCandlish et al. 2018, arXiv 1812.06162, section 2.2 and appendix A.1).
    """
    now = [p.grad for p in network.parameters() if p.grad is not None]
    product = float(torch.stack([(a * b).sum() for a, b in zip(earlier, now, strict=True)]).sum())
    return {"gradient_square": (_norm(earlier) ** 2 + _norm(now) ** 2) / 2, "gradient_product": product}


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


def saturation(output: Tensor, mask: Tensor, limits: tuple[float, float]) -> dict[str, float]:
    """The share of known pixels (B, 1, h, w) within 1 % of the ceiling of a head; nothing for one without a ceiling."""
    lowest, highest = limits
    if not (isfinite(lowest) and isfinite(highest)):
        return {}
    return {"saturation": float((output[mask > 0] > highest - NEAR * (highest - lowest)).double().mean())}


def motion(found: Motion) -> dict[str, float]:
    """How good predicted motions are: their translations and rotations against the true ones, means over frames.

    Lengths of the predicted translations, of the true ones, and of the distances that the sensor measured, m; the
    cosine between both translations, and the angle between both rotations, degrees.
    """
    predicted, true = (pose[..., :3, 3].double().flatten(0, 1) for pose in (found.predicted, found.true))
    turned = found.predicted[..., :3, :3].double() @ found.true[..., :3, :3].double().mT
    angle = vector_from_rotation(turned).norm(dim=-1)
    return {
        "translation_mean": float(predicted.norm(dim=-1).mean()),
        "translation_true": float(true.norm(dim=-1).mean()),
        "distance_mean": float(found.distance.mean()),
        "translation_cosine": float(torch.cosine_similarity(predicted, true, dim=-1).mean()),
        "rotation_error": float(angle.rad2deg().mean()),
    }


def peak_memory_mib(device: torch.device) -> float:
    """The most memory used so far: of the GPU where there is one, else of the process."""
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device) / 2**20
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (2**20 if sys.platform == "darwin" else 2**10)


def _gradients(stages: Stages) -> dict[str, list[Tensor]]:
    """The gradients of each stage that has any."""
    found = {stage: [p.grad for p in _parameters(modules) if p.grad is not None] for stage, modules in stages.items()}
    return {stage: of_stage for stage, of_stage in found.items() if of_stage}


def _parameters(modules: list[nn.Module]) -> list[nn.Parameter]:
    return [parameter for module in modules for parameter in module.parameters()]


def _norm(tensors: list[Tensor]) -> float:
    return float(torch.nn.utils.get_total_norm(tensors))
