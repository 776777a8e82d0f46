"""Cascades by hand, and simulated ones whose predictor knows all or nothing."""

import numpy as np
import pandas as pd
import pytest

from packdepth.analysis.statistics import cascade

SHARES = np.linspace(0, 1, 11)


@pytest.fixture
def simulated() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The losses of a cheap and a big network of 400 images with 3 seeds: the big one gains from 0 to 0.4."""
    generator = np.random.default_rng(1)
    cheap = pd.DataFrame(generator.uniform(0.5, 1.0, (400, 3)), columns=[1, 2, 3])
    return cheap, cheap - generator.uniform(0.0, 0.4, (400, 3))


def table(*columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame(dict(enumerate(columns)))


def test_the_most_difficult_images_are_sent_first_seed_by_seed():
    difficulty = table([0.1, 0.9, 0.5, 0.3], [4.0, 3.0, 2.0, 1.0])
    assert cascade.sent(difficulty, 0.5).to_numpy().T.tolist() == [[0, 1, 1, 0], [1, 1, 0, 0]]
    assert cascade.sent(difficulty, 0.375)[0].tolist() == [0, 1, 0.5, 0]
    assert cascade.sent(difficulty, 0).to_numpy().sum() == 0
    assert cascade.sent(difficulty, 1).to_numpy().sum() == 8


def test_a_cascade_by_hand():
    cheap, big = table([1.0, 2.0, 3.0, 4.0]), table([0.5, 2.5, 1.0, 0.0])
    difficulty = table([0.0, 1.0, 2.0, 3.0])
    assert cascade.routed(cheap, big, difficulty, 0.5)[0].tolist() == [1.0, 2.0, 1.0, 0.0]
    assert cascade.routed(cheap, big, difficulty, 0.375)[0].tolist() == [1.0, 2.0, 2.0, 0.0]


def test_a_predictor_that_is_the_truth_reaches_the_oracle(simulated):
    """Which pays for one network an image, so its share costs what the other images save."""
    cheap, big = simulated
    found = [cascade.routed(cheap, big, cheap - big, share).to_numpy().mean() for share in SHARES]
    costs = 1.0 + SHARES * (10.0 - 1.0)
    np.testing.assert_allclose(found, cascade.oracle({1.0: cheap, 10.0: big}, costs), rtol=1e-9)
    effect = cascade.captured(cheap, big, cheap - big)
    assert effect.mean == pytest.approx(1.0)


def test_a_predictor_that_is_noise_reaches_the_line(simulated):
    cheap, big = simulated
    noise = pd.DataFrame(np.random.default_rng(2).uniform(size=cheap.shape), columns=cheap.columns)
    for share in SHARES:
        found = cascade.routed(cheap, big, noise, share).to_numpy().mean()
        line = (1 - share) * cheap.to_numpy().mean() + share * big.to_numpy().mean()
        assert found == pytest.approx(line, abs=0.01)
    effect = cascade.captured(cheap, big, noise)
    assert effect.low < 0 < effect.high
    assert abs(effect.mean) < 0.1


def test_what_is_captured_is_the_area_between_curves(simulated):
    cheap, big = simulated
    shares = np.linspace(0, 1, 2001)
    difficulty = cheap  # some of the truth

    def area(order: pd.DataFrame) -> float:
        gained = [(cheap - cascade.routed(cheap, big, order, share)).to_numpy().mean() for share in shares]
        return float(np.trapezoid(gained - shares * (cheap - big).to_numpy().mean(), shares))

    expected = area(difficulty) / area(cheap - big)
    assert cascade.captured(cheap, big, difficulty).mean == pytest.approx(expected, abs=1e-4)


def test_equal_networks_leave_nothing_to_capture(simulated):
    cheap, _ = simulated
    assert np.isnan(cascade.captured(cheap, cheap, cheap).mean)


def test_a_single_network_between_two_is_on_a_line_over_the_logarithm_of_cost():
    losses = {1.0: table([0.8, 0.4]), 100.0: table([0.2, 0.2]), 10.0: table([0.4, 0.4])}
    assert cascade.single(losses, 10**0.5)[0].tolist() == pytest.approx([0.6, 0.4])
    assert cascade.single(losses, 10.0)[0].tolist() == pytest.approx([0.4, 0.4])
    assert cascade.single(losses, 10**1.5)[0].tolist() == pytest.approx([0.3, 0.3])
    assert cascade.single(losses, 500.0)[0].tolist() == pytest.approx([0.2, 0.2])


def test_the_oracle_by_hand():
    """Image 0 gains 0.6 by the network of cost 2 and 0.2 more by that of 4; image 1 gains 0.4 by that of 4 only."""
    losses = {1.0: table([1.0, 1.0]), 2.0: table([0.4, 1.2]), 4.0: table([0.2, 0.6])}
    found = cascade.oracle(losses, np.array([0.5, 1.0, 1.25, 1.5, 3.0, 4.0, 9.0]))
    assert np.isnan(found[0])
    # Steps: 1 for 0.6 (image 0), 3 for 0.4 (image 1), 2 for 0.2 (image 0); means over two images are half of that.
    assert found[1:].tolist() == pytest.approx([1.0, 0.85, 0.7, 0.5, 0.4, 0.4])


def test_an_oracle_stays_with_a_cheap_network_that_is_best():
    losses = {1.0: table([0.1, 0.5]), 2.0: table([0.3, 0.6])}
    assert cascade.oracle(losses, np.array([1.0, 2.0])).tolist() == pytest.approx([0.3, 0.3])


def test_an_oracle_is_a_mean_over_seeds():
    losses = {1.0: table([1.0, 1.0], [0.4, 0.4]), 2.0: table([0.0, 1.0], [0.4, 0.4])}
    assert cascade.oracle(losses, np.array([1.5])).tolist() == pytest.approx([(0.5 + 0.4) / 2])
