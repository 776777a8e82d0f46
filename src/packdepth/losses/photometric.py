"""Self-supervision: a target frame rebuilt from its neighbours, through depth and motion, must look like the original.

PackNet (arXiv 1905.02693, section 3.1), which follows monodepth2 (arXiv 1806.01260, section 3). The loss of a
pixel is the least dissimilarity over the context frames, each warped into the target's view and each unwarped. So a
pixel hidden in one frame is judged by another. Unwarped frames are *auto-masking*: where one fits best, the pixel
stands still relative to the camera, or nothing is seen to move, and it gives no gradient. The image of a second camera
at the same instant is left out of these: unmoved there means infinitely far, not standing still. monodepth2's code does
count it.

**Ties** go to the unwarped frame. monodepth2 adds noise to it for that purpose. Then a loss is no longer a function
of its input, and a resumed run must carry the noise. A tie means that moving explains nothing, so no gradient is
right.

**Masks.** A pixel of a frame, warped or not, counts where everything in its dissimilarity was really seen. That is,
for every pixel of its SSIM window, every context pixel with any weight in the sample. A pixel that no frame can judge
is left out of the mean.

**A network cannot gain by sending pixels out of view.** That takes a candidate away from a minimum, which can only
rise, and from its neighbours' windows, which are then left out as a whole, never recomputed from fewer pixels. The
unwarped candidates stay, whatever is predicted. Only a pixel without any of these (a hole in both context frames, or
every pixel where a second camera is the only context) can leave the mean. Visibility is a step function, so no gradient
leads there.
"""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from packdepth import distributed
from packdepth.geometry.backward_warp import synthesize_view

WINDOW = 3  # px, a side of SSIM's window
C1, C2 = 0.01**2, 0.03**2  # of SSIM, for values in 0..1
LEAST_MEAN = 1e-3  # 1/m: the least mean inverse depth to normalise by; with a mean near 0 the loss would explode


