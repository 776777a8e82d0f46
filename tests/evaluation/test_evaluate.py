"""Evaluation of a trained run: files that agree with one another and with the protocol."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from packdepth import paths
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.evaluation.evaluate import HEADLINE, evaluate, image_losses, training_losses
from packdepth.evaluation.metrics import METRICS
from packdepth.evaluation.operations import forward_flops
from packdepth.losses.depth import DepthLoss
from packdepth.models.constant import Constant
from packdepth.training.loop import train
from tests.support.stores import holding_out, slopes, write_store

RUN = paths.Run("tiny", "report", "constant", 0)


def test_files_agree(stores):
    study = stores()
    train(study, RUN)
    evaluate(study, RUN)
    metrics = json.loads(RUN.evaluation.read_text())
    table = pd.read_csv(RUN.per_image)
    assert table["id"].tolist() == [f"slopes/1/{i}" for i in range(3)]
    for name in METRICS:
        mean = metrics["metric"]["mean_over_images"][name]
        assert mean == pytest.approx(table[name].mean(), rel=1e-4)
    protocol = metrics["protocol"]
    assert (protocol["name"], protocol["flip_averaging"], protocol["crop"]) == ("indoor", True, None)
    assert metrics["headline"] == {"aggregate": "pooled", "median_scaled": False} | metrics["metric"]["pooled"]
    samples = np.load(RUN.samples, allow_pickle=False)
    assert metrics["test_loss"] == pytest.approx(table["loss"].mean(), rel=1e-5)
    assert samples["rgb"].shape == (3, 64, 64, 3)
    assert samples["truth"].shape == samples["prediction"].shape == (3, 64, 64)
    predicted = float(samples["prediction"][0, 0, 0])
    truth = samples["truth"]
    assert metrics["metric"]["pooled"]["abs_rel"] == pytest.approx((abs(truth - predicted) / truth).mean(), rel=1e-5)
    assert metrics["training_loss"] == pytest.approx(pd.read_csv(RUN.train_log)["loss"].mean())
    headline = {"loss": metrics["test_loss"]} | {name: metrics["headline"][name] for name in HEADLINE}
    assert json.loads(RUN.metrics.read_text()) == pytest.approx(headline, abs=5e-5)
    distance = pd.read_csv(RUN.error_by_distance)
    assert distance["pixels"].sum() == truth.size
    inside = (truth >= distance["near"][0]) & (truth < distance["far"][0])
    assert distance["abs_error"][0] == pytest.approx(abs(truth - predicted)[inside].mean(), rel=1e-4)
    assert distance["bias"][0] == pytest.approx((predicted - truth)[inside].mean(), rel=1e-4)


def test_the_loss_of_an_image_is_the_one_that_training_has(stores):
    """Of an output below 1, where depth would be cut off, and whatever a variant was trained with."""
    study = stores(lambda raw: raw["scales"]["tiny"]["training"].update(loss="densedepth"))
    store = Store(paths.store("tiny", "test"))
    model = Constant()
    torch.nn.init.constant_(model.value, 0.25)
    loss = DepthLoss(study.loss, 10.0)
    found = image_losses(model, store, range(3), loss, unit=0.5)
    assert list(found) == [store.id(index) for index in range(3)]
    target, mask = loss.target(torch.from_numpy(store.depth(1))[None, None], (32, 32))
    expected, terms = loss(torch.full_like(target, 0.125), target, mask)
    assert found[store.id(1)] == pytest.approx(expected.item(), rel=1e-6)
    assert terms["l1"].item() == pytest.approx((target - 0.125).mean().item(), rel=1e-5)


def test_training_losses_are_of_the_last_epoch_and_its_last_tenth(tmp_path):
    rows = [
        f"{step},{epoch},{loss}"
        for step, (epoch, loss) in enumerate([(0, 9.0)] * 20 + [(1, 1.0)] * 18 + [(1, 0.5)] * 2, 1)
    ]
    (tmp_path / "log.csv").write_text("step,epoch,loss\n" + "\n".join(rows))
    losses = training_losses(tmp_path / "log.csv")
    assert losses == pytest.approx({"training_loss": 0.95, "final_training_loss": 0.5})


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"step,epoch,loss\n",
        b"step,loss\n1,0.5\n",
        b"step,epoch,loss\n1,0,nan\n",
        b"step,epoch,loss\n1,nan,0.5\n",
        b"step,epoch,loss\n2,0,0.5\n",
        b"step,epoch,loss\n1,0,0.5\n3,0,0.5\n",
        b"step,epoch,loss\n1,0,half\n",
        b"\xff\xfe\x00\x81",
    ],
)
def test_a_damaged_log_is_no_number(tmp_path, content):
    (tmp_path / "train_log.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"train_log\.csv: (damaged|not the log of a whole training).*makes it again"):
        training_losses(tmp_path / "train_log.csv")


def test_a_log_that_was_cut_is_not_that_of_its_training(tmp_path):
    (tmp_path / "train_log.csv").write_text("step,epoch,loss\n1,0,0.5\n2,0,0.5\n")
    (tmp_path / "provenance.json").write_text('{"steps": 3}')
    with pytest.raises(InputError, match=r"train_log\.csv: has 2 steps, its training had 3"):
        training_losses(tmp_path / "train_log.csv")
    (tmp_path / "provenance.json").write_text('{"steps": 2}')
    assert training_losses(tmp_path / "train_log.csv")["training_loss"] == 0.5


def test_a_checkpoint_of_another_variant_is_refused(stores):
    study = stores()
    other = paths.Run("tiny", "report", "packnet", 0)
    train(study, RUN)
    train(study, other)
    RUN.checkpoint.write_bytes(other.checkpoint.read_bytes())
    with pytest.raises(InputError, match=r"holds .*packnet.*, not what params.yaml asks for, .*constant"):
        evaluate(study, RUN)
    assert not RUN.per_image.exists()


def test_nothing_to_count_is_told(stores):
    study = stores()
    train(study, RUN)
    far = slopes(2)
    far.depth.flags.writeable = True
    far.depth[:] = 11.0
    write_store(paths.store("tiny", "test"), far)
    with pytest.raises(InputError, match="no image has a pixel that protocol 'indoor' counts"):
        evaluate(study, RUN)
    assert not RUN.evaluation.exists()


def test_truths_of_several_sizes(stores):
    study = stores()
    train(study, RUN)
    batch = slopes(2)
    sizes = np.array([[64, 64], [48, 40]], np.int32)
    depth = np.zeros_like(batch.depth)
    for index, (height, width) in enumerate(sizes):
        depth[index, :height, :width] = batch.depth[index, :height, :width]
    write_store(paths.store("tiny", "test"), replace(batch, depth=depth, depth_size=sizes))
    evaluate(study, RUN)
    assert pd.read_csv(RUN.per_image)["pixels"].tolist() == [64 * 64, 48 * 40]
    samples = np.load(RUN.samples, allow_pickle=False)
    np.testing.assert_allclose(samples["truth"], depth, atol=1e-3)
    assert samples["prediction"].shape == (2, 64, 64)
    assert ((samples["prediction"] > 0) == (depth > 0)).all()


def test_frames_that_are_held_out_take_the_place_of_the_test_split(stores):
    study = stores(holding_out(0.25))
    train(study, RUN)
    evaluate(study, RUN)
    assert pd.read_csv(RUN.per_image)["id"].tolist() == ["slopes/0/9", "slopes/0/10", "slopes/0/11"]
    np.testing.assert_array_equal(np.load(RUN.samples)["rgb"], slopes(12, seed=0).rgb[9:])
    assert pd.read_csv(RUN.train_log)["step"].max() == 9 // 4


def test_a_share_that_holds_nothing_out_is_refused(stores):
    study = stores(holding_out(0.01))
    train(study, RUN)
    with pytest.raises(InputError, match=r"train\.h5: holding out 0\.01 of 12 frames leaves none"):
        evaluate(study, RUN)


def test_flip_disagreement_and_operations_stand_next_to_the_errors(stores):
    study = stores()
    run = paths.Run("tiny", "report", "packnet", 0)
    train(study, run)
    evaluate(study, run)
    metrics, table = json.loads(run.evaluation.read_text()), pd.read_csv(run.per_image)
    assert (table["disagreement"] > 0).all()
    curves = metrics["sparsification"]
    for name, column in (("disagreement", "disagreement_ause"), ("oracle", None)):
        area = np.mean(curves[name]) - np.mean(curves["oracle"])
        assert area == pytest.approx(table[column].mean() if column else 0, rel=1e-4)
    assert 1 - np.mean(curves["oracle"]) == pytest.approx(table["ause_random"].mean(), rel=1e-4)
    size = Store(paths.store("tiny", "test")).size
    assert metrics["forward_gflops"] == forward_flops(study.variant("packnet").network.model_dump(), size) / 1e9


def test_networks_of_cascades_get_a_head_that_predicts_their_error(stores):
    study = stores()
    run = paths.Run("tiny", "widths", "width-half", 1)
    train(study, run)
    evaluate(study, run)
    table = pd.read_csv(run.per_image)
    assert table[["disagreement", "error_head", "ause_random"]].notna().all(axis=None)
    curves = json.loads(run.evaluation.read_text())["sparsification"]
    assert set(curves) == {"removed", "disagreement", "error_head", "oracle"}
    area = np.mean(curves["error_head"]) - np.mean(curves["oracle"])
    assert area == pytest.approx(table["error_head_ause"].mean(), rel=1e-4)
