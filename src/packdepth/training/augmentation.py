"""DenseDepth's augmentation (arXiv 1812.11941, section 3.3), each draw a function of (seed, epoch, frame).

The loader gives pictures as stored, a quarter of the bytes, with what was drawn for them. A batch is augmented on the
device that trains.
"""

import numpy as np
import torch
from torch import Tensor

from packdepth.geometry.cameras import mirror
from packdepth.geometry.rigid import mirror_motion
from packdepth.models.network import COLOURS

Item = dict[str, Tensor]
PICTURES, MAPS = ("image", "context"), ("depth", "seen")


def draw_augmentation(key: tuple[int, int, int], flip: float, channel_swap: float) -> Item:
    """`flipped`, left and right, bool (), with probability `flip`, and `colours`, (3,), the channels in their order.

    The order is random with probability `channel_swap`. `key` is (seed, epoch, frame): the same key gives the
    same draw, whatever was drawn before it.
    """
    random = np.random.default_rng(key)
    flip_draw, swap_draw = random.random(2)
    order = random.permutation(3)
    colours = order if swap_draw < channel_swap else np.arange(3)
    return {"flipped": torch.tensor(flip_draw < flip), "colours": torch.from_numpy(colours)}


def augment_batch(batch: Item, device: torch.device) -> Item:
    """A batch of the loader on `device`, as networks and losses take it, with the augmentation that was drawn.

    Args:
        batch: `flipped` (B,) and `colours` (B, 3); and whichever are present of: `image` and `context`, uint8
            (B, ..., H, W, C), the colours of one image or of two; `depth` and `seen`, maps (B, ..., h, w);
            `intrinsics`, px, (B, 3, 3); `true_pose`, context_from_target, m, (B, V, 4, 4).
        device: a few kernels do it there, and nothing waits for them.

    Returns:
        Everything except the draws: pictures as RGB in [0, 1], (B, ..., C, H, W), maps in float32.
    """
    made = {name: values.to(device, non_blocking=True) for name, values in batch.items()}
    flipped, colours = made.pop("flipped"), made.pop("colours")
    for name in made.keys() & set(PICTURES):
        channels = made[name].movedim(-1, -3)
        of_all = torch.cat([colours + first for first in range(0, channels.shape[-3], COLOURS)], dim=1)
        order = _per_frame(of_all, channels.dim(), -3).expand_as(channels)
        made[name] = _mirrored(channels.gather(-3, order), flipped).div_(255)
    for name in made.keys() & set(MAPS):
        made[name] = _mirrored(made[name], flipped)
    if "intrinsics" in made:
        mirrored = mirror(made["intrinsics"], made["image"].shape[-1])
        made["intrinsics"] = torch.where(flipped[:, None, None], mirrored, made["intrinsics"])
    if "true_pose" in made:
        pose = made["true_pose"]
        made["true_pose"] = torch.where(_per_frame(flipped, pose.dim()), mirror_motion(pose), pose)
    return made


def _mirrored(frames: Tensor, flipped: Tensor) -> Tensor:
    """Maps (B, ..., W) in float32, those `flipped` (B,) mirrored left to right."""
    return torch.where(_per_frame(flipped, frames.dim()), frames.flip(-1), frames).float().contiguous()


def _per_frame(values: Tensor, dimensions: int, axis: int = -1) -> Tensor:
    """Values (B,) or (B, n) of frames, to be broadcast along frames of so many dimensions, n lying along `axis`."""
    shape = [1] * dimensions
    shape[0] = len(values)
    if values.dim() == 2:
        shape[axis] = values.shape[1]
    return values.view(shape)
