"""Metric depth for anyone's images: `packdepth predict CHECKPOINT IMAGE...`."""

from pathlib import Path

import numpy as np
from matplotlib import colormaps
from PIL import Image, ImageOps
from torch import Tensor
from torch.nn import functional as F

from packdepth.errors import InputError
from packdepth.evaluation.predictor import Predictor, load_predictor, predict_depth, resized
from packdepth.models.network import image_tensor
from packdepth.utils.files import atomic_write
from packdepth.utils.images import read_image
from packdepth.utils.progress import track

COLOURS = "viridis_r"  # near is bright; legible to the colour-blind
SIDE = 32  # the networks' sides are multiples of this


def predict(checkpoint_path: Path, images: list[Path], folder: Path) -> list[Path]:
    """Write `<name>_depth.png` (16 bits, mm, to 65.5 m) and `<name>_colour.png` for every image into `folder`.

    The checkpoint is one of ours or one published with packnet-sfm. Depth is metric for a camera like that of the
    training data: a network cannot see the focal length. Raises InputError if the checkpoint or an image cannot be
    read, or two images have one name.
    """
    stems = [path.stem for path in images]
    if len(set(stems)) < len(stems):
        raise InputError("two images have the same name; their predictions would overwrite one another")
    if folder.exists() and not folder.is_dir():
        raise InputError(f"{folder}: is a file; expected a folder for the predictions")
    predictor = load_predictor(checkpoint_path)
    written = []
    with track("predict", len(images)) as advance:
        for path in images:
            upright = ImageOps.exif_transpose(read_image(path))  # as the photo is looked at
            rgb = np.asarray(upright.convert("RGB"))
            depth = depth_of_any_size(predictor, image_tensor(rgb)[None])[0, 0].numpy()
            written += _write(depth, folder / path.stem, predictor.max_depth)
            advance(1, path.name)
    return written


def depth_of_any_size(predictor: Predictor, image: Tensor) -> Tensor:
    """Metric depth (1, 1, H, W) in m of an image (1, 3, H, W) of any size.

    The image is scaled to the height the network was trained at, where that is known, its aspect kept, its right and
    bottom edges repeated up to a multiple of 32; the prediction is cut and scaled back.
    """
    height, width = image.shape[2:]
    rows = predictor.size[0] if predictor.size else height
    columns = max(1, round(width * rows / height))
    padded = F.pad(resized(image, (rows, columns), antialias=True), (0, -columns % SIDE, 0, -rows % SIDE), "replicate")
    depth = predict_depth(predictor, padded, flip=True)[..., :rows, :columns]
    return resized(depth, (height, width))


def _write(depth: np.ndarray, stem: Path, max_depth: float) -> list[Path]:
    millimetres = np.clip(np.round(depth * 1000.0), 0, 2**16 - 1).astype(np.uint16)
    colours = (colormaps[COLOURS](depth / max_depth)[..., :3] * 255).astype(np.uint8)
    paths = []
    for ending, pixels in (("depth", millimetres), ("colour", colours)):
        path = stem.with_name(f"{stem.name}_{ending}.png")
        with atomic_write(path) as part:
            Image.fromarray(pixels).save(part, format="PNG")
        paths.append(path)
    return paths
