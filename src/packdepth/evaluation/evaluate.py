"""One trained run on its scale's test store: metrics and loss of every image and of all, samples to look at."""

from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
from torch import Tensor

from packdepth import layout
from packdepth.data.store import Store
from packdepth.errors import InputError
from packdepth.evaluation import predictor
from packdepth.evaluation.measure import measure
from packdepth.files import whole, write_json, write_text
from packdepth.losses.depth import DepthLoss, normalised_inverse_depth
from packdepth.params import Study
from packdepth.training import checkpoint
from packdepth.variants import LossWeights

SAMPLES = 4  # frames kept with their predictions, spread evenly over the test split


def evaluate(study: Study, run: layout.Run) -> None:
    """Evaluate one run's checkpoint on the scale's test store and write its evaluation files.

    Raises InputError if the store or checkpoint is missing or broken, or no test image has a pixel that counts.
    """
    store = Store(layout.store(run.scale, "test"))
    model, card = checkpoint.load(run.checkpoint)
    asked = study.variant(run.variant).network.model_dump()
    if card.network != asked:
        raise InputError(f"{run.checkpoint}: holds {card.network}, not what params.yaml asks for, {asked}")
    losses = training_losses(run.train_log)
    chosen = np.linspace(0, len(store) - 1, min(SAMPLES, len(store))).astype(int).tolist()
    also = partial(image_loss, weights=study.training.loss, max_depth=card.max_depth)
    tally, kept = measure(predictor.of_checkpoint(model, card), store, study.rung.evaluation, str(run), chosen, also)
    write_text(run.per_image, tally.per_image().to_csv(index=False, float_format="%.6g"))
    write_text(run.error_by_distance, tally.distance_table().to_csv(index=False, float_format="%.6g"))
    _write_samples(run.samples, store, {index: prediction.numpy() for index, prediction in kept.items()})
    losses["test_loss"] = float(tally.per_image()["loss"].mean())
    write_json(run.metrics, {"variant": run.variant, "seed": run.seed, **losses, **tally.summary()})


def image_loss(prediction: Tensor, truth: Tensor, weights: LossWeights, max_depth: float) -> dict[str, float]:
    """The report's number for one test image: the study's loss, whatever loss the variant itself was trained with.

    Prediction and truth (H, W) in m are held against one another at half resolution, as in training.
    """
    size = (truth.shape[0] // 2, truth.shape[1] // 2)
    output, _ = normalised_inverse_depth(prediction[None, None], max_depth, size)
    target, mask = normalised_inverse_depth(truth[None, None], max_depth, size)
    return {"loss": float(DepthLoss(**weights.model_dump())(output, target, mask)[0])}


def _write_samples(path: Path, store: Store, predictions: dict[int, np.ndarray]) -> None:
    """Images, truths and predictions, each stacked; where truths differ in size, filled up with 0, as in stores."""
    rgb = np.stack([store.rgb(index) for index in predictions])
    truth = _stacked([store.depth(index) for index in predictions])
    with whole(path) as part:
        np.savez_compressed(part, rgb=rgb, truth=truth, prediction=_stacked(list(predictions.values())))


def _stacked(depths: list[np.ndarray]) -> np.ndarray:
    height, width = np.max([depth.shape for depth in depths], axis=0)
    return np.stack([np.pad(d, ((0, height - d.shape[0]), (0, width - d.shape[1]))) for d in depths])


def training_losses(train_log: Path) -> dict[str, float]:
    """The report's number, the mean of the loss over the last epoch's batches, and the mean over its last tenth."""
    if not train_log.is_file():
        raise InputError(f"{train_log}: no such training log")
    log = pd.read_csv(train_log)
    losses = log.loc[log["epoch"] == log["epoch"].max(), "loss"]
    last_tenth = losses.tail(-(-len(losses) // 10))
    return {"training_loss": float(losses.mean()), "final_training_loss": float(last_tenth.mean())}
