"""What a training starts from: a network with its first weights, and its optimizer."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from packdepth import models
from packdepth.checkpoints.imagenet import load_imagenet_encoder
from packdepth.config.datasets import RoomsData
from packdepth.config.study import Study
from packdepth.config.variants import Training, Variant
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.losses.depth import DepthLoss
from packdepth.losses.floors import best_constant, targets_of
from packdepth.losses.targets import unit_of
from packdepth.models.constant import Constant
from packdepth.models.densedepth import DenseDepth
from packdepth.models.heads import DepthHead
from packdepth.models.network import ImageNetwork
from packdepth.models.posenet import CONTEXT_FRAMES, PoseNet
from packdepth.training.augmentation import Item

FRAMES_LOOKED_AT = 20
FITTED_FRAMES = 256  # the constant's loss hardly changes with more
OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}


class Networks(nn.Module):
    """What a variant trains: a network that predicts depth and, to learn from other times, one that predicts motion."""

    def __init__(self, depth: ImageNetwork, pose: PoseNet | None) -> None:
        super().__init__()
        self.depth, self.pose = depth, pose

    def forward(
        self, of_depth: Callable[[Tensor], list[Tensor]], image: Tensor, batch: Item
    ) -> tuple[list[Tensor], Tensor | None]:
        """All scales of a batch, finest first, and the motion to the views in time, if a network predicts it.

        `of_depth` is the depth network's `forward_scales`, perhaps compiled; `image` (B, 3, H, W), or (B, 6, H, W) of
        two cameras, the batch's, laid out for it. The motion is context_from_target, (B, 2, 4, 4), m.
        """
        return of_depth(image), self.pose(image, batch["context"][:, :CONTEXT_FRAMES]) if self.pose else None

    def stages(self) -> dict[str, list[nn.Module]]:
        """The parts of both by name; every parameter is in exactly one of them."""
        return self.depth.stages() | (self.pose.stages() if self.pose else {})


def networks(variant: Variant, seed: int) -> Networks:
    """The variant's networks, drawn from `seed` on the CPU so that every device starts alike."""
    torch.manual_seed(seed)
    depth = models.build(**variant.network.model_dump())
    if isinstance(depth, DenseDepth) and depth.pretrained:
        load_imagenet_encoder(depth)
    return Networks(depth, PoseNet() if variant.training.predicts_motion else None)


def optimizer(networks: Networks, training: Training, recorded: bool = False) -> torch.optim.Optimizer:
    """Adam (Kingma and Ba 2015), or AdamW with decoupled weight decay, of a group of parameters for each network.

    If its updates are `recorded` as a CUDA graph, rates and counts are on the device, where a graph can read them.
    """
    groups: list[dict[str, Any]] = [{"params": list(networks.depth.parameters())}]
    if networks.pose:
        groups.append({"params": list(networks.pose.parameters())})
    if recorded:
        for group in groups:
            group["lr"] = group["params"][0].new_zeros(())
    built = OPTIMIZERS[training.optimizer](
        groups,
        eps=training.epsilon,
        weight_decay=training.weight_decay,
        fused=True,  # one pass over the parameters, on a CPU too
        capturable=recorded,
    )
    set_learning_rates(built, training, 0.0)
    return built


def restore_optimizer(optimizer: torch.optim.Optimizer, state: dict[str, Any]) -> None:
    """Give an optimizer the state that another had, with rates on the device if they were: torch moves only counts."""
    optimizer.load_state_dict(state)
    for group in optimizer.param_groups:
        if isinstance(group["lr"], Tensor):
            group["lr"] = group["lr"].to(group["params"][0].device)


def set_learning_rates(optimizer: torch.optim.Optimizer, training: Training, done: float) -> float:
    """Set the rates of both networks for the next step, `done` of all steps, 0 .. 1, being past; returns the first's.

    The cosine is that of Loshchilov and Hutter (SGDR, ICLR 2017, equation 5), without restarts; the warm-up that of
    Goyal et al. (2017, arXiv 1706.02677, section 2.2), from 0.
    """
    share = (1 + math.cos(math.pi * done)) / 2 if training.schedule == "cosine" else 1.0
    if done < training.warmup:
        share *= done / training.warmup
    for group, rate in zip(optimizer.param_groups, (training.learning_rate, training.pose_learning_rate), strict=False):
        if isinstance(group["lr"], Tensor):
            group["lr"].fill_(share * rate)
        else:
            group["lr"] = share * rate
    return share * training.learning_rate


def require_depth(store: Store, variant: Variant) -> None:
    """Raise InputError if a variant that learns from true depth has none within max_depth in the frames looked at.

    It would learn, at a loss near 0, that everything is as far as it can say.
    """
    settings = variant.training
    if settings.mode not in ("supervised", "semi-supervised"):
        return
    chosen = _spread_evenly(settings.trained_on(len(store)), FRAMES_LOOKED_AT)
    nearest = min(depth.min(initial=np.inf, where=depth > 0) for depth in map(store.depth, chosen))
    if nearest >= settings.max_depth:
        limit = f"training.max_depth, {settings.max_depth:g} m (nearest: {nearest:.4g} m)"
        told = f"in {len(chosen)} frames no depth is nearer than {limit}; it or the data's depth_unit is wrong"
        raise InputError(f"{store.path}: {told}")


def require_pairs(study: Study, store: Store, variant: Variant) -> None:
    """Raise InputError if a stereo network has no images of a second camera to learn from, or to be tested on."""
    if not variant.stereo:
        return
    if not isinstance(study.data, RoomsData) or study.data.stereo is None:
        needs = "a stereo network sees a second camera's images, of test frames as well; rooms with `stereo` have them"
        raise InputError(f"params.yaml: scales.{study.scale}.data: {needs}")
    if not store.has("second"):
        raise InputError(f"{store.path}: has no images of a second camera; remove it, and make it again")


def set_first_output(depth: ImageNetwork, store: Store, variant: Variant) -> None:
    """Make a network start by predicting the best constant, or another, if that is asked for.

    A network that can predict nothing else always does. Raises InputError if its head cannot.
    """
    if isinstance(depth, Constant):
        nn.init.constant_(depth.value, first_output(store, variant))
    elif variant.training.first_output != "unbiased":
        value = first_output(store, variant)
        for head in (part for part in depth.modules() if isinstance(part, DepthHead)):
            head.start_at(value)


def first_output(store: Store, variant: Variant) -> float:
    """The constant asked for, or the best one of the training frames, in the unit of the variant's head."""
    settings = variant.training
    unit = unit_of(settings.output_unit, settings.max_depth)
    if isinstance(settings.first_output, float):
        return settings.first_output / unit
    loss = DepthLoss(variant.loss, settings.max_depth)
    return best_constant(loss, *_targets(store, settings.trained_on(len(store)), loss)) / unit


def _targets(store: Store, frames: range, loss: DepthLoss) -> tuple[Tensor, Tensor]:
    """Targets and masks of at most 256 frames, spread evenly, at half the store's size."""
    chosen = _spread_evenly(frames, FITTED_FRAMES)
    height, width = store.size
    return targets_of(loss, (torch.from_numpy(store.depth(index)) for index in chosen), (height // 2, width // 2))


def _spread_evenly(frames: range, most: int) -> range:
    return frames[:: -(-len(frames) // most)]
