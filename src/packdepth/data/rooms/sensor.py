"""The camera's sensor: from radiance to 8-bit RGB."""

import numpy as np
import torch
from torch import Tensor

from packdepth.data.rooms.seeds import generator, uniform


def sensor_noise(name: str, offset: int, size: tuple[int, int]) -> np.typing.NDArray[np.float32]:
    """Noise of the frame `name` at an offset in time, float32 (3, H, W), in units of the full 0..1 range.

    Gaussian, with one deviation for the whole image: `develop` takes the square root of light, in which photon noise
    has the same deviation at every brightness (Anscombe, Biometrika 1948).
    """
    deviation = uniform(generator(name, "noise"), 0.006, 0.02)
    values = generator(name, f"noise {offset}").standard_normal((3, *size), dtype=np.float32)
    return values * np.float32(deviation)


def develop(radiance: Tensor, exposure: Tensor, noise: Tensor) -> Tensor:
    """uint8 RGB (V, H, W, 3) from linear radiance (V, 3, H, W), exposure (V, 3) and noise (V, 3, H, W).

    The lens spreads a pixel's light a little over its neighbours (an eighth to each side); a shoulder that bends
    towards 1 keeps lamps from blowing the image out; gamma is 2.
    """
    light = _spread(_spread(radiance, 2), 3) * exposure[:, :, None, None]
    image = (light / (light + 0.7)).sqrt_().add_(noise)
    return image.mul_(255).round_().clamp_(0, 255).to(torch.uint8).movedim(1, -1).contiguous()


def _spread(image: Tensor, dim: int) -> Tensor:
    """Each value mixed with an eighth of both its neighbours along a dimension; the border repeats."""
    size = image.shape[dim]
    before = torch.cat([image.narrow(dim, 0, 1), image.narrow(dim, 0, size - 1)], dim)
    after = torch.cat([image.narrow(dim, 1, size - 1), image.narrow(dim, size - 1, 1)], dim)
    return 0.75 * image + 0.125 * (before + after)
