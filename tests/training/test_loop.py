"""Training: what it writes, what it learns, what it refuses."""

import json
import math

import pandas as pd
import pytest
import torch

from packdepth import paths
from packdepth.checkpoints.native import load_checkpoint
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.evaluation.evaluate import evaluate
from packdepth.evaluation.measure import measure
from packdepth.inference.load import load_file
from packdepth.training import resume
from packdepth.training.loop import Trainer, run_key, train, training_frames
from packdepth.utils.threads import threads_of_torch
from tests.support.stores import made_store, slopes, write_store


def run(variant: str, seed: int = 0) -> paths.Run:
    return paths.Run("tiny", "report", variant, seed)


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["constant", "densedepth", "packnet"])
def test_every_step_is_logged_and_diagnostics_come_at_their_interval(stores, variant):
    study = stores()
    train(study, run(variant))
    log = pd.read_csv(run(variant).train_log)
    assert log["step"].tolist() == [1, 2, 3]
    assert (log["loss"] - 0.1 * log["l1"] - log["ssim"] - log["gradient"]).abs().max() < 1e-6
    assert (log["seconds"] > 0).all()
    diagnostics = pd.read_csv(run(variant).diagnostics)
    assert set(diagnostics["step"]) == {2}
    model, info = load_checkpoint(run(variant).checkpoint)
    norms = diagnostics[diagnostics["name"].str.startswith("gradient_norm/")]
    assert [name.split("/")[1] for name in norms["name"]] == list(model.stages())
    assert (norms["value"] > 0).all()
    for name in ("activation_mean", "activation_std"):
        found = diagnostics.loc[diagnostics["name"].str.startswith(f"{name}/"), "name"]
        assert sorted(found.str.partition("/")[2]) == sorted(model.stages())
    measured = dict(zip(diagnostics["name"], diagnostics["value"], strict=True))
    assert measured["gradient_square"] > 0
    assert ("saturation" in measured) == (variant == "packnet")
    moved = [measured[f"update_ratio/{stage}"] for stage in model.stages()]
    assert all(ratio == 0 for ratio in moved) if variant == "constant" else all(ratio > 0 for ratio in moved)
    assert (info.size, info.max_depth) == ((64, 64), 10.0)
    provenance = json.loads(run(variant).provenance.read_text())
    assert provenance["steps"] == 3
    assert provenance["parameters"] == sum(p.numel() for p in model.parameters())


@pytest.mark.slow
def test_a_network_learns_the_slopes_better_than_any_constant(stores):
    def long_run(raw):
        raw["scales"]["tiny"]["training"] |= {"epochs": 12, "learning_rate": 1e-3, "channel_swap": 0.0}
        raw["groups"]["report"]["variants"]["densedepth"]["network"]["width"] = 0.125

    study = stores(long_run)
    for variant in ("constant", "densedepth"):
        train(study, run(variant))
    last = {v: pd.read_csv(run(v).train_log)["loss"].tail(6).mean() for v in ("constant", "densedepth")}
    assert last["densedepth"] < 0.75 * last["constant"]


def of_two_cameras(raw):
    raw["scales"]["tiny"]["data"]["stereo"] = 0.2
    variants = raw["groups"]["report"]["variants"]
    variants["packnet"] |= {"network": {"architecture": "packnet", "stereo": True}, "training": {"flip": 0.0}}


@pytest.mark.slow
def test_a_stereo_network_is_trained_and_evaluated_on_pairs(project):
    study = project(of_two_cameras)
    for split in ("train", "test"):
        made_store(study.data, split, paths.store("tiny", split).parent)
    train(study, run("packnet"))
    network, info = load_checkpoint(run("packnet").checkpoint)
    assert info.network["stereo"]
    assert network.stereo
    assert json.loads(run("packnet").provenance.read_text())["second_camera"] == 0.2
    evaluate(study, run("packnet"))
    assert list(pd.read_csv(run("packnet").per_image)["id"]) == [f"rooms/0/test/{index}" for index in range(3)]
    with pytest.raises(
        InputError, match=r"model\.safetensors: holds a stereo network; it sees a second camera's image"
    ):
        load_file(run("packnet").checkpoint)


