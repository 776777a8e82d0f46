"""How predictions are compared with truth: the only table of protocols.

Each row does what the code of a paper does, read in that code, except for its mistakes and these differences of ours:

- A prediction is resized to the truth's size as depth, bilinearly, with the image's borders aligned. monodepth2 resizes
  disparity for KITTI and takes the nearest pixel for Make3D; packnet-sfm aligns the centres of the corner pixels.
- DenseDepth's code calls its errors with prediction and truth swapped, so that its abs_rel divides by the prediction.
  Ours divides by the truth.
- An image without a pixel that counts is left out. packnet-sfm counts it with zeros.
- KITTI's truth is the camera's z. monodepth2's copy holds the velodyne's forward distance, some 0.28 m more.
- A median of an even number of pixels is the lower of the middle two, as in packnet-sfm. monodepth2 takes their mean.
"""

from dataclasses import asdict, dataclass
from math import inf, isinf
from typing import Any, Literal


@dataclass(frozen=True)
class Crop:
    """Rows top to bottom and columns left to right, without the last, of an image of `height` by `width` px.

    An image of another size is cropped in proportion, edges rounded down to whole px.
    """

    top: float
    bottom: float
    left: float
    right: float
    height: int
    width: int

    def window(self, height: int, width: int) -> tuple[slice, slice]:
        """Rows and columns of an image of `height` by `width` px."""
        rows = slice(int(self.top * height / self.height), int(self.bottom * height / self.height))
        return rows, slice(int(self.left * width / self.width), int(self.right * width / self.width))


@dataclass(frozen=True)
class Protocol:
    """Which pixels count, what is done to a prediction first, and which numbers are the headline. Distances in m."""

    min_truth: float  # truth at or below this is left out
    max_truth: float  # truth above this is left out
    max_counts: bool  # whether truth at max_truth counts
    prediction: tuple[float, float]  # predictions are clamped to this range, after any scaling
    crop: Crop | None
    aggregate: Literal["pooled", "mean_over_images"]  # the mean that papers report: over all pixels, or over images
    median_scaled: bool  # whether papers report it scaled by each image's median
    source: str

    def stated(self) -> dict[str, Any]:
        """The protocol for a JSON file, where null means no limit."""
        return asdict(self) | {"max_truth": None if isinf(self.max_truth) else self.max_truth}


EIGEN_CROP = Crop(20, 460, 24, 616, height=480, width=640)
BTS_CROP = Crop(45, 471, 41, 601, height=480, width=640)
GARG_CROP = Crop(0.40810811, 0.99189189, 0.03594771, 0.96405229, height=1, width=1)

PROTOCOLS = {
    "indoor": Protocol(
        min_truth=1e-3,
        max_truth=10.0,
        max_counts=True,
        prediction=(0.1, 10.0),
        crop=None,
        aggregate="pooled",
        median_scaled=False,
        source="ours: as nyu-eigen, without a crop, up to 10 m",
    ),
    "nyu-eigen": Protocol(
        min_truth=0.0,
        max_truth=inf,
        max_counts=False,
        prediction=(0.1, 10.0),
        crop=EIGEN_CROP,
        aggregate="pooled",
        median_scaled=False,
        source="DenseDepth, arXiv 1812.11941, section 4.1, and its utils.py (evaluate); truth ends at 10 m by itself",
    ),
    "nyu-bts": Protocol(
        min_truth=1e-3,
        max_truth=10.0,
        max_counts=False,
        prediction=(1e-3, 10.0),
        crop=BTS_CROP,
        aggregate="mean_over_images",
        median_scaled=False,
        source="BTS, arXiv 1907.10326, and its utils/eval_with_pngs.py (eval)",
    ),
    "make3d-c1": Protocol(
        min_truth=0.0,
        max_truth=70.0,
        max_counts=False,
        prediction=(0.0, 70.0),
        crop=None,
        aggregate="mean_over_images",
        median_scaled=True,
        source="C1 of Karsch et al. 2014, as monodepth2 (arXiv 1806.01260; its issue 89) evaluates;"
        " its log error is rmse_log10; the store's `part` decides on whole or central images",
    ),
    "make3d-c2": Protocol(
        min_truth=0.0,
        max_truth=inf,
        max_counts=False,
        prediction=(0.0, 80.0),
        crop=None,
        aggregate="mean_over_images",
        median_scaled=True,
        source="C2 of Karsch et al. 2014: as make3d-c1 with all truth, which ends at some 80 m",
    ),
    "kitti-garg": Protocol(
        min_truth=0.0,
        max_truth=80.0,
        max_counts=False,
        prediction=(0.0, 80.0),
        crop=GARG_CROP,
        aggregate="mean_over_images",
        median_scaled=False,
        source="packnet-sfm, configs/eval_kitti.yaml and utils/depth.py (compute_depth_metrics); the crop of Garg"
        " et al. 2016; networks without scale are published median-scaled",
    ),
    "kitti-monodepth2": Protocol(
        min_truth=1e-3,
        max_truth=80.0,
        max_counts=False,
        prediction=(1e-3, 80.0),
        crop=GARG_CROP,
        aggregate="mean_over_images",
        median_scaled=True,
        source="monodepth2, arXiv 1806.01260, and its evaluate_depth.py with --eval_mono",
    ),
    "ddad": Protocol(
        min_truth=0.0,
        max_truth=200.0,
        max_counts=False,
        prediction=(0.0, 200.0),
        crop=None,
        aggregate="mean_over_images",
        median_scaled=True,
        source="packnet-sfm, configs/eval_ddad.yaml and utils/depth.py (compute_depth_metrics)",
    ),
}
