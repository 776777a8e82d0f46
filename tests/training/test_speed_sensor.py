"""What the speed sensor says, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from packdepth.config.variants import Velocity
from packdepth.training.speed_sensor import measured_distance

STEP = np.array([0.1, 0.2], np.float32)


def moving(*speeds: float) -> np.ndarray:
    """Velocities at t-1, t and t+1 of these speeds, in one direction that is no axis; turning does not matter."""
    direction = np.array([2.0, -1.0, 2.0, 0, 0, 0]) / 3
    turning = np.array([0, 0, 0, 5.0, 5.0, 5.0])
    return (np.array(speeds)[:, None] * direction + turning).astype(np.float32)


def distance(sensor: Velocity, *speeds: float, key: tuple[int, int] = (0, 0)) -> np.ndarray:
    return measured_distance(moving(*speeds), STEP, sensor, key)


def test_a_perfect_sensor_gives_mean_speed_times_time():
    np.testing.assert_allclose(distance(Velocity(weight=1), 1.0, 2.0, 4.0), [0.15, 0.6], rtol=1e-6)


def test_bias_scales_every_reading():
    np.testing.assert_allclose(distance(Velocity(weight=1, bias=0.25), 1.0, 2.0, 4.0), [0.1875, 0.75], rtol=1e-6)


def test_lag_reads_the_speed_of_before():
    """Speed rises by 10 m/s^2 before t and by 10 after it: 0.1 s late, every reading is 1 m/s too low."""
    np.testing.assert_allclose(distance(Velocity(weight=1, lag=0.1), 2.0, 3.0, 5.0), [0.15, 0.6], rtol=1e-5)


def test_a_late_reading_is_never_below_standing_still():
    np.testing.assert_allclose(distance(Velocity(weight=1, lag=1.0), 0.0, 1.0, 3.0), [0.0, 0.0])


def test_a_sensor_that_always_drops_out_says_no_motion():
    np.testing.assert_array_equal(distance(Velocity(weight=1, drop_out=1.0), 1.0, 1.0, 1.0), [0, 0])


def test_noise_and_drop_outs_come_as_often_as_stated():
    noisy = Velocity(weight=1, noise=0.5)
    readings = np.array([distance(noisy, 9.0, 9.0, 9.0, key=(0, frame)) for frame in range(2000)]) / STEP
    assert readings.mean() == pytest.approx(9.0, abs=0.05)
    assert readings.std() == pytest.approx(0.5 / np.sqrt(2), rel=0.05)  # the mean of two readings
    dropping = Velocity(weight=1, drop_out=0.3)
    first = np.array([distance(dropping, 1.0, 1.0, 1.0, key=(0, frame))[0] for frame in range(2000)])
    assert np.mean(first > 0.09) == pytest.approx(0.49, abs=0.04)
    assert np.mean(first < 0.01) == pytest.approx(0.09, abs=0.02)


@given(seed=st.integers(0, 9), frame=st.integers(0, 10**6))
def test_errors_belong_to_the_frame(seed: int, frame: int):
    sensor = Velocity(weight=1, noise=0.2, drop_out=0.2)
    first = distance(sensor, 1.0, 1.5, 2.0, key=(seed, frame))
    np.testing.assert_array_equal(first, distance(sensor, 1.0, 1.5, 2.0, key=(seed, frame)))
    assert (first >= 0).all()
