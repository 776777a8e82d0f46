"""From an image to metric depth, as every evaluation and every prediction does it."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from packdepth.losses.depth import metric_depth


@torch.inference_mode()
def predict_depth(model: nn.Module, images: Tensor, max_depth: float, flip: bool) -> Tensor:
    """Metric depth in m, (B, 1, H, W), of images (B, 3, H, W) in [0, 1].

    The network's half-size output is turned into metres, upsampled twofold (bilinear), and, with `flip`, averaged
    with the mirrored prediction of the mirrored image, as DenseDepth does.
    """

    def depth(inputs: Tensor) -> Tensor:
        metres = metric_depth(model(inputs).float(), max_depth)
        return F.interpolate(metres, size=inputs.shape[2:], mode="bilinear", align_corners=False)

    straight = depth(images)
    return (straight + depth(images.flip(3)).flip(3)) / 2 if flip else straight
