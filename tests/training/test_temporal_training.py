"""Training from neighbouring frames: what it writes, that it can be resumed, and what it refuses."""

import h5py
import pandas as pd
import pytest
import torch
from safetensors.torch import load_file

from packdepth import paths
from packdepth.checkpoints.native import load_checkpoint, load_pose_network
from packdepth.errors import InputError
from packdepth.models.posenet import PoseNet
from packdepth.training import resume
from packdepth.training.loop import run_key, train, training_frames

SETTINGS = {"schedule": "cosine", "pose_learning_rate": 1e-3, "velocity": {"weight": 0.5, "noise": 0.3}}


def test_terms_motion_and_both_networks_are_written(temporal):
    study, run = temporal(mode="self-supervised", velocity={"weight": 0.5})
    train(study, run)
    assert str(run.checkpoint).startswith("results/tiny/runs/temporal/")
    log = pd.read_csv(run.train_log)
    assert log[["l1", "ssim", "gradient"]].isna().all(axis=None)
    total = log["photometric"] + 0.001 * log["smoothness"] + 0.5 * log["velocity"]
    assert (log["loss"] - total).abs().max() < 1e-6
    values = pd.read_csv(run.diagnostics).set_index("name")["value"]
    assert values["gradient_norm/pose"] > 0
    assert values["translation_mean"] > 0
    assert values["distance_mean"] == pytest.approx(0.2, rel=1e-5)
    assert values["translation_true"] == 0  # these neighbours stand still
    assert values["rotation_error"] > 0
    model, info = load_checkpoint(run.checkpoint)
    assert info.network == study.variant("new").network.model_dump()
    pose = load_pose_network(run.checkpoint)
    torch.manual_seed(0)
    assert not torch.equal(pose.head.weight, PoseNet().head.weight)
    assert not any(name.startswith("pose.") for name in model.state_dict())


def test_semi_supervised_learns_from_true_depth_too(temporal):
    study, run = temporal(mode="semi-supervised")
    train(study, run)
    log = pd.read_csv(run.train_log)
    total = 0.1 * log["l1"] + log["ssim"] + log["gradient"] + log["photometric"] + 0.001 * log["smoothness"]
    assert (log["loss"] - total).abs().max() < 1e-6


@pytest.mark.slow
def test_a_run_that_was_stopped_ends_with_the_bits_of_one_left_alone(temporal, monkeypatch):
    study, run = temporal(mode="self-supervised", epochs=3, **SETTINGS)  # 9 steps
    train(study, run)
    alone = load_file(run.checkpoint)
    run.checkpoint.unlink()
    save = resume.save_state

    def save_and_stop(folder, state, logs):
        save(folder, state, logs)
        if state["step"] == 4:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(resume, "save_state", save_and_stop)
        with pytest.raises(KeyboardInterrupt):
            train(study, run)
    train(study, run)
    again = load_file(run.checkpoint)
    assert alone.keys() == again.keys()
    assert all(torch.equal(alone[name], again[name]) for name in alone)
    assert pd.read_csv(run.train_log)["step"].tolist() == list(range(1, 10))


def test_the_key_names_the_context(temporal):
    study, run = temporal(mode="self-supervised")
    device = torch.device("cpu")
    keys = [run_key(study.variant("new"), 0, training_frames(study.variant("new"), run).fingerprint, device)]
    with h5py.File(paths.context("tiny"), "a") as file:
        file["recorded"].attrs["fingerprint"] = "of others"
    keys += [run_key(study.variant("new"), 0, training_frames(study.variant("new"), run).fingerprint, device)]
    assert keys[0] != keys[1]


def test_context_that_is_missing_is_told(temporal):
    study, run = temporal(mode="self-supervised", context="synthetic")
    with pytest.raises(InputError, match=r"context\.h5: holds recorded and stereo context, not synthetic"):
        train(study, run)
    paths.context("tiny").unlink()
    with pytest.raises(InputError, match=r"context\.h5: no such store; `snakemake data/tiny/context\.h5` makes it"):
        train(study, run)


def test_a_supervised_run_needs_no_context_and_has_no_pose_network(temporal):
    study, run = temporal()
    paths.context("tiny").unlink()
    train(study, run)
    with pytest.raises(InputError, match="has no pose network"):
        load_pose_network(run.checkpoint)


def test_known_poses_teach_without_a_pose_network(temporal):
    study, run = temporal(mode="self-supervised", pose="known")
    assert not study.variant("new").training.predicts_motion
    train(study, run)
    log = pd.read_csv(run.train_log)
    assert (log["loss"] - log["photometric"] - 0.001 * log["smoothness"]).abs().max() < 1e-6
    assert not set(pd.read_csv(run.diagnostics)["name"]) & {"gradient_norm/pose", "translation_mean", "rotation_error"}
    with pytest.raises(InputError, match="has no pose network"):
        load_pose_network(run.checkpoint)


def test_a_second_camera_teaches_without_a_pose_network(temporal):
    study, run = temporal(mode="self-supervised", context="stereo", flip=0.5)
    train(study, run)
    log = pd.read_csv(run.train_log)
    assert (log["loss"] - log["photometric"] - 0.001 * log["smoothness"]).abs().max() < 1e-6
    assert log["velocity"].isna().all()
    assert (log["photometric"] > 0).all()
    names = set(pd.read_csv(run.diagnostics)["name"])
    assert not names & {"gradient_norm/pose", "translation_mean", "distance_mean"}
    with pytest.raises(InputError, match="has no pose network"):
        load_pose_network(run.checkpoint)


def test_both_kinds_teach_together(temporal):
    study, run = temporal(mode="self-supervised", context=["stereo", "recorded"], velocity={"weight": 0.5})
    train(study, run)
    log = pd.read_csv(run.train_log)
    total = log["photometric"] + 0.001 * log["smoothness"] + 0.5 * log["velocity"]
    assert (log["loss"] - total).abs().max() < 1e-6
    values = pd.read_csv(run.diagnostics).set_index("name")["value"]
    assert values["distance_mean"] == pytest.approx(0.2, rel=1e-5)
    load_pose_network(run.checkpoint)
