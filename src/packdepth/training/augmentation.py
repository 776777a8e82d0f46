"""DenseDepth's augmentation (arXiv 1812.11941, section 3.3), each draw a function of (seed, epoch, frame).

The loader gives pictures as stored, a quarter of the bytes, with what was drawn for them. A batch is augmented on the
device that trains.
"""

import numpy as np
import torch
from torch import Tensor

from packdepth.geometry.cameras import mirror

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
            (B, ..., H, W, 3); `depth` and `seen`, maps (B, ..., h, w); `intrinsics`, px, (B, 3, 3).
        device: the draws need not be known there, so nothing waits for them.

    Returns:
        Everything except the draws: pictures as RGB in [0, 1], (B, ..., 3, H, W), maps in float32.
    """
    flipped, colours = batch["flipped"].tolist(), batch["colours"].tolist()
    draws = ("flipped", "colours")
    made = {name: values.to(device, non_blocking=True) for name, values in batch.items() if name not in draws}
    for name in made.keys() & set(PICTURES):
        channels = [frame.movedim(-1, 0)[order] for frame, order in zip(made[name], colours, strict=True)]
        made[name] = _stacked(channels, flipped).movedim(1, -3).contiguous().div_(255)
    for name in made.keys() & set(MAPS):
        made[name] = _stacked(list(made[name]), flipped)
    if "intrinsics" in made:
        width = made["image"].shape[-1]
        cameras = zip(made["intrinsics"], flipped, strict=True)
        made["intrinsics"] = torch.stack([mirror(camera, width) if flip else camera for camera, flip in cameras])
    return made


def _stacked(frames: list[Tensor], flipped: list[bool]) -> Tensor:
    """Maps (..., W) of all frames in float32, some mirrored left to right."""
    made = frames[0].new_empty(len(frames), *frames[0].shape, dtype=torch.float32)
    for place, frame, flip in zip(made, frames, flipped, strict=True):
        place.copy_(frame.flip(-1) if flip else frame)
    return made
