"""The report's losses and the heads' ceilings: what stands in which row."""

import pandas as pd
import pytest

from packdepth.figures.ceilings import finding, reported_losses


def test_an_experiment_with_two_readings_has_one_row(project):
    losses = reported_losses(project(lambda raw: None))
    assert [f"{loss.get('prefix', '')}{loss['value']}" for loss in losses.values()] == [
        "0.401",
        "0.612",
        "0.623",
        "~0.66",
        "0.731",
        ">1.21",
    ]
    assert "packnet-leaky-relu" in losses
    assert "packnet-leaky-double" not in losses


@pytest.mark.parametrize(("truth", "told"), [(0.7, "even the truth has a higher"), (0.5, "the truth has a lower")])
def test_the_finding_compares_the_truth_under_packnets_ceiling_with_the_fixed_map(truth, told):
    levels = pd.Series({"truth up to 1": 0.9, "truth up to 2": truth, "fixed map": 0.6})
    assert finding(levels) == f"Cut off at PackNet's ceiling, {told} loss than one fixed map"
