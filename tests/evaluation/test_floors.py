"""Floors of a scale: the rows of the file, and the report's explanation on NYU's real frames."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from packdepth import paths
from packdepth.analysis.results import floors
from packdepth.config.losses import LossSettings
from packdepth.evaluation.evaluate import evaluate
from packdepth.evaluation.floors import fitted_outputs, outputs_of_truth, write_floors
from packdepth.losses.depth import DepthLoss
from packdepth.losses.floors import image_losses
from packdepth.training.loop import train

NAMES = [
    "constant 1",
    "constant 2",
    "best constant",
    "fixed map",
    "image median",
    "truth up to 1",
    "truth up to 2",
]
NYU = Path(__file__).parents[3] / "shared" / "real" / "nyu_labelled"
HANDOUT = LossSettings(target="eight-bit", l1=0.1, ssim=1.0, gradient=1.0, ssim_range=1.0, ssim_border="zeros")
EXPLAINED = {  # on the 795 training frames at 320x240
    "constant 1": 0.786,
    "constant 2": 0.625,
    "truth up to 2": 0.606,
    "best constant": 0.514,
    "fixed map": 0.50,
    "image median": 0.46,
}


def test_every_loss_has_every_floor_on_both_splits(stores):
    study = stores()
    write_floors(study)
    table = pd.read_csv(paths.floors("tiny"))
    assert len(table) == len(study.losses) * 2 * len(NAMES)
    for split in ("train", "test"):
        assert floors(study, split).index.tolist() == NAMES
    assert (table["loss"] >= 0).all()


def test_the_best_constant_is_measured_as_the_constant_network_is(stores):
    study = stores()
    write_floors(study)
    run = study.run("constant", 0)
    train(study, run)
    evaluate(study, run)
    of_network = pd.read_csv(run.per_image)["loss"].mean()
    row = floors(study, "test").loc["best constant"]
    assert row["loss"] == pytest.approx(of_network, rel=1e-3)
    assert 0 < row["abs_rel"] < 1
    assert row["rmse"] > 0
    assert 0 <= row["delta1"] <= 1


@pytest.mark.slow
@pytest.mark.skipif(not NYU.is_dir(), reason="needs NYU's labelled frames")
def test_on_nyu_the_ceilings_explain_the_reports_losses():
    loss = DepthLoss(HANDOUT, 10.0)
    of_frames = []
    for name in (NYU / "train.txt").read_text().split():
        millimetres = np.asarray(Image.open(NYU / "depth" / f"{Path(name).stem}.png"), np.float32)
        of_frames.append(loss.target(torch.from_numpy(millimetres / 1000)[None, None], (240, 320)))
    target, mask = (torch.cat(parts) for parts in zip(*of_frames, strict=True))
    outputs = fitted_outputs(loss, target[::8], mask[::8]) | outputs_of_truth(target, mask)
    found = {name: float(image_losses(loss, output, target, mask).mean()) for name, output in outputs.items()}
    assert found["constant 2"] == pytest.approx(EXPLAINED["constant 2"], abs=0.002)
    assert {name: found[name] for name in EXPLAINED} == pytest.approx(EXPLAINED, abs=0.006)
