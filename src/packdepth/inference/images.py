"""Whatever a user calls an image, as pixels."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from packdepth.errors import InputError
from packdepth.models.network import image_tensor
from packdepth.utils.images import UNREADABLE, read_photo, upright_rgb

AnyImage = str | os.PathLike[str] | Image.Image | NDArray[Any] | Tensor


@dataclass(frozen=True)
class Photo:
    """Pixels, and what was done to get them."""

    rgb: Tensor  # float (3, H, W) in [0, 1], on the CPU
    shrunk: int = 1  # the file has so many times as many rows and columns

    def focal_length(self, of_file: float | None) -> float | None:
        """The camera's focal length, px of these pixels, from that in px of the file; None if unknown."""
        return of_file and of_file / self.shrunk


def photo(image: AnyImage) -> Photo:
    """The pixels of a file, a PIL image, an array or a tensor.

    An array is (H, W, 3) in RGB or (H, W) in grey, a tensor (3, H, W), both uint8 or float in [0, 1]. Files and PIL
    images are turned upright, as their EXIF data say. A file of more than 100 million pixels is shrunk to half as many
    rows and columns. Raises InputError, in one line, if it is anything else, cannot be read, or has more than 400
    million pixels.
    """
    match image:
        case str() | os.PathLike():
            picture, shrunk = read_photo(Path(image))
            return Photo(image_tensor(np.array(picture)), shrunk)
        case Image.Image():
            return Photo(image_tensor(_of_picture(image)))
        case np.ndarray():
            return Photo(_of_array(image))
        case Tensor():
            return Photo(_of_tensor(image))
    kind = type(image).__name__
    raise InputError(f"image: expected a path, a PIL image, an array (H, W, 3) or a tensor (3, H, W), got a {kind}")


def rgb_bytes(image: Tensor) -> NDArray[np.uint8]:
    """The reverse: pixels (H, W, 3) of a float image (3, H, W) in [0, 1] on the CPU."""
    return (image * 255).round_().byte().permute(1, 2, 0).numpy()


def _of_picture(image: Image.Image) -> NDArray[np.uint8]:
    try:
        image.load()  # an opened file is decoded only now
    except UNREADABLE as error:
        raise InputError(f"image: cannot be read as an image: {error}") from None
    return np.array(upright_rgb(image, "image"))


def _of_array(image: NDArray[Any]) -> Tensor:
    whole = image[..., None] if image.ndim == 2 else image
    if whole.ndim != 3 or whole.shape[2] not in (1, 3, 4) or whole.size == 0:
        raise InputError(f"image: expected an array of shape (H, W, 3), got {image.shape}")
    rgb = np.repeat(whole, 3, axis=2) if whole.shape[2] == 1 else whole[..., :3]  # an alpha channel is dropped
    if rgb.dtype == np.uint8:
        return image_tensor(rgb)
    if rgb.dtype.kind != "f":
        raise InputError(f"image: expected an array of uint8 or floats, got {image.dtype}")
    return _of_tensor(torch.from_numpy(np.ascontiguousarray(np.moveaxis(rgb, -1, 0), dtype=np.float32)))


def _of_tensor(image: Tensor) -> Tensor:
    if image.ndim != 3 or image.shape[0] != 3 or image.numel() == 0:
        raise InputError(f"image: expected a tensor of shape (3, H, W), got {tuple(image.shape)}")
    image = image.detach().cpu()
    if image.dtype == torch.uint8:
        return image.float() / 255.0
    if not image.is_floating_point():
        raise InputError(f"image: expected a tensor of uint8 or floats, got {image.dtype}")
    if not ((image >= 0) & (image <= 1)).all():  # nor NaN
        raise InputError(f"image: expected floats in [0, 1], got {float(image.min()):g} to {float(image.max()):g}")
    return image.float()
