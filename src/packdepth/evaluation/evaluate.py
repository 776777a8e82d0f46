"""Evaluates one trained run on its scale's test store: metrics and loss per image and overall, and samples."""

from pathlib import Path

import numpy as np
import pandas as pd
import torch

from packdepth import paths
from packdepth.checkpoints.native import load_checkpoint
from packdepth.config.protocols import PROTOCOLS
from packdepth.config.study import Study
from packdepth.config.variants import Training
from packdepth.data.store.frames import Store
from packdepth.errors import InputError, shortened
from packdepth.evaluation.error_head import ErrorHead, fit
from packdepth.evaluation.measure import measure
from packdepth.evaluation.operations import forward_flops
from packdepth.evaluation.sparsification import REMOVED, UncertaintyTally
from packdepth.inference.depth_model import DepthModel
from packdepth.inference.load import ready
from packdepth.losses.depth import DepthLoss
from packdepth.models.network import ImageNetwork, image_tensor
from packdepth.utils.files import atomic_write, read_object, write_json, write_text
from packdepth.utils.threads import threads_on_cpu

HEADLINE = ("abs_rel", "rmse", "delta1")  # of the metrics, what `dvc metrics show` shows
ERROR_HEAD = "error_head"  # as a predictor of the error
SAMPLES = 4  # frames kept with their predictions, spread evenly over those evaluated


def evaluate(study: Study, run: paths.Run) -> None:
    """Evaluate one run's checkpoint on the scale's test store, or on held-out frames, and write its evaluation files.

    Raises InputError if the store or checkpoint is missing or broken, or no image has a pixel that counts.
    """
    variant = study.variant(run.variant)
    store, frames = evaluated(run.scale, variant.training)
    network, info = load_checkpoint(run.checkpoint)
    asked = variant.network.model_dump()
    if info.network != asked:
        raise InputError(f"{run.checkpoint}: holds {info.network}, not what params.yaml asks for, {asked}")
    losses = training_losses(run.train_log)
    chosen = np.linspace(frames[0], frames[-1], min(SAMPLES, len(frames))).astype(int).tolist()
    model = ready(DepthModel.around(network, info, pairs=True))
    with threads_on_cpu(variant.training.cpu.threads, model.device):
        heads = error_heads(study, run, model)
        tally, doubts, kept = measure(model, store, study.active_scale.evaluation, str(run), chosen, frames, heads)
        table = tally.per_image()
        if doubts:
            table = table.join(uncertainties(doubts), on="id")
        loss = DepthLoss(study.loss, info.max_depth)
        table = table.assign(loss=table["id"].map(image_losses(model.network, store, frames, loss, model.unit)))
    write_text(run.per_image, table.to_csv(index=False, float_format="%.6g"))
    write_text(run.error_by_distance, tally.distance_table().to_csv(index=False, float_format="%.6g"))
    _write_samples(run.samples, store, {index: prediction.numpy() for index, prediction in kept.items()})
    losses["test_loss"] = float(table["loss"].mean())
    summary = tally.summary()
    cost = {"forward_gflops": forward_flops(asked, store.size) / 1e9}
    curves = {"sparsification": {"removed": REMOVED, **sparsification_curves(doubts)}}
    write_json(run.evaluation, {"variant": run.variant, "seed": run.seed, **losses, **cost, **summary, **curves})
    headline = {"loss": losses["test_loss"]} | {name: summary["headline"][name] for name in HEADLINE}
    write_json(run.metrics, {name: round(value, 4) for name, value in headline.items()})


def evaluated(scale: str, training: Training) -> tuple[Store, range]:
    """What a training is evaluated on: all test frames, or the training frames that it holds out.

    Raises InputError if the store is missing or broken, or too small to hold any frame out.
    """
    store = Store(paths.store(scale, "train" if training.held_out else "test"))
    frames = training.evaluated_on(len(store)) if training.held_out else range(len(store))
    if not frames:
        share = f"{training.held_out:g} of {len(store)} frames"
        raise InputError(f"{store.path}: holding out {share} leaves none to evaluate")
    return store, frames