@pytest.mark.parametrize("data", ["rooms", "kitti-tiny"])
def test_a_stereo_network_needs_pairs_to_learn_from_and_to_be_tested_on(stores, data):
    def without(raw):
        of_two_cameras(raw)
        if data == "rooms":
            del raw["scales"]["tiny"]["data"]["stereo"]
        else:
            raw["scales"]["tiny"]["data"] = raw["scales"][data]["data"]  # whose training frames have pairs

    with pytest.raises(InputError, match=r"scales\.tiny\.data: a stereo network sees.+rooms with `stereo` have them"):
        train(stores(without), run("packnet"))


def test_a_store_from_before_the_second_camera_is_made_again(stores):
    with pytest.raises(InputError, match=r"train\.h5: has no images of a second camera; remove it"):
        train(stores(of_two_cameras), run("packnet"))


@pytest.mark.slow
@pytest.mark.parametrize("damage", ["", "[]", "{}", '{"key": '])
def test_a_run_with_a_damaged_record_is_trained_again(stores, damage):
    study = stores()
    train(study, run("constant"))
    whole = run("constant").provenance.read_text()
    run("constant").provenance.write_text(damage)
    train(study, run("constant"))
    assert json.loads(run("constant").provenance.read_text()).keys() == json.loads(whole).keys()


def test_cudnn_tries_its_convolutions_while_it_trains(stores, monkeypatch):
    seen, work = [], Trainer.run
    monkeypatch.setattr(Trainer, "run", lambda self: seen.append(torch.backends.cudnn.benchmark) or work(self))
    train(stores(), run("constant"))
    assert seen == [True]


@pytest.mark.slow
def test_threads_are_those_of_the_settings_whatever_the_process_has(stores, monkeypatch):
    """So Snakemake and DVC get the same bits, on machines with any number of cores."""
    study = stores(lambda raw: raw["training"]["cpu"].update(threads=2))
    packnet, used, bits = run("packnet"), [], []
    note = lambda *arguments: used.append(torch.get_num_threads()) or measure(*arguments)  # noqa: E731
    monkeypatch.setattr("packdepth.evaluation.evaluate.measure", note)
    for threads in (1, 3):
        with threads_of_torch(threads):
            train(study, packnet)
            evaluate(study, packnet)
            assert torch.get_num_threads() == threads
        assert json.loads(packnet.provenance.read_text())["device"] == "CPU, 2 threads"
        bits.append(packnet.checkpoint.read_bytes() + packnet.per_image.read_bytes())
        packnet.checkpoint.unlink()
    assert used == [2, 2]
    assert bits[0] == bits[1]


@pytest.mark.slow
def test_the_schedule_is_followed_and_matters(stores):
    def scheduled(raw):
        raw["scales"]["tiny"]["training"] |= {"epochs": 2, "learning_rate": 1e-3}  # 6 steps
        raw["groups"]["report"]["variants"]["falling"] = {
            "network": {"architecture": "packnet"},
            "training": {"schedule": "cosine"},
        }

    study = stores(scheduled)
    for variant in ("packnet", "falling"):
        train(study, run(variant))
    steady, falling = (pd.read_csv(run(variant).train_log) for variant in ("packnet", "falling"))
    assert steady["learning_rate"].tolist() == [1e-3] * 6
    expected = [1e-3 * (1 + math.cos(math.pi * step / 6)) / 2 for step in range(6)]
    assert falling["learning_rate"].tolist() == pytest.approx(expected)
    assert falling["loss"].iloc[1] == steady["loss"].iloc[1]  # the first rate is the same
    assert falling["loss"].iloc[2] != steady["loss"].iloc[2]


@pytest.mark.slow
def test_what_two_steps_tell_is_told_after_a_kill_between_them(stores, monkeypatch):
    """Step 2 is measured with step 1's gradient: a training that goes on from step 1 must still have it."""
    study = stores(lambda raw: raw["scales"]["tiny"]["training"].update(save_every=1))
    train(study, run("packnet"))
    undisturbed = told_by_diagnostics(run("packnet"))

    def killed(trainer, *values):
        if trainer.step == 2:
            raise KeyboardInterrupt
        return recorded(trainer, *values)

    recorded = Trainer._record
    run("packnet").checkpoint.unlink()
    with monkeypatch.context() as patch:
        patch.setattr(Trainer, "_record", killed)
        with pytest.raises(KeyboardInterrupt):
            train(study, run("packnet"))
    train(study, run("packnet"))
    assert told_by_diagnostics(run("packnet")) == undisturbed


