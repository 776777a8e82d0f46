import numpy as np
import pandas as pd

from packdepth.figures.context_quality import BINS, NOISE, by_displacement, finding


def test_quartiles_by_hand() -> None:
    displacement = np.arange(3 * BINS)[::-1]
    rows = pd.DataFrame({"displacement_px": displacement, "psnr_seen": 100.0 - 2 * displacement})
    table = by_displacement(rows, "psnr_seen")
    assert list(table.index) == [3 * place + 1 for place in range(BINS)]
    np.testing.assert_allclose(table.loc[4], [91, 92, 93])


def test_fewer_frames_than_bins_stand_alone() -> None:
    rows = pd.DataFrame({"displacement_px": [5.0, 1.0, 3.0], "coverage": [0.7, 0.9, np.nan]})
    table = by_displacement(rows, "coverage")
    assert list(table.index) == [1, 5]
    np.testing.assert_array_equal(table[0.5], [0.9, 0.7])


def test_a_method_without_values_has_no_line() -> None:
    rows = pd.DataFrame({"displacement_px": [5.0, 1.0], "coverage": [np.nan, np.nan]})
    assert by_displacement(rows, "coverage").empty


def test_the_finding_leaves_the_noise_out_of_the_contest() -> None:
    table = pd.DataFrame({"method": ["a", "a", "b", NOISE], "psnr_seen": [30.0, 32.0, 29.0, 35.0]})
    assert finding(table) == "On seen pixels a is closest to the true frames: 31.0 dB; noise allows 35.0"
    assert finding(table[:3]) == "On seen pixels a is closest to the true frames: 31.0 dB"
    assert finding(table[3:]) == "No method was measured"
