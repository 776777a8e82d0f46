"""One checkpoint against one test store: per-image and pooled metrics, error by distance, samples to look at."""

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from packdepth import layout
from packdepth.data.loader import image_tensor
from packdepth.data.store import Store
from packdepth.errors import InputError
from packdepth.evaluation import metrics
from packdepth.evaluation.predictor import predict_depth
from packdepth.evaluation.protocols import PROTOCOLS, Protocol, counted
from packdepth.files import whole, write_json, write_text
from packdepth.params import Evaluation, Study
from packdepth.progress import track
from packdepth.training import checkpoint

BATCH = 8
SAMPLES = 4  # frames kept with their predictions, spread evenly over the test split
BIN = 0.5  # m, of the error by distance


class Tally:
    """Everything that is counted while predictions come in."""

    def __init__(self, protocol: Protocol) -> None:
        self.protocol = protocol
        self.rows: list[dict[str, Any]] = []
        self.plain = torch.zeros(len(metrics.SUMS), dtype=torch.float64)
        self.scaled = torch.zeros_like(self.plain)
        self.by_distance = np.zeros((round(protocol.max_truth / BIN), 4))

    def add(self, name: str, prediction: Tensor, truth: Tensor) -> None:
        """Count one image: prediction and truth (H, W) in m. An image without a counted pixel is left out."""
        known = counted(truth, self.protocol)
        if not known.any():
            return
        predicted, true = prediction.clamp(*self.protocol.prediction)[known], truth[known]
        factor = metrics.median_factor(predicted, true)
        plain = metrics.sums(predicted, true)
        scaled = metrics.sums((predicted * factor).clamp(*self.protocol.prediction), true)
        self.plain += plain
        self.scaled += scaled
        of_scaled = {f"{name}_scaled": value for name, value in metrics.from_sums(scaled).items()}
        row = {"id": name, "pixels": int(plain[0]), "median_factor": factor}
        self.rows.append(row | metrics.from_sums(plain) | of_scaled)
        self._add_by_distance(predicted.double().numpy(), true.double().numpy())

    def _add_by_distance(self, predicted: np.ndarray, true: np.ndarray) -> None:
        bins = np.minimum((true / BIN).astype(int), len(self.by_distance) - 1)
        error = predicted - true
        for column, weights in enumerate((np.ones_like(true), np.abs(error), np.abs(error) / true, error)):
            self.by_distance[:, column] += np.bincount(bins, weights, minlength=len(self.by_distance))

    def distance_table(self) -> pd.DataFrame:
        """Mean errors of the pixels whose truth lies in [near, far), in m; bins without pixels are left out."""
        pixels = self.by_distance[:, 0]
        near = np.arange(len(pixels)) * BIN
        means = self.by_distance[:, 1:] / np.maximum(pixels, 1)[:, None]
        columns = {"near": near, "far": near + BIN, "pixels": pixels.astype(int)}
        columns |= {name: means[:, i] for i, name in enumerate(("abs_error", "abs_rel", "bias"))}
        return pd.DataFrame(columns)[pixels > 0]

    def summary(self) -> dict[str, Any]:
        """Pooled metrics and means over images, with and without median scaling."""
        table = pd.DataFrame(self.rows)
        suffixes = {"metric": (self.plain, ""), "median_scaled": (self.scaled, "_scaled")}
        return {
            scaling: {
                "pooled": metrics.from_sums(total),
                "mean_over_images": {name: float(table[name + suffix].mean()) for name in metrics.METRICS},
            }
            for scaling, (total, suffix) in suffixes.items()
        }


def evaluate(study: Study, run: layout.Run) -> None:
    """Evaluate one run's checkpoint on the scale's test store and write its evaluation files.

    Raises InputError if the store or checkpoint is missing or broken, or no test image has a pixel that counts.
    """
    settings = study.rung.evaluation
    store = Store(layout.store(run.scale, "test"))
    model, card = checkpoint.load(run.checkpoint)
    asked = study.variant(run.variant).network.model_dump()
    if card.network != asked:
        raise InputError(f"{run.checkpoint}: holds {card.network}, not what params.yaml asks for, {asked}")
    losses = training_losses(run.train_log)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    tally = Tally(PROTOCOLS[settings.protocol])
    kept: list[dict[str, np.ndarray]] = []
    chosen = set(np.linspace(0, len(store) - 1, min(SAMPLES, len(store))).astype(int).tolist())
    predictions = _predictions(model.to(device), store, card.max_depth, settings.flip, device, str(run))
    for index, (prediction, truth) in enumerate(predictions):
        tally.add(store.id(index), prediction, truth)
        if index in chosen:
            kept.append({"rgb": store.rgb(index), "truth": truth.numpy(), "prediction": prediction.numpy()})
    if not tally.rows:
        raise InputError(f"{store.path}: no image has a pixel that protocol {settings.protocol!r} counts")
    _write(run, tally, kept, settings, losses)


def _predictions(
    model: nn.Module, store: Store, max_depth: float, flip: bool, device: torch.device, title: str
) -> Iterator[tuple[Tensor, Tensor]]:
    """Prediction and truth of every frame, (h, w) in m at the size of the truth, on the CPU."""
    with track(f"evaluate {title}", len(store)) as advance:
        for first in range(0, len(store), BATCH):
            indices = range(first, min(first + BATCH, len(store)))
            images = torch.stack([image_tensor(store.rgb(index)) for index in indices]).to(device)
            depth = predict_depth(model, images, max_depth, flip)
            truth = torch.stack([torch.from_numpy(store.depth(index)) for index in indices])
            if depth.shape[2:] != truth.shape[1:]:
                depth = F.interpolate(depth, size=truth.shape[1:], mode="bilinear", align_corners=False)
            yield from zip(depth[:, 0].cpu(), truth, strict=True)
            advance(len(indices))


def _write(
    run: layout.Run,
    tally: Tally,
    kept: list[dict[str, np.ndarray]],
    settings: Evaluation,
    losses: dict[str, float],
) -> None:
    table = pd.DataFrame(tally.rows).assign(protocol=settings.protocol, flip_averaging=settings.flip)
    write_text(run.per_image, table.to_csv(index=False, float_format="%.6g"))
    write_text(run.error_by_distance, tally.distance_table().to_csv(index=False, float_format="%.6g"))
    with whole(run.samples) as part:
        rgb, truth, prediction = (np.stack([s[name] for s in kept]) for name in ("rgb", "truth", "prediction"))
        np.savez_compressed(part, rgb=rgb, truth=truth, prediction=prediction)
    summary = {
        "variant": run.variant,
        "seed": run.seed,
        "images": len(tally.rows),
        "protocol": {"name": settings.protocol, "flip_averaging": settings.flip} | asdict(tally.protocol),
        **losses,
    }
    write_json(run.metrics, summary | tally.summary())


def training_losses(train_log: Path) -> dict[str, float]:
    """The report's number, the mean of the loss over the last epoch's batches, and the mean over its last tenth."""
    if not train_log.is_file():
        raise InputError(f"{train_log}: no such training log")
    log = pd.read_csv(train_log)
    losses = log.loc[log["epoch"] == log["epoch"].max(), "loss"]
    last_tenth = losses.tail(-(-len(losses) // 10))
    return {"training_loss": float(losses.mean()), "final_training_loss": float(last_tenth.mean())}
