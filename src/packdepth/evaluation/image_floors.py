"""How well images are reconstructed without a network, from as many numbers as an autoencoder's code has, or fewer.

A thumbnail keeps 3 numbers of every 8x8 pixels, principal components of such patches as many as the code's channels:
no linear code of that size has a smaller error on the frames that it is fitted to.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from packdepth.data.store.frames import Store
from packdepth.models.autoencoder import CODE, LEVELS

PATCH = 2**LEVELS  # px, what one place of the code stands for
FITTED_FRAMES = 500  # at most, spread evenly
Pixels = NDArray[np.float64]


def image_floors(train: Store, test: Store) -> dict[str, float]:
    """The mean squared error over the test images, of values in 0 .. 1, by floor."""
    mean, components = principal_components(_patches(train.rgb(index)) for index in range(0, len(train), _step(train)))
    errors = []
    for index in range(len(test)):
        image = test.rgb(index)
        truth = _patches(image)
        linear = np.clip(mean + (truth - mean) @ components.T @ components, 0, 1)
        small = _patches(thumbnail(image))
        errors.append((np.mean((small - truth) ** 2), np.mean((linear - truth) ** 2)))
    of_thumbnail, of_components = np.mean(errors, axis=0)
    return {"thumbnail": float(of_thumbnail), "principal components": float(of_components)}


def thumbnail(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """An image (H, W, 3) reduced by 8 and enlarged again, bicubically."""
    height, width = image.shape[:2]
    small = Image.fromarray(image).reduce(PATCH)
    return np.asarray(small.resize((width, height), Image.Resampling.BICUBIC))


def principal_components(patches: Iterable[Pixels]) -> tuple[Pixels, Pixels]:
    """The mean (D,) of patches (N, D) of several images, and their CODE first components (CODE, D), orthonormal."""
    count, total, products = 0, np.zeros(1), np.zeros(1)
    for of_image in patches:
        count += len(of_image)
        total = total + of_image.sum(axis=0)
        products = products + of_image.T @ of_image
    mean = total / count
    covariance = products / count - np.outer(mean, mean)
    return mean, np.linalg.eigh(covariance)[1][:, ::-1][:, :CODE].T


def _step(store: Store) -> int:
    return -(-len(store) // FITTED_FRAMES)


def _patches(image: NDArray[np.uint8]) -> Pixels:
    """(H, W, 3) of bytes -> (H W / 64, 192) in 0 .. 1: each row the 8x8 pixels of one place of the code."""
    height, width = image.shape[:2]
    tiles = image.reshape(height // PATCH, PATCH, width // PATCH, PATCH, 3).swapaxes(1, 2)
    return tiles.reshape(-1, PATCH * PATCH * 3) / 255.0
