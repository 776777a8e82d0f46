"""The networks of the study. A plain dict such as `{"architecture": "packnet", "skips": "sum"}` names one:
`build(**spec)`."""

import inspect
from typing import Any

from packdepth.errors import InputError
from packdepth.models.autoencoder import Autoencoder
from packdepth.models.checks import check_choice
from packdepth.models.constant import Constant
from packdepth.models.densedepth import DenseDepth
from packdepth.models.network import ImageNetwork
from packdepth.models.packnet import PackNet

__all__ = ["ARCHITECTURES", "ImageNetwork", "build"]

ARCHITECTURES: dict[str, type[ImageNetwork]] = {
    "packnet": PackNet,
    "densedepth": DenseDepth,
    "constant": Constant,
    "autoencoder": Autoencoder,
}


def build(architecture: str, width: float = 1.0, **options: Any) -> ImageNetwork:
    """A new network with random weights.

    `width` scales every channel count; the options are the keyword arguments of the architecture's class.
    Raises InputError for an unknown architecture, an unknown option or an option's unknown value.
    """
    check_choice("architecture", architecture, tuple(ARCHITECTURES))
    if isinstance(width, bool) or not isinstance(width, (int, float)) or not 0 < width < float("inf"):
        raise InputError(f"{architecture}: width must be a positive number, got {width!r}")
    network = ARCHITECTURES[architecture]
    known = tuple(inspect.signature(network).parameters)
    for option in options:
        check_choice(f"option of {architecture}", option, known)
    return network(width=width, **options)
