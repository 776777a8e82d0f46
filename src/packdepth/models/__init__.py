"""The networks of the study, as in their papers. A plain dict such as `{"architecture": "packnet", "skips": "sum"}`
names one: `build(**spec)`. `accelerate` swaps exact faster layers into it."""

import inspect
from pathlib import Path
from typing import Any, get_args

from torch import nn

from packdepth.config.variants import Architecture, Implementation
from packdepth.errors import InputError
from packdepth.models.autoencoder import Autoencoder
from packdepth.models.checks import check_choice
from packdepth.models.constant import Constant
from packdepth.models.densedepth import DenseDepth
from packdepth.models.network import ImageNetwork
from packdepth.models.packnet import PackNet

__all__ = ["ARCHITECTURES", "ImageNetwork", "accelerate", "build"]

ARCHITECTURES: dict[Architecture, type[ImageNetwork]] = {
    "packnet": PackNet,
    "densedepth": DenseDepth,
    "constant": Constant,
    "autoencoder": Autoencoder,
}
FAST = Path(__file__).parent / "fast" / "__init__.py"


def build(architecture: Architecture, width: float = 1.0, **options: Any) -> ImageNetwork:
    """A new network with random weights.

    `width` scales every channel count; the options are the keyword arguments of the architecture's class.
    Raises InputError for an unknown architecture, an unknown option or an option's unknown value.
    """
    check_choice("architecture", architecture, get_args(Architecture))
    if isinstance(width, bool) or not isinstance(width, (int, float)) or not 0 < width < float("inf"):
        raise InputError(f"{architecture}: width must be a positive number, got {width!r}")
    network = ARCHITECTURES[architecture]
    known = tuple(inspect.signature(network).parameters)
    for option in options:
        check_choice(f"option of {architecture}", option, known)
    return network(width=width, **options)


def accelerate(network: nn.Module, implementation: Implementation, *, compiled: bool = False) -> None:
    """Swap layers of a network, in place and once its weights are there, for exact faster ones: see `fast`.

    Without the folder `fast`, `auto` leaves the network as it is. What only `fast` has then raises InputError: the
    implementations `cpu` and `gpu`, and layers that can be `compiled`.
    """
    # The one place that knows of fast/: delete that folder, and the networks run as in the papers.
    if FAST.is_file():
        from packdepth.models import fast

        fast.accelerate(network, implementation, compiled=compiled)
    elif compiled or implementation in ("cpu", "gpu"):
        asked = "compile" if compiled else f"implementation {implementation}"
        raise InputError(f"{asked} needs packdepth/models/fast, which is not there")