@pytest.mark.slow
def test_activations_made_twice_are_told_as_they_are(stores):
    """With checkpointing, hooks see a stage's forward pass in the backward pass again."""
    again = {"cpu": {"checkpointing": True}}
    study = stores(
        lambda raw: raw["groups"]["report"]["variants"]["packnet-direct"].update(
            raw["groups"]["report"]["variants"]["packnet"], training=again
        )
    )
    for variant in ("packnet", "packnet-direct"):
        train(study, run(variant))
    assert told_by_diagnostics(run("packnet-direct")) == pytest.approx(told_by_diagnostics(run("packnet")), rel=1e-4)


def told_by_diagnostics(of: paths.Run) -> dict[str, float]:
    """What is the same whenever it is measured."""
    table = pd.read_csv(of.diagnostics)
    table = table[~table["name"].isin(["images_per_second", "peak_memory_mib"])]
    return dict(zip(table["name"], table["value"], strict=True))


@pytest.mark.slow
def test_an_autoencoder_learns_its_image(stores):
    def again(raw):
        raw["scales"]["tiny"]["training"] |= {"epochs": 10, "learning_rate": 1e-3}

    study = stores(again)
    of = study.run("pooling-operations", 0)
    train(study, of)
    log = pd.read_csv(of.train_log)
    assert (log["loss"] == log["l1"]).all()
    assert log["loss"].tail(3).mean() < 0.5 * log["loss"].head(3).mean()
    assert of.checkpoint.parts[3] == "autoencoder"


@pytest.mark.slow
def test_seeds_differ_and_repeat(stores):
    study = stores()
    losses = []
    for seed in (0, 1, 0):
        train(study, run("packnet", seed))
        losses.append(pd.read_csv(run("packnet", seed).train_log)["loss"].tolist())
    assert losses[0] == losses[2] != losses[1]


@pytest.mark.slow
def test_bf16_and_channels_last_stay_near_fp32(stores):
    def fast(raw):
        raw["groups"]["report"]["variants"]["packnet-direct"] = {
            "network": {"architecture": "packnet"},
            "training": {"cpu": {"precision": "bf16", "channels_last": True}},
        }

    study = stores(fast)
    for variant in ("packnet", "packnet-direct"):
        train(study, run(variant))
    exact, fast_ = (pd.read_csv(run(v).train_log)["loss"] for v in ("packnet", "packnet-direct"))
    assert (exact - fast_).abs().max() < 0.02 * exact.max()
    assert exact.tolist() != fast_.tolist()


def test_a_nan_loss_stops_with_step_rate_and_last_good_state(stores):
    def explode(raw):
        raw["scales"]["tiny"]["training"] |= {"learning_rate": 1e9, "epochs": 4, "save_every": 1}

    study = stores(explode)
    with pytest.raises(
        InputError, match=r"loss is (nan|inf) at step (\d+), learning rate 1e\+09; last state saved: step"
    ):
        train(study, run("densedepth"))
    assert not run("densedepth").checkpoint.exists()
    assert not run("densedepth").train_log.exists()


def test_too_few_frames_for_a_batch(stores):
    study = stores(lambda raw: raw["scales"]["tiny"]["training"].update(batch_size=13))
    with pytest.raises(InputError, match="12 training frames make no batch of 13"):
        train(study, run("packnet"))


def test_missing_store_is_named(project):
    with pytest.raises(InputError, match=r"data/tiny/train\.h5: no such store"):
        train(project(), run("packnet"))


def test_the_key_names_all_that_decides_the_result(stores):
    study = stores()
    cpu = torch.device("cpu")
    frames = training_frames(study.variant("packnet"), run("packnet")).fingerprint
    other = Store(write_store(paths.store("tiny", "other"), slopes(12, seed=5))).fingerprint
    keys = [
        run_key(study.variant("packnet"), 0, frames, cpu),
        run_key(study.variant("packnet"), 1, frames, cpu),
        run_key(study.variant("packnet-direct"), 0, frames, cpu),
        run_key(study.variant("packnet"), 0, other, cpu),
        run_key(study.variant("packnet"), 0, frames, torch.device("cuda")),
    ]
    assert len(set(keys)) == len(keys)
    assert not resume.FOLDER.exists()
