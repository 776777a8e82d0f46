"""How close synthetic neighbour frames come to the true ones: on rooms, whose true neighbours are rendered.

The middle one of three rendered frames is warped to the true poses of the others, by `forward-warp` and, for
comparison, two simpler methods. `nearest-splat` draws every pixel on the one pixel that its centre falls on, the
nearest on top. `backward-warp` takes the target's depth for the context's, and samples the target where that depth
puts the context's pixels. All fill their holes in the same way. Motion grows with the period between the frames.

Every rendered frame has its own sensor noise, so no method can reach the true frame. `noise-floor` is the PSNR of two
perfect frames with their own noise. Interpolation averages noise away, which allows up to
10 log10(2 / 1.44) = 1.4 dB more (bilinear, at uniformly spread offsets).
"""

import math
from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from packdepth import paths
from packdepth.config.study import Study
from packdepth.data import rooms
from packdepth.data.rooms.sensor import sensor_noise
from packdepth.data.rooms.trajectory import FRAME_PERIOD
from packdepth.geometry.backward_warp import synthesize_view
from packdepth.geometry.cameras import project, unproject
from packdepth.geometry.fill import fill
from packdepth.geometry.forward_warp import forward_warp
from packdepth.geometry.rigid import inverse, transform
from packdepth.losses.depth import Ssim
from packdepth.utils.files import atomic_write, write_text

SPLIT = "context-quality"  # rooms that no other split has
FRAMES = range(32)
EXAMPLES = range(2)
PERIODS = tuple(frames * FRAME_PERIOD for frames in (1, 2, 4, 8, 16))  # s
EXAMPLE_PERIODS = PERIODS[1], PERIODS[3]

Made = tuple[Tensor, Tensor]  # images (B, 3, H, W), 0 to 255, and where they were really seen, bool (B, H, W)
Method = Callable[[Tensor, Tensor, Tensor, Tensor], Made]  # of rgb, depth, intrinsics and context_from_target


def _forward(rgb: Tensor, depth: Tensor, intrinsics: Tensor, context_from_target: Tensor) -> Made:
    warped = forward_warp(rgb, depth, intrinsics, context_from_target)
    return warped.rgb, warped.seen


def _splat(rgb: Tensor, depth: Tensor, intrinsics: Tensor, context_from_target: Tensor) -> Made:
    batch, _, height, width = rgb.shape
    pixels, z = _seen_at(depth, intrinsics, context_from_target)
    u, v = (pixels + 0.5).floor().long().unbind(-1)
    inside = (u >= 0) & (u < width) & (v >= 0) & (v < height) & (z > 0)
    frame = torch.arange(batch, device=rgb.device)[:, None, None] * (height * width)
    place = (frame + v * width + u)[inside]
    nearest = torch.full((depth.numel(),), torch.inf, device=rgb.device)
    nearest.scatter_reduce_(0, place, z[inside], "amin")
    on_top = z[inside] == nearest[place]
    image = torch.zeros(depth.numel(), 3, device=rgb.device)
    image[place[on_top]] = rgb.movedim(1, -1)[inside][on_top]
    image, landed = image.view(batch, height, width, 3).movedim(-1, 1), nearest.view(depth.shape).isfinite()
    far = torch.where(landed, nearest.view(depth.shape), 0)
    return fill(image, far[:, None] ** 4), landed


def _backward(rgb: Tensor, depth: Tensor, intrinsics: Tensor, context_from_target: Tensor) -> Made:
    image, seen = synthesize_view(rgb, 1 / depth[:, None], intrinsics, inverse(context_from_target))
    return fill(image, seen.float()), seen[:, 0]


METHODS: dict[str, Method] = {"forward-warp": _forward, "nearest-splat": _splat, "backward-warp": _backward}


def measure_quality(
    seed: int,
    indices: Sequence[int],
    size: tuple[int, int],
    periods: Sequence[float] = PERIODS,
    device: str | torch.device = "cpu",
) -> pd.DataFrame:
    """One row per method, period, frame and neighbour.

    Columns: method; period_s; id of the frame; offset of the neighbour, -1 or 1; displacement_px, the mean length of
    the true flow of the pixels that stay in view; psnr_seen (dB) and ssim_seen, over the pixels that the forward warp
    marks as seen, the same for every method; psnr_all (dB), over all pixels; coverage, the share of pixels that the
    method itself marks as seen. SSIM is the mean over colour channels and over 11x11 Gaussian windows (deviation
    1.5 px) centred on seen pixels, in which only seen pixels count. The noise floor has no SSIM and no coverage.
    """
    rows = []
    for period in periods:
        frames = rooms.render(seed, SPLIT, indices, size, neighbours=True, period=period, device=device)
        for offset in (-1, 1):
            made, true, displacement = _made(frames, offset)
            known = made["forward-warp"][1]
            for place, name in enumerate(frames.id):
                view = {"period_s": period, "id": name, "offset": offset, "displacement_px": float(displacement[place])}
                for method, (image, seen) in made.items():
                    quality = _quality(image[place], true[place], known[place])
                    coverage = float(seen[place].float().mean())
                    rows.append({"method": method} | view | quality | {"coverage": coverage})
                rows.append({"method": "noise-floor"} | view | _noise_floor(name, offset, size))
    return pd.DataFrame(rows)


