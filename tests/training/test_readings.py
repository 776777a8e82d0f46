"""Numbers of many steps, fetched together."""

import torch

from packdepth.training.readings import Readings


def test_steps_come_in_order_and_once():
    readings = Readings()
    for step in (3, 4):
        values = {"loss": torch.tensor(step / 2), "l1": torch.tensor(0.25)}
        readings.add(step, 1, 1e-3, waited=0.5, seconds=2.0, values=values)
    first, second = readings.fetch()
    assert (first.step, second.step) == (3, 4)
    assert first.values == {"loss": 1.5, "l1": 0.25}
    assert second.values == {"loss": 2.0, "l1": 0.25}
    assert (first.epoch, first.learning_rate, first.waited) == (1, 1e-3, 0.5)
    assert 2.0 <= first.seconds < 2.5
    assert first.seconds == second.seconds, "the time of fetching is shared"
    assert readings.fetch() == []
