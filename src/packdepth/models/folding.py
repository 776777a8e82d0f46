"""The linear part of PackNet's blocks, computed another way: the same numbers but for rounding, sooner.

A packing block's Conv3d and Conv2d have nothing between them, so the two are one linear map. With p (B, K, H, W) the
packed image, w3 (d, 1, 3, 3, 3) and w2 (C, d * K, k, k), r = k // 2,

    W[j, c', s, t] = sum over e, dc, dy, dx of w2[j, e, c' - dc, s - dy, t - dx] * w3[e, dc, dy, dx]

is the kernel of an ordinary convolution with (k + 2) x (k + 2) taps, and the d * K channels between need not exist. It
costs per step, not per pixel, and gradients reach w2 and w3, which stay the parameters.

Two things differ at the border, where Conv2d pads the Conv3d's output with zeros: W also counts what the Conv3d would
say on the one-pixel ring outside the image, which is computed and subtracted; and the Conv3d's bias, which ends at
the border, is convolved apart.

An unpacking block has a GroupNorm and an ELU between the two. Its Conv3d runs as an ordinary convolution of
overlapping groups of channels: CPUs are far slower at a Conv3d of one channel.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

BAND = 4  # channels that a convolution of `conv3d` gives at once, of each feature
COMPOSING = 4  # multiply-adds of a convolution take the time of one of composing W (measured on CPUs)


def conv3d(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """F.conv3d of x as one channel, zero-padded, its features side by side: x (B, C, H, W) -> (B, d * C, H, W).

    weight (d, 1, 3, 3, 3); bias (d,). On a CPU overlapping groups of channels are convolved in place of the volume;
    raises ValueError there unless C is a multiple of 4.
    """
    if x.device.type != "cpu":
        return F.conv3d(x[:, None], weight, bias, padding=1).flatten(1, 2)
    batch, channels, height, width = x.shape
    if channels % BAND:
        raise ValueError(f"{channels} channels are no multiple of {BAND}")
    groups = F.pad(x, (0, 0, 0, 0, 1, 1)).unfold(1, BAND + 2, BAND).movedim(-1, 2).flatten(0, 1)
    # Channel i of a group sees the channels i, i + 1 and i + 2 of those that were cut out.
    kernel = torch.stack([F.pad(weight[:, 0], (0, 0, 0, 0, i, BAND - 1 - i)) for i in range(BAND)], dim=1)
    features = F.conv2d(groups, kernel.flatten(0, 1), bias.repeat_interleave(BAND), padding=1)
    features = features.view(batch, channels // BAND, len(weight), BAND, height, width)
    return features.transpose(1, 2).reshape(batch, -1, height, width)


def folding_pays(packed: Tensor, kernel_size: int, features_3d: int) -> bool:
    """Whether the fold of `packed` (B, K, H, W) is the faster form, by counting multiply-adds per C and K.

    The Conv2d has d k^2 of them a pixel, the folded one (k + 2)^2; composing W takes 3 d k^2 (k + 2)^2 once. Gradients
    cost either side as much twice more. Only CPUs have been measured; others get the published form.
    """
    pixels = len(packed) * packed[0, 0].numel()
    taps, folded_taps = features_3d * kernel_size**2, (kernel_size + 2) ** 2
    if packed.device.type != "cpu":
        return False
    return pixels * (taps - folded_taps) > COMPOSING * 3 * taps * folded_taps


def folded_packing(packed: Tensor, w3: Tensor, b3: Tensor, w2: Tensor, b2: Tensor) -> Tensor:
    """Conv2d(Conv3d(packed)), both zero-padded, by one convolution.

    Args:
        packed: (B, K, H, W), H and W at least k // 2.
        w3, b3: of the Conv3d, (d, 1, 3, 3, 3) and (d,).
        w2, b2: of the Conv2d, (C, d * K, k, k) with k of 3, 5, ..., and (C,).

    Returns:
        (B, C, H, W).
    """
    w2 = w2.unflatten(1, (len(w3), -1))
    reach = w2.shape[-1] // 2
    with torch.autocast(packed.device.type, enabled=False):  # few products, of which much follows
        kernel, through = composed(w2, w3), torch.einsum("jecst,e->jst", w2, b3)
    folded = F.conv2d(packed, kernel, padding=reach + 1)
    _subtract_ring_rows(folded, packed, w3, w2, corners=True)
    _subtract_ring_rows(folded.mT, packed.mT, w3.mT, w2.mT, corners=False)
    inside = packed.new_ones(1, 1, *packed.shape[2:])
    return folded + F.conv2d(inside, through[:, None], b2, padding=reach)


def composed(w2: Tensor, w3: Tensor) -> Tensor:
    """The kernel W, (C, K, k + 2, k + 2), of w2 (C, d, K, k, k) and w3 (d, 1, 3, 3, 3)."""
    size = w2.shape[-1]
    # w3 with its corner at each tap of w2, so that one matrix product convolves: (k * k, d, 3, k + 2, k + 2).
    taps = torch.eye(size**2, dtype=w3.dtype, device=w3.device).view(-1, 1, size, size)
    shifted = F.conv_transpose2d(taps, w3.flatten(0, 2)[None]).unflatten(1, (-1, 3))
    before, here, after = torch.einsum("jecs,senyx->njcyx", w2.flatten(3), shifted)  # of dc = -1, 0, 1
    return F.pad(before, (0, 0, 0, 0, 0, 1))[:, 1:] + here + F.pad(after, (0, 0, 0, 0, 1, 0))[:, :-1]


def _subtract_ring_rows(folded: Tensor, packed: Tensor, w3: Tensor, w2: Tensor, *, corners: bool) -> None:
    """Take out of `folded`, in place, what the ring's top and bottom rows gave it; they own the corners or do not."""
    reach, height = w2.shape[-1] // 2, packed.shape[2]
    for edge, nearest, taps, rows in (
        (packed[:, :, 0], w3[:, :, :, 2], w2[..., :reach, :].flip(3), folded[:, :, :reach]),
        (packed[:, :, -1], w3[:, :, :, 0], w2[..., reach + 1 :, :].flip(3), folded[:, :, height - reach :]),
    ):
        ring = F.conv2d(edge[:, None], nearest, padding=(1, 2 if corners else 1)).flatten(1, 2)  # (B, d * K, W [+ 2])
        kernel = taps.flatten(1, 2).transpose(1, 2).flatten(0, 1)  # (C * r, d * K, k): a row of output each
        given = F.conv1d(ring, kernel, padding=reach - 1 if corners else reach)
        rows.sub_(given.unflatten(1, (-1, reach)))
