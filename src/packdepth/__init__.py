"""packdepth: a reproducibility study of PackNet against DenseDepth on monocular depth.

Depth of a photo in three lines:

    import packdepth

    predictor = packdepth.load("model.safetensors")
    depth = packdepth.predict(predictor, "photo.jpg")  # float32 (H, W), metres
"""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import os

    import numpy as np
    from numpy.typing import NDArray

    from packdepth.evaluation.predict import AnyImage
    from packdepth.evaluation.predictor import Predictor

__all__ = ["__version__", "load", "predict"]

__version__ = version("packdepth")


def load(path: str | os.PathLike[str]) -> Predictor:
    """The network of a checkpoint: a model.safetensors of packdepth, or a .ckpt published with packnet-sfm.

    Nothing in the file is executed. Raises InputError (a ValueError), in one line, if the file is missing, broken, or
    holds no depth network.
    """
    from pathlib import Path

    from packdepth.evaluation.predictor import load_predictor  # loads torch, which `import packdepth` does not

    return load_predictor(Path(path))


def predict(model_or_path: Predictor | str | os.PathLike[str], image: AnyImage) -> NDArray[np.float32]:
    """Metric depth of an image, float32 (H, W) in metres, at the image's own size.

    `model_or_path` is the result of `load`, or a checkpoint's path. `image` is a path, a PIL image, or a uint8 array
    (H, W, 3) in RGB. A photo is turned upright first, by its EXIF data. Depth is metric for a camera like that of
    the training data: a network cannot see the focal length. Raises InputError (a ValueError), in one line, if the
    checkpoint or the image cannot be read.
    """
    from packdepth.evaluation.predict import depth_of_image
    from packdepth.evaluation.predictor import Predictor

    predictor = model_or_path if isinstance(model_or_path, Predictor) else load(model_or_path)
    return depth_of_image(predictor, image)
