"""View synthesis: the target image, looked up in a context image through the target's inverse depth.

The point that target pixel u shows at inverse depth rho is K^-1 u~ / rho. The context camera sees it, scaled by rho,
at h = K R K^-1 u~ + rho K t, with [R t] = context_from_target: SfMLearner (Zhou et al., CVPR 2017, equation 2) without
its division by depth. So rho = 0 is a point at infinity like any other. rho < 0, which a network may predict,
continues smoothly beyond it.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from packdepth.geometry.cameras import pixel_rays, project

NEAREST = 1e-3  # a smaller h_z is not divided by: the point is at a thousandth of its depth in the target, or behind


def synthesize_view(
    context: Tensor, inverse_depth: Tensor, intrinsics: Tensor, context_from_target: Tensor
) -> tuple[Tensor, Tensor]:
    """The target looked up in the context image, sampled bilinearly; pixels outside get the nearest edge's colour.

    Args:
        context: (B, C, H, W), any values.
        inverse_depth: (B, 1, H, W) of the target, 1/m.
        intrinsics: (B, 3, 3) of both images, px.
        context_from_target: (B, 4, 4), m.

    Returns:
        The image (B, C, H, W), and where it is visible, (B, 1, H, W) bool: in front of the context camera and inside
        its image. Gradients to inverse depth and pose are finite everywhere, and 0 where the point is behind. A pixel
        whose position is NaN is NaN and counts as visible, so that an earlier fault shows.
    """
    height, width = context.shape[-2:]
    pixels, behind = _seen_at(inverse_depth, intrinsics, context_from_target)
    size = pixels.new_tensor([width, height])
    outside = ((pixels < -0.5) | (pixels >= size - 0.5)).any(-1)
    # Without aligned corners -1 and 1 are the outer edges of the image, which cameras.py puts at -0.5 and W - 0.5.
    grid = (2 * pixels + 1) / size - 1
    image = F.grid_sample(context, grid, padding_mode="border", align_corners=False)
    image = image.masked_fill(pixels.isnan().any(-1)[:, None], torch.nan)  # grid_sample treats NaN as an edge
    return image, ~(behind | outside)[:, None]


def _seen_at(inverse_depth: Tensor, intrinsics: Tensor, context_from_target: Tensor) -> tuple[Tensor, Tensor]:
    """Where the context camera sees every target pixel, (B, H, W, 2) px, and whether it is behind, (B, H, W) bool."""
    height, width = inverse_depth.shape[-2:]
    rays = pixel_rays(intrinsics, (height, width))
    rotation, translation = context_from_target[:, :3, :3], context_from_target[:, :3, 3]
    points = (rays.flatten(1, 2) @ rotation.mT).view_as(rays)
    points = points + inverse_depth[:, 0, :, :, None] * translation[:, None, None]
    behind = points[..., 2] <= NEAREST
    # A point behind gets its target pixel's ray: any position will do if its division has finite gradients.
    pixels, _ = project(torch.where(behind[..., None], rays, points), intrinsics)
    return pixels, behind
