"""Pinhole cameras: intrinsics, pixel grids, projection.

Conventions, used everywhere in packdepth:

- camera frame: x right, y down, z forward, metres; depth is z, not the length of the ray;
- pixel (u, v) = (column, row), and whole numbers are the *centres* of pixels: an image of width W spans
  u = -0.5 to W - 0.5. Scaling an image by s therefore maps u to (u + 0.5) * s - 0.5;
- sizes are (height, width); intrinsics are the (3, 3) matrix [[fx, 0, cx], [0, fy, cy], [0, 0, 1]] in pixels.
"""

import torch
from torch import Tensor

NYU_SIZE = (480, 640)


def check_size(size: tuple[int, int]) -> None:
    """Raise ValueError unless `size` is (height, width), two positive integers."""
    if len(size) != 2 or not all(isinstance(side, int) and side > 0 for side in size):
        raise ValueError(f"image size must be (height, width), two positive integers, got {size!r}")


def nyu_intrinsics(size: tuple[int, int]) -> Tensor:
    """Intrinsics (3, 3), float64, px, of the NYU Depth v2 colour camera for images of `size` (height, width).

    Source: the calibration in the NYU Depth v2 toolbox (Silberman et al., ECCV 2012), for 640x480 images.
    Another aspect is the largest centred crop of that aspect, scaled (see `crop_and_scale`).
    """
    full = torch.tensor([[518.8579, 0.0, 325.58245], [0.0, 519.46961, 253.73617], [0.0, 0.0, 1.0]], dtype=torch.float64)
    return crop_and_scale(full, NYU_SIZE, size)


def crop_and_scale(intrinsics: Tensor, source_size: tuple[int, int], target_size: tuple[int, int]) -> Tensor:
    """Intrinsics after the largest centred crop of the target's aspect, then scaling to the target's size.

    The crop may have a fractional size and offset, as a resampled image has.

    Args:
        intrinsics: (..., 3, 3), px of the source image.
        source_size, target_size: (height, width).

    Returns:
        (..., 3, 3), px of the target image.

    Raises:
        ValueError: a size is not two positive integers.
    """
    check_size(source_size)
    check_size(target_size)
    (source_height, source_width), (height, width) = source_size, target_size
    scale = max(height / source_height, width / source_width)
    left = (source_width - width / scale) / 2
    top = (source_height - height / scale) / 2
    result = intrinsics.clone()
    result[..., :2, :2] *= scale
    result[..., 0, 2] = (intrinsics[..., 0, 2] + 0.5 - left) * scale - 0.5
    result[..., 1, 2] = (intrinsics[..., 1, 2] + 0.5 - top) * scale - 0.5
    return result


def resize(intrinsics: Tensor, source_size: tuple[int, int], target_size: tuple[int, int]) -> Tensor:
    """Intrinsics (..., 3, 3) after an image of `source_size` (height, width) was scaled to `target_size`.

    Height and width each have their own factor, and nothing is cropped.

    Raises:
        ValueError: a size is not two positive integers.
    """
    check_size(source_size)
    check_size(target_size)
    down, right = (target / source for source, target in zip(source_size, target_size, strict=True))
    result = intrinsics.clone()
    result[..., 0, :] *= right
    result[..., 1, :] *= down
    result[..., 0, 2] = (intrinsics[..., 0, 2] + 0.5) * right - 0.5
    result[..., 1, 2] = (intrinsics[..., 1, 2] + 0.5) * down - 0.5
    return result


def crop(intrinsics: Tensor, top: int, left: int) -> Tensor:
    """Intrinsics (..., 3, 3) after `top` rows and `left` columns were cut off an image."""
    result = intrinsics.clone()
    result[..., 0, 2] -= left
    result[..., 1, 2] -= top
    return result


def mirror(intrinsics: Tensor, width: int) -> Tensor:
    """Intrinsics (..., 3, 3) after an image of so many columns was flipped left and right."""
    result = intrinsics.clone()
    result[..., 0, 2] = width - 1 - intrinsics[..., 0, 2]
    return result


def depth_map(points: Tensor, intrinsics: Tensor, size: tuple[int, int]) -> Tensor:
    """Depth of sparse points (such as a LiDAR's) at the pixels they fall on; of several on one pixel, the nearest.

    Args:
        points: (P, 3), camera frame, metres, in any order.
        intrinsics: (3, 3), px.
        size: height and width of the image.

    Returns:
        (H, W) of camera z in metres, 0 where no point falls. Points behind the camera (z <= 0) and outside the image
        are left out.

    Raises:
        ValueError: `size` is not two positive integers.
    """
    check_size(size)
    height, width = size
    points = points[points[:, 2] > 0]
    pixels, z = project(points[None], intrinsics)
    u, v = (pixels[0] + 0.5).floor().unbind(-1)  # whole numbers are the centres of pixels
    inside = (u >= 0) & (u < width) & (v >= 0) & (v < height)
    index = (v * width + u)[inside].long()
    nearest = torch.full((height * width,), torch.inf, dtype=points.dtype, device=points.device)
    nearest.scatter_reduce_(0, index, z[0][inside], "amin")
    return torch.where(nearest.isinf(), 0, nearest).reshape(height, width)


def pixel_rays(intrinsics: Tensor, size: tuple[int, int]) -> Tensor:
    """Ray of every pixel centre, (..., H, W, 3) in the camera frame, with z = 1.

    With z = 1 the ray parameter *is* the depth: the point at depth t is t * ray.

    Raises:
        ValueError: `size` is not two positive integers.
    """
    check_size(size)
    height, width = size
    focal = intrinsics[..., [0, 1], [0, 1]]
    centre = intrinsics[..., :2, 2]
    rows = torch.arange(height, dtype=intrinsics.dtype, device=intrinsics.device)
    columns = torch.arange(width, dtype=intrinsics.dtype, device=intrinsics.device)
    x = (columns - centre[..., None, 0:1]) / focal[..., None, 0:1]  # (..., 1, W)
    y = (rows[:, None] - centre[..., None, 1:2]) / focal[..., None, 1:2]  # (..., H, 1)
    x, y = torch.broadcast_tensors(x, y)
    return torch.stack([x, y, torch.ones_like(x)], dim=-1)


def unproject(depth: Tensor, intrinsics: Tensor) -> Tensor:
    """Points (..., H, W, 3), camera frame, metres, from depth (..., H, W) in metres and intrinsics (..., 3, 3)."""
    height, width = depth.shape[-2:]
    return depth[..., None] * pixel_rays(intrinsics, (height, width))


def project(points: Tensor, intrinsics: Tensor) -> tuple[Tensor, Tensor]:
    """Project points of the camera frame into the image.

    Args:
        points: (..., H, W, 3), metres.
        intrinsics: (..., 3, 3), px.

    Returns:
        Pixels (u, v) as (..., H, W, 2), and depth (..., H, W) in metres. A point with depth <= 0 lies behind the
        camera: its pixel means nothing and the caller masks it by its depth.
    """
    depth = points[..., 2]
    focal = intrinsics[..., None, None, [0, 1], [0, 1]]
    centre = intrinsics[..., None, None, :2, 2]
    return focal * points[..., :2] / depth[..., None] + centre, depth
