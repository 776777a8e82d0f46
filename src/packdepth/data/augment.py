"""DenseDepth's augmentation (arXiv 1812.11941, section 3.3), each draw a function of (seed, epoch, frame).

The loader gives pictures as they are stored, with what was drawn for them: a quarter of the bytes. A batch is augmented
on the device that trains.
"""

import numpy as np
import torch
from torch import Tensor

from packdepth.geometry.cameras import mirror

Item = dict[str, Tensor]
PICTURES, MAPS = ("image", "context"), ("depth", "seen")


def drawn(key: tuple[int, int, int], flip: float, channel_swap: float) -> Item:
    """`flipped`, left and right, bool (), with probability `flip`, and `colours`, (3,), the channels in their order.

    The order is a random one with probability `channel_swap`. `key` is (seed, epoch, frame): the same key gives the
    same draw, whatever was drawn before it.
    """
    random = np.random.default_rng(key)
    flip_draw, swap_draw = random.random(2)
    order = random.permutation(3)
    colours = order if swap_draw < channel_swap else np.arange(3)
    return {"flipped": torch.tensor(flip_draw < flip), "colours": torch.from_numpy(colours)}


def augmented(batch: Item) -> Item:
    """A batch of the loader as networks and losses take it, with the augmentation that was drawn.

    Args:
        batch: `flipped` (B,) and `colours` (B, 3); of the rest what there is: `image` and `context`, uint8
            (B, ..., H, W, 3); `depth` and `seen`, maps (B, ..., h, w); `intrinsics`, px, (B, 3, 3).

    Returns:
        All but the draws: pictures as RGB in [0, 1], (B, ..., 3, H, W), maps in float32.
    """
    flipped, colours = batch["flipped"], batch["colours"]
    made = {name: values for name, values in batch.items() if name not in ("flipped", "colours")}
    for name in made.keys() & set(PICTURES):
        made[name] = _flipped_where(flipped, _recoloured(made[name].movedim(-1, -3), colours)).float() / 255.0
    for name in made.keys() & set(MAPS):
        made[name] = _flipped_where(flipped, made[name]).float()
    if "intrinsics" in made:
        width = made["image"].shape[-1]
        made["intrinsics"] = torch.where(_of_each(flipped, 3), mirror(made["intrinsics"], width), made["intrinsics"])
    return made


def _recoloured(pictures: Tensor, colours: Tensor) -> Tensor:
    """(B, ..., 3, H, W), the channels in another order for each of the B."""
    order = colours.view(len(colours), *(1 for _ in pictures.shape[1:-3]), 3, 1, 1)
    return pictures.gather(-3, order.expand(pictures.shape))


def _flipped_where(flipped: Tensor, maps: Tensor) -> Tensor:
    """(B, ..., H, W), those of the B that are so drawn turned left to right."""
    return torch.where(_of_each(flipped, maps.dim()), maps.flip(-1), maps)


def _of_each(flipped: Tensor, dimensions: int) -> Tensor:
    return flipped.view(-1, *(1 for _ in range(dimensions - 1)))
