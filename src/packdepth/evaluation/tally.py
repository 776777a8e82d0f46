"""Counts errors, image by image, by the rules of a protocol."""

from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from packdepth.config.protocols import PROTOCOLS
from packdepth.config.study import Evaluation
from packdepth.errors import InputError
from packdepth.evaluation import metrics
from packdepth.evaluation.metrics import counted

BIN = 0.5  # m, of the error by distance


class Tally:
    """Everything that is counted while predictions come in."""

    def __init__(self, settings: Evaluation) -> None:
        self.settings, self.protocol = settings, PROTOCOLS[settings.protocol]
        self.rows: list[dict[str, Any]] = []
        self.plain = torch.zeros(len(metrics.SUMS), dtype=torch.float64)
        self.scaled = torch.zeros_like(self.plain)
        farthest = min(self.protocol.max_truth, self.protocol.prediction[1])
        self.by_distance = np.zeros((ceil(farthest / BIN), 4))

    def add(self, name: str, prediction: Tensor, truth: Tensor) -> None:
        """Count one image: prediction and truth (H, W) in m. An image without a counted pixel is left out.

        Predictions are clamped to the protocol's range after median scaling, as in all code of papers that scales.
        """
        known = counted(truth, self.protocol)
        if not known.any():
            return
        predicted, true = prediction[known], truth[known]
        factor = metrics.median_factor(predicted, true)
        within = predicted.clamp(*self.protocol.prediction)
        plain = metrics.sums(within, true)
        scaled = metrics.sums((predicted * factor).clamp(*self.protocol.prediction), true)
        self.plain += plain
        self.scaled += scaled
        of_scaled = {f"{name}_scaled": value for name, value in metrics.from_sums(scaled).items()}
        row = {"id": name, "pixels": int(plain[0]), "median_factor": factor}
        self.rows.append(row | metrics.from_sums(plain) | of_scaled)
        self._add_by_distance(within.double().numpy(), true.double().numpy())

    def check(self, store: Path) -> None:
        """Raise InputError, naming the store, if no image had a pixel that counts."""
        if not self.rows:
            raise InputError(f"{store}: no image has a pixel that protocol {self.settings.protocol!r} counts")

    def _add_by_distance(self, predicted: np.ndarray, true: np.ndarray) -> None:
        bins = np.minimum((true / BIN).astype(int), len(self.by_distance) - 1)
        error = predicted - true
        for column, weights in enumerate((np.ones_like(true), np.abs(error), np.abs(error) / true, error)):
            self.by_distance[:, column] += np.bincount(bins, weights, minlength=len(self.by_distance))

    def distance_table(self) -> pd.DataFrame:
        """Mean errors of the pixels whose truth lies in [near, far), in m; bins without pixels are left out.

        The last bin, which ends where the truth or else the prediction is cut off, also includes what lies beyond it.
        """
        pixels = self.by_distance[:, 0]
        near = np.arange(len(pixels)) * BIN
        means = self.by_distance[:, 1:] / np.maximum(pixels, 1)[:, None]
        columns = {"near": near, "far": near + BIN, "pixels": pixels.astype(int)}
        columns |= {name: means[:, i] for i, name in enumerate(("abs_error", "abs_rel", "bias"))}
        return pd.DataFrame(columns)[pixels > 0]

    def per_image(self) -> pd.DataFrame:
        """One row per image, with the protocol."""
        return pd.DataFrame(self.rows).assign(protocol=self.settings.protocol, flip_averaging=self.settings.flip)

    def summary(self) -> dict[str, Any]:
        """Protocol, pooled metrics and means over images with and without median scaling, and the headline.

        The headline is the numbers that the protocol's authors report.
        """
        table = pd.DataFrame(self.rows)
        suffixes = {"metric": (self.plain, ""), "median_scaled": (self.scaled, "_scaled")}
        numbers = {
            scaling: {
                "pooled": metrics.from_sums(total),
                "mean_over_images": {name: float(table[name + suffix].mean()) for name in metrics.METRICS},
            }
            for scaling, (total, suffix) in suffixes.items()
        }
        aggregate, scaled = self.protocol.aggregate, self.protocol.median_scaled
        chosen = numbers["median_scaled" if scaled else "metric"][aggregate]
        return {
            "images": len(self.rows),
            "protocol": {"name": self.settings.protocol, "flip_averaging": self.settings.flip} | self.protocol.stated(),
            "headline": {"aggregate": aggregate, "median_scaled": scaled} | chosen,
            **numbers,
        }