def error_heads(study: Study, run: paths.Run, model: DepthModel) -> dict[str, ErrorHead]:
    """For the group whose networks make cascades, a head that predicts the error, fitted on the training frames.

    Raises InputError if their store is missing or broken.
    """
    if run.group != paths.WIDTHS:
        return {}
    protocol = PROTOCOLS[study.active_scale.evaluation.protocol]
    return {ERROR_HEAD: fit(model, Store(paths.store(run.scale, "train")), protocol)}


def uncertainties(doubts: dict[str, UncertaintyTally]) -> pd.DataFrame:
    """By image: every predictor's mean, under its name, and its `..._ause`; `ause_random` is the same for all."""
    columns = [
        doubt.per_image().rename(columns={"mean": name, "ause": f"{name}_ause"}).drop(columns="ause_random")
        for name, doubt in doubts.items()
    ]
    return pd.concat([*columns, next(iter(doubts.values())).per_image()["ause_random"]], axis=1)


def sparsification_curves(doubts: dict[str, UncertaintyTally]) -> dict[str, list[float]]:
    """Every predictor's mean curve, and the oracle's, at the shares REMOVED."""
    curves = {}
    for name, doubt in doubts.items():
        curves[name], curves["oracle"] = doubt.mean_curves()  # the oracle's is the same for all
    return curves


@torch.inference_mode()
def image_losses(model: ImageNetwork, store: Store, frames: range, loss: DepthLoss, unit: float) -> dict[str, float]:
    """The loss of each of these frames, as in training, by its id; on the output itself, not on depth.

    `unit` is the normalised inverse depth of an output of 1.
    """
    device = next(model.parameters()).device
    losses = {}
    for index in frames:
        output = unit * model(image_tensor(store.seen(index, model.stereo))[None].to(device)).float().cpu()
        depth = torch.from_numpy(store.depth(index))[None, None]
        target, mask = loss.target(depth, (output.shape[2], output.shape[3]))
        losses[store.id(index)] = float(loss(output, target, mask)[0])
    return losses


def _write_samples(path: Path, store: Store, predictions: dict[int, np.ndarray]) -> None:
    """Images, truths, predictions and focal lengths (px of the images), each stacked.

    Where truths differ in size they are padded with 0, as in stores.
    """
    rgb = np.stack([store.rgb(index) for index in predictions])
    truth = _stacked([store.depth(index) for index in predictions])
    focal_length = np.array([store.intrinsics(index)[1, 1] for index in predictions])
    with atomic_write(path) as part:
        np.savez_compressed(
            part, rgb=rgb, truth=truth, prediction=_stacked(list(predictions.values())), focal_length=focal_length
        )


def _stacked(depths: list[np.ndarray]) -> np.ndarray:
    height, width = np.max([depth.shape for depth in depths], axis=0)
    return np.stack([np.pad(d, ((0, height - d.shape[0]), (0, width - d.shape[1]))) for d in depths])


def training_losses(train_log: Path) -> dict[str, float]:
    """The report's number, the mean of the loss over the last epoch's batches, and the mean over its last tenth.

    Raises InputError if the log is missing, damaged, or not that of a whole training.
    """
    log = _whole(train_log)
    losses = log.loc[log["epoch"] == log["epoch"].max(), "loss"]
    last_tenth = losses.tail(-(-len(losses) // 10))
    return {"training_loss": float(losses.mean()), "final_training_loss": float(last_tenth.mean())}


def _whole(path: Path) -> pd.DataFrame:
    """Step, epoch and loss of a log that has a row for every step of its training."""
    if not path.is_file():
        raise InputError(f"{path}: no such training log")
    again = "remove it, and `packdepth train` makes it again"
    try:
        log = pd.read_csv(path)
    except ValueError as error:
        raise InputError(f"{path}: damaged ({shortened(str(error))}); {again}") from None
    numbers = log.reindex(columns=["step", "epoch", "loss"]).apply(pd.to_numeric, errors="coerce")
    if log.empty or not np.isfinite(numbers).all(axis=None) or (numbers["step"] != np.arange(1, len(log) + 1)).any():
        raise InputError(f"{path}: not the log of a whole training, with a loss for each step from 1 on; {again}")
    steps = read_object(path.with_name("provenance.json")).get("steps", len(log))
    if len(log) != steps:
        raise InputError(f"{path}: has {len(log)} steps, its training had {steps}; {again}")
    return numbers
