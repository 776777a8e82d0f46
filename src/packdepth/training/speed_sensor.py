"""The speed sensor that the velocity loss relies on, and its possible errors."""

import numpy as np
from numpy.typing import NDArray

from packdepth.config.variants import Velocity


def measured_distance(
    velocity: NDArray[np.float32], time_step: NDArray[np.float32], sensor: Velocity, key: tuple[int, int]
) -> NDArray[np.float32]:
    """Distances (2,) in m that the sensor measures from t-1 to t and from t to t+1: mean speed times elapsed time.

    A reading at an instant is the speed `lag` seconds before it, times 1 + `bias`, plus normal noise, never below 0;
    or 0 where the sensor dropped out. The speed at that time is on a straight line
    through the two readings next to it, also beyond them.

    Args:
        velocity: (3, 6), at t-1, t, t+1; linear in m/s first.
        time_step: (2,), s.
        sensor: its errors.
        key: (seed, frame). Only it decides the errors, so a recording has the same ones in every epoch.
    """
    random = np.random.default_rng(key)
    noise, drop = random.standard_normal(3), random.random(3)
    speed = np.linalg.norm(velocity[:, :3].astype(np.float64), axis=1)
    late = _line_through(np.array([-time_step[0], 0.0, time_step[1]]), speed, sensor.lag)
    reading = np.maximum(late * (1 + sensor.bias) + sensor.noise * noise, 0.0)
    reading[drop < sensor.drop_out] = 0.0
    return ((reading[:-1] + reading[1:]) / 2 * time_step).astype(np.float32)


def _line_through(time: NDArray[np.float64], speed: NDArray[np.float64], lag: float) -> NDArray[np.float64]:
    slopes = np.diff(speed) / np.diff(time)
    asked = time - lag
    piece = (asked > time[1]).astype(int)
    return speed[piece] + slopes[piece] * (asked - time[piece])
