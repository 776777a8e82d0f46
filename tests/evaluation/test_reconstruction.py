"""How an autoencoder's images are held against the true ones."""

import json

import numpy as np
import pandas as pd
import pytest

from packdepth.errors import InputError
from packdepth.evaluation.reconstruction import by_frequency, measured, reconstruct
from packdepth.training.loop import train


def test_psnr_by_hand_and_perfect_similarity():
    image = np.full((16, 16, 3), 51, np.uint8)
    found = measured(np.full((16, 16, 3), 0.2 + 0.1), image)
    assert found["psnr"] == pytest.approx(20.0)
    ramp = np.tile(np.arange(0, 160, 10, dtype=np.uint8)[None, :, None], (16, 1, 3))
    assert measured(ramp / 255.0 + 1e-6, ramp)["ssim"] == pytest.approx(1.0)


@pytest.mark.parametrize(("cycles", "ring"), [(2, "0.0625"), (3, "0.125"), (4, "0.125"), (7, "0.25"), (16, "0.5")])
def test_a_wave_lies_in_the_ring_of_its_frequency(cycles, ring):
    """A wave of so many cycles in 32 px, half as high in the error: a quarter of the energy."""
    wave = np.cos(2 * np.pi * cycles * np.arange(32) / 32)[None, :, None] * np.ones((32, 1, 3))
    error, energy = by_frequency(0.5 * wave + 0.3, wave + 0.7)  # mean colours are left out
    place = ["0.0625", "0.125", "0.25", "0.5"].index(ring)
    assert error[place] == pytest.approx(0.25 * energy[place])
    assert energy[place] == pytest.approx(energy.sum())
    noise = np.random.default_rng(0).normal(size=(32, 32, 3))
    error, energy = by_frequency(0.1 * noise, noise)
    assert error == pytest.approx(0.01 * energy)


@pytest.mark.slow
def test_files_agree(stores):
    study = stores()
    run = study.run("pooling-operations", 0)
    train(study, run)
    reconstruct(study, run)
    metrics, table = json.loads(run.evaluation.read_text()), pd.read_csv(run.per_image)
    assert set(table["images"]) == {"test", "photos"}
    assert (table["images"] == "test").sum() == 3
    for source in ("test", "photos"):
        of_source = table[table["images"] == source]
        assert metrics[source]["psnr"] == pytest.approx(of_source["psnr"].mean(), rel=1e-5)
        assert all(metrics[source][f"error_to_{end}"] > 0 for end in ("0.0625", "0.125", "0.25", "0.5"))
    assert metrics["forward_gflops"] > 0
    samples = np.load(run.samples, allow_pickle=False)
    assert samples["image"].shape == samples["made"].shape == (3, 64, 64, 3)
    first = table[table["id"] == samples["names"][0]].iloc[0]
    error = (samples["image"][0] / 255.0 - samples["made"][0] / 255.0) ** 2
    assert first["psnr"] == pytest.approx(-10 * np.log10(error.mean()), abs=0.1)


def test_a_checkpoint_of_another_way_is_refused(stores):
    study = stores()
    run, other = study.run("pooling-operations", 0), study.run("pooling-parameters", 0)
    train(study, run)
    other.checkpoint.parent.mkdir(parents=True)
    run.checkpoint.rename(other.checkpoint)
    with pytest.raises(InputError, match=r"not what params\.yaml asks for"):
        reconstruct(study, other)
