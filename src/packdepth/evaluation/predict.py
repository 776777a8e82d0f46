"""Metric depth for anyone's images: `packdepth predict CHECKPOINT IMAGE...` and `packdepth.predict`."""

import os
from pathlib import Path

import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from packdepth.errors import InputError
from packdepth.evaluation.predictor import Predictor, load_predictor, predict_depth, resized
from packdepth.models.network import image_tensor
from packdepth.utils.files import atomic_write
from packdepth.utils.images import UNREADABLE, read_image, upright_rgb
from packdepth.utils.progress import track

COLOURS = "viridis_r"  # near is bright; legible to the colour-blind
SIDE = 32  # the networks' sides are multiples of this

AnyImage = str | os.PathLike[str] | Image.Image | NDArray[np.uint8]  # a file, or RGB pixels (H, W, 3)


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
            written += _write(depth_of_image(predictor, path), folder / path.stem, predictor.max_depth)
            advance(1, path.name)
    return written


def depth_of_image(predictor: Predictor, image: AnyImage) -> NDArray[np.float32]:
    """Metric depth (H, W) in m of one image, at its own size, upright as the photo is viewed.

    Raises InputError if the image cannot be read, or does not have 8 or 16 bits a channel.
    """
    return depth_of_any_size(predictor, image_tensor(_rgb(image))[None])[0, 0].numpy()


def _rgb(image: AnyImage) -> NDArray[np.uint8]:
    """The pixels (H, W, 3) of an image, upright."""
    if isinstance(image, np.ndarray):
        if image.dtype != np.uint8 or image.ndim != 3 or image.shape[2] != 3 or image.size == 0:
            raise InputError(f"image: expected a uint8 array of shape (H, W, 3), got {image.dtype} of {image.shape}")
        return image
    name = "image"
    if isinstance(image, str | os.PathLike):
        name, image = str(image), read_image(Path(image))
    elif not isinstance(image, Image.Image):
        kind = type(image).__name__
        raise InputError(f"image: expected a path, a PIL image or a uint8 array (H, W, 3), got a {kind}")
    try:
        image.load()  # an opened file is decoded only now
    except UNREADABLE as error:
        raise InputError(f"{name}: cannot be read as an image: {error}") from None
    return np.asarray(upright_rgb(image, name))


def depth_of_any_size(predictor: Predictor, image: Tensor) -> Tensor:
    """Metric depth (1, 1, H, W) in m of an image (1, 3, H, W) of any size.

    The image is scaled to the height that the network was trained at, if known, with its aspect kept. Its right and
    bottom edges are repeated up to a multiple of 32; the prediction is cut and scaled back.
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
