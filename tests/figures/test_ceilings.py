"""The report's losses and the heads' ceilings: what stands in which row."""

from packdepth.figures.ceilings import reported_losses


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
