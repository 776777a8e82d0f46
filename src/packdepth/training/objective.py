"""What a network is trained to do: predict true depth, explain its neighbours, or both; or reconstruct its image.

Neighbours in time need a second network, which predicts how the camera moved (arXiv 1905.02693, section 3), unless
that is told. A second camera needs none: its pose is known, so it also makes depth metric (Godard et al., CVPR 2017,
arXiv 1609.03677).
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from packdepth.config.variants import Variant
from packdepth.losses.depth import DepthLoss, l1
from packdepth.losses.photometric import PhotometricLoss
from packdepth.losses.targets import unit_of
from packdepth.losses.velocity import velocity_loss
from packdepth.models.posenet import CONTEXT_FRAMES
from packdepth.training.augmentation import Item

TERMS = ("l1", "ssim", "gradient", "silog", "photometric", "smoothness", "velocity")


@dataclass(frozen=True)
class Motion:
    """How the camera moved to frames at other times."""

    predicted: Tensor  # context_from_target, (B, 2, 4, 4), m
    true: Tensor  # the same
    distance: Tensor  # as the speed sensor measured it, (B, 2), m


@dataclass(frozen=True)
class Outcome:
    """The loss of a batch, and what it came from."""

    loss: Tensor
    terms: dict[str, Tensor]  # those of TERMS that have a weight, unweighted
    output: Tensor  # normalised inverse depth of the finest scale, (B, 1, h, w), or an image (B, 3, H, W)
    target: Tensor  # the true one
    mask: Tensor  # 1 where it is known
    motion: Motion | None = None  # where a network predicted one


class Objective:
    """The sum of the losses of a training's mode.

    supervised: the variant's loss of depth; self-supervised: photometric, and the velocity loss by its weight;
    semi-supervised: all. reconstruction: L1 between the reconstructed image and the input.
    """

    def __init__(self, variant: Variant) -> None:
        self.settings = settings = variant.training
        self.depth = DepthLoss(variant.loss, settings.max_depth)
        self.unit = unit_of(settings.output_unit, settings.max_depth)
        self.photometric = PhotometricLoss(**settings.photometric.model_dump())

    def __call__(self, scales: list[Tensor], pose: Tensor | None, batch: Item) -> Outcome:
        """The loss of a network's outputs, finest first, each (B, 1, h, w), for a batch of frames.

        `pose` is the predicted context_from_target (B, 2, 4, 4), m, of the views in time, None if none is predicted.
        """
        if self.settings.mode == "reconstruction":
            return self._of_image(scales[0], batch["image"])
        scales = [self.unit * scale for scale in scales]
        output = scales[0]
        target, mask = self.depth.target(batch["depth"], (output.shape[2], output.shape[3]))
        loss = output.new_zeros(())
        terms: dict[str, Tensor] = {}
        if self.settings.mode != "self-supervised":
            loss, terms = self.depth(output, target, mask)
        if not self.settings.uses_context:
            return Outcome(loss, terms, output, target, mask)
        photometric, more = self._of_neighbours(scales, pose, batch)
        motion = None
        if pose is not None:
            motion = Motion(pose.detach(), batch["true_pose"][:, : pose.shape[1]], batch["distance"])
        return Outcome(loss + photometric, terms | more, output, target, mask, motion)

    def _of_image(self, output: Tensor, image: Tensor) -> Outcome:
        mask = torch.ones_like(image)
        loss = l1(output, image, mask)
        return Outcome(loss, {"l1": loss}, output, image, mask)

    def _of_neighbours(
        self, scales: list[Tensor], pose: Tensor | None, batch: Item
    ) -> tuple[Tensor, dict[str, Tensor]]:
        inverse_depth = [scale / self.settings.max_depth for scale in scales]  # 1/m
        poses, in_time = batch["true_pose"], CONTEXT_FRAMES if self.settings.sees_other_times else 0
        if pose is not None:
            poses = torch.cat([pose, poses[:, in_time:]], dim=1)
        loss, terms = self.photometric(
            inverse_depth, batch["image"], batch["context"], batch["seen"], batch["intrinsics"], poses, in_time
        )
        weight = self.settings.velocity.weight
        if pose is not None and weight:
            terms["velocity"] = velocity_loss(pose, batch["distance"])
            loss = loss + weight * terms["velocity"]
        return loss, terms
