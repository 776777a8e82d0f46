"""What was recorded at nearly the same time belongs together, as in TUM's associate.py."""

from collections.abc import Mapping
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from packdepth.errors import InputError

TOLERANCE = 0.02  # s
K = TypeVar("K")


def time_of(name: str) -> float:
    """The time in s that a name ends with, after its last slash. Raises InputError if it is no number."""
    try:
        return float(name.rpartition("/")[2])
    except ValueError:
        raise InputError(f"{name}: is no time in seconds, as data.match: time in params.yaml expects") from None


def associated(wanted: Mapping[str, float], known: Mapping[K, float]) -> dict[str, K]:
    """For each of `wanted` the one of `known` that is nearest in time (both s) and within 0.02 s, each used once."""
    gaps, places = KDTree(_column(known)).query(_column(wanted), distance_upper_bound=np.nextafter(TOLERANCE, 1))
    names, others = list(wanted), list(known)
    closest_last = [index for index in np.argsort(-gaps, kind="stable") if np.isfinite(gaps[index])]
    taken = {others[places[index]]: index for index in closest_last}
    return {names[index]: other for other, index in taken.items()}


def _column(times: Mapping[K, float]) -> NDArray[np.float64]:
    return np.array(list(times.values()), np.float64)[:, None]