@dataclass(frozen=True)
class PhotometricLoss:
    """Dissimilarity, ssim * (1 - SSIM) / 2 + (1 - ssim) * L1, and `smoothness` times edge-aware smoothness.

    PackNet and monodepth2 use 0.85 and 0.001.
    """

    ssim: float
    smoothness: float

    def __call__(
        self,
        scales: list[Tensor],
        image: Tensor,
        context: Tensor,
        mask: Tensor,
        intrinsics: Tensor,
        context_from_target: Tensor,
        in_time: int | None = None,
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The weighted sum, and its terms `photometric` and `smoothness`, unweighted, each a mean over the scales.

        Args:
            scales: inverse depth (B, 1, h, w), 1/m, finest first. Each is upsampled to full size before it is judged
                (monodepth2, section 3.2).
            image: the target, (B, 3, H, W), in [0, 1].
            context: V frames, (B, V, 3, H, W), in [0, 1].
            mask: (B, V, 1, H, W), float, 1 where the context pixel was really seen, else 0.
            intrinsics: (B, 3, 3) of all images, px.
            context_from_target: (B, V, 4, 4), m.
            in_time: how many of the V, the first ones, are of other times; all unless given.
        """
        unwarped = self.unwarped_error(image, context[:, :in_time], mask[:, :in_time])
        photometric = []
        for scale in scales:
            full = F.interpolate(scale, image.shape[-2:], mode="bilinear", align_corners=False)
            warped = self.warped_error(full, image, context, mask, intrinsics, context_from_target)
            photometric.append(_mean(torch.where(warped >= unwarped, unwarped, warped)))
        terms = {"photometric": torch.stack(photometric).mean(), "smoothness": smoothness(scales, image)}
        return terms["photometric"] + self.smoothness * terms["smoothness"], terms

    def warped_error(
        self,
        inverse_depth: Tensor,
        image: Tensor,
        context: Tensor,
        mask: Tensor,
        intrinsics: Tensor,
        context_from_target: Tensor,
    ) -> Tensor:
        """Least dissimilarity (B, 1, H, W) to the warped context frames, infinite where none counts.

        `inverse_depth` is (B, 1, H, W), 1/m; the rest as for the loss.
        """
        frames = context.shape[1]
        views, visible = synthesize_view(
            torch.cat([context, 1 - mask], dim=2).flatten(0, 1),
            inverse_depth.repeat_interleave(frames, dim=0),
            intrinsics.repeat_interleave(frames, dim=0),
            context_from_target.flatten(0, 1),
        )
        colours, unseen = views.split((3, 1), dim=1)
        return self._least(image, colours, ~visible | (unseen > 0))

    def unwarped_error(self, image: Tensor, context: Tensor, mask: Tensor) -> Tensor:
        """Least dissimilarity (B, 1, H, W) to the unwarped context frames, infinite where none counts."""
        if not context.shape[1]:
            return torch.full_like(image[:, :1], torch.inf)
        return self._least(image, context.flatten(0, 1), mask.flatten(0, 1) < 1)

    def _least(self, image: Tensor, views: Tensor, missing: Tensor) -> Tensor:
        """Least over the frames; of F frames views (B * F, 3, H, W), missing pixels (B * F, 1, H, W) bool."""
        frames = len(views) // len(image)
        error = dissimilarity(views, image.repeat_interleave(frames, dim=0), self.ssim)
        # The window's pixels outside the image are reflected, so the pixels inside decide.
        reach = F.max_pool2d(missing.to(error.dtype), WINDOW, stride=1, padding=WINDOW // 2) > 0
        return error.masked_fill(reach, torch.inf).unflatten(0, (-1, frames)).amin(dim=1)


def dissimilarity(view: Tensor, image: Tensor, ssim: float) -> Tensor:
    """ssim * (1 - SSIM) / 2 + (1 - ssim) * L1, mean over the channels: (B, 3, H, W) twice -> (B, 1, H, W).

    monodepth2, section 3.1; values in [0, 1].
    """
    structure = ((1 - similarity(view, image)) / 2).clamp(0, 1)
    return (ssim * structure + (1 - ssim) * (view - image).abs()).mean(dim=1, keepdim=True)


def similarity(view: Tensor, image: Tensor) -> Tensor:
    """SSIM (Wang et al. 2004, equation 13) of the 3x3 window around every pixel; all (B, C, H, W), in [0, 1].

    Every pixel of a window has the same weight; the images are reflected at their borders, the edge not repeated.
    """
    a, b = (F.pad(x, (WINDOW // 2,) * 4, mode="reflect") for x in (view, image))
    mean_a, mean_b = _window_mean(a), _window_mean(b)
    variance_a = _window_mean(a * a) - mean_a**2
    variance_b = _window_mean(b * b) - mean_b**2
    covariance = _window_mean(a * b) - mean_a * mean_b
    luminance = (2 * mean_a * mean_b + C1) / (mean_a**2 + mean_b**2 + C1)
    return luminance * (2 * covariance + C2) / (variance_a + variance_b + C2)


def smoothness(scales: list[Tensor], image: Tensor) -> Tensor:
    """Edge-aware smoothness of inverse depth, mean over the scales; scale i, from 0, has weight 1 / 2^i.

    |dx d| exp(-|dx I|) + |dy d| exp(-|dy I|), d being inverse depth over its mean (monodepth2, section 3.1), and I the
    image at that scale, each of its pixels the mean of those it covers. Scales (B, 1, h, w), 1/m, finest first;
    image (B, 3, H, W).
    """
    terms = []
    for number, scale in enumerate(scales):
        normalised = scale / scale.mean((2, 3), keepdim=True).clamp_min(LEAST_MEAN)
        height, width = scale.shape[-2:]
        small = F.adaptive_avg_pool2d(image, (height, width))
        down, right = (_unexplained_slope(normalised, small, dim) for dim in (2, 3))
        terms.append((down + right) / 2**number)
    return torch.stack(terms).mean()


def _unexplained_slope(values: Tensor, image: Tensor, dim: int) -> Tensor:
    """Mean absolute difference of neighbours along `dim`, less where the image has an edge."""
    return (values.diff(dim=dim).abs() * torch.exp(-image.diff(dim=dim).abs().mean(1, keepdim=True))).mean()


def _window_mean(values: Tensor) -> Tensor:
    """(B, C, H, W) -> (B, C, H - 2, W - 2). Sums of slices, which a CPU does three times as fast as avg_pool2d."""
    across = values[..., :-2] + values[..., 1:-1] + values[..., 2:]
    return (across[..., :-2, :] + across[..., 1:-1, :] + across[..., 2:, :]) / WINDOW**2


def _mean(error: Tensor) -> Tensor:
    """Mean over the pixels with finite error, 0 if there are none; NaN, which no network should cause, is kept."""
    counted = error != torch.inf
    return torch.where(counted, error, 0).sum() / distributed.count_of_all(counted.sum()).clamp_min(1)
