"""Checks of what callers can get wrong about a network; each raises InputError with one line."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor

from packdepth.errors import InputError, nearest

STRIDE = 32  # the networks halve an image five times
FAULTS_NAMED = 3


def check_choice(what: str, value: Any, known: Sequence[Any]) -> None:
    """Raise InputError, with the nearest known value, unless `value` is one of `known`."""
    if value in known:
        return
    names = ", ".join(str(name) for name in known)
    raise InputError(f"unknown {what} {value!r}{nearest(str(value), known)} (known: {names})")


def check_image(image: Tensor, channels: int = 3) -> None:
    """Raise InputError unless `image` is (B, channels, H, W) with H and W multiples of 32."""
    if image.ndim != 4 or image.shape[1] != channels:
        raise InputError(f"image: expected shape (B, {channels}, H, W), got {tuple(image.shape)}")
    height, width = image.shape[2:]
    if height == 0 or width == 0 or height % STRIDE or width % STRIDE:
        raise InputError(f"image: height and width must be multiples of {STRIDE}, got {height} x {width}")


def check_state_dict(what: str, given: Mapping[str, Tensor], expected: Mapping[str, Tensor]) -> None:
    """Raise InputError, naming the first faults, unless both hold the same keys with the same shapes."""
    faults = [f"{key} is missing" for key in expected if key not in given]
    faults += [f"{key} is unknown" for key in given if key not in expected]
    faults += [
        f"{key} has shape {tuple(given[key].shape)}, expected {tuple(tensor.shape)}"
        for key, tensor in expected.items()
        if key in given and given[key].shape != tensor.shape
    ]
    if faults:
        more = len(faults) - FAULTS_NAMED
        named = faults[:FAULTS_NAMED] + ([f"and {more} more"] if more > 0 else [])
        raise InputError(f"{what}: {'; '.join(named)}")


def check_finite(what: str, weights: Mapping[str, Tensor]) -> None:
    """Raise InputError, naming the first, if any weight is NaN or infinite, or of a kind that is no plain number."""
    for name, tensor in weights.items():
        try:
            finite = bool(tensor.isfinite().all())
        except RuntimeError:  # sparse, quantised, without content, or of a type that torch cannot compare
            kind = f"{tensor.layout} of {tensor.dtype} on {tensor.device}".replace("torch.", "")
            raise InputError(f"{what}: {name} is {kind}; expected plain numbers") from None
        if not finite:
            raise InputError(f"{what}: {name} holds NaN or infinity; expected finite weights")
