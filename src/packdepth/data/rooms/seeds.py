"""Where every random draw of rooms comes from: a generator seeded by the frame's name."""

import hashlib

import numpy as np


def frame_id(seed: int, split: str, index: int) -> str:
    """The name of a frame, "rooms/<seed>/<split>/<index>".

    Raises:
        ValueError: `split` is empty or has a slash (two splits could share a name), or `index` is negative.
    """
    if not split or "/" in split:
        raise ValueError(f'rooms split must be a name without slashes such as "train", got {split!r}')
    if index < 0:
        raise ValueError(f"rooms frame index must be 0 or more, got {index}")
    return f"rooms/{seed}/{split}/{index}"


def generator(name: str, purpose: str) -> np.random.Generator:
    """A generator that is a function of only the frame's name and its purpose.

    Purposes ("room", "noise 1") have separate streams, so a change in one draw affects no other.
    """
    digest = hashlib.sha256(f"{name} {purpose}".encode()).digest()
    return np.random.default_rng(int.from_bytes(digest[:16], "little"))


def uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """A plain float in [low, high); several times faster than `rng.uniform` for one number."""
    return low + (high - low) * rng.random()