def examples(
    seed: int, indices: Sequence[int], size: tuple[int, int], periods: Sequence[float] = EXAMPLE_PERIODS
) -> dict[str, np.ndarray]:
    """The frames after some frames as the forward warp makes them, over growing motion.

    Returns `target`, `made` and `true`, uint8 (K, H, W, 3), `seen`, bool (K, H, W), and `displacement_px` (K,), with
    one row per frame and period, K in all.
    """
    parts = []
    for period in periods:
        frames = rooms.render(seed, SPLIT, indices, size, neighbours=True, period=period)
        made, _, displacement = _made(frames, 1)
        image, seen = made["forward-warp"]
        parts.append((frames.rgb[:, 1], _bytes(image).movedim(1, -1), frames.rgb[:, 2], seen, displacement))
    names = ("target", "made", "true", "seen", "displacement_px")
    columns = {name: torch.cat(column) for name, column in zip(names, zip(*parts, strict=True), strict=True)}
    order = columns["displacement_px"].argsort()
    return {name: column[order].numpy() for name, column in columns.items()}


def write_quality(study: Study) -> None:
    """Measure at the scale's image size, and write the table and the examples."""
    size = study.data.size
    device = "cuda" if torch.cuda.is_available() else "cpu"
    table = measure_quality(0, FRAMES, size, device=device)
    write_text(paths.context_quality(study.scale), table.to_csv(index=False, float_format="%.6g"))
    with atomic_write(paths.context_examples(study.scale)) as part:
        np.savez_compressed(part, allow_pickle=False, **examples(0, EXAMPLES, size))


def _made(frames: rooms.Frames, offset: int) -> tuple[dict[str, Made], Tensor, Tensor]:
    """Every method's result for one neighbour; the true one (B, 3, H, W); the mean length of the flow (B,), px."""
    rgb, depth = frames.rgb.movedim(-1, 2).float(), frames.depth[:, 1]
    context_from_target = (inverse(frames.pose[:, 1 + offset]) @ frames.pose[:, 1]).float()
    given = rgb[:, 1], depth, frames.intrinsics, context_from_target
    made = {name: method(*given) for name, method in METHODS.items()}
    pixels, z = _seen_at(*given[1:])
    start, _ = project(unproject(depth, frames.intrinsics), frames.intrinsics)
    size = pixels.new_tensor([depth.shape[2], depth.shape[1]])
    in_view = (z > 0) & ((pixels > -0.5) & (pixels < size - 0.5)).all(-1)
    flow = torch.where(in_view, (pixels - start).norm(dim=-1), 0)
    return made, rgb[:, 1 + offset], flow.sum((1, 2)) / in_view.sum((1, 2))


def _seen_at(depth: Tensor, intrinsics: Tensor, context_from_target: Tensor) -> tuple[Tensor, Tensor]:
    """Context pixels (B, H, W, 2) and depth in the context (B, H, W), m, of all pixels of the target."""
    points = unproject(depth, intrinsics)
    return project(transform(context_from_target[:, None], points), intrinsics)


def _bytes(image: Tensor) -> Tensor:
    return image.round().clamp(0, 255).to(torch.uint8)


def _quality(made: Tensor, true: Tensor, known: Tensor) -> dict[str, float]:
    """psnr_seen, ssim_seen and psnr_all of an image (3, H, W), rounded as it would be stored, of 0 to 255."""
    made = _bytes(made).float()
    squared = (made - true) ** 2
    mask = known.float().expand(3, 1, *known.shape)
    similarity = Ssim(255.0, "inside").mean(made[:, None], true[:, None], mask)
    seen, everything = (_psnr(float(errors.mean())) for errors in (squared[:, known], squared))
    return {"psnr_seen": seen, "ssim_seen": float(similarity), "psnr_all": everything}


def _noise_floor(name: str, offset: int, size: tuple[int, int]) -> dict[str, float]:
    """psnr_seen and psnr_all of two frames that differ only in their noise and in its rounding to bytes."""
    noise = 255 * (sensor_noise(name, 0, size) - sensor_noise(name, offset, size))
    psnr = _psnr(float(np.mean(noise**2)) + 2 / 12)
    return {"psnr_seen": psnr, "psnr_all": psnr}


def _psnr(mean_squared_error: float) -> float:
    return 10 * math.log10(255**2 / max(mean_squared_error, 1e-9))
