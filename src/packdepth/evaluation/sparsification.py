"""Does an uncertainty know where a prediction errs? Sparsification (Ilg et al. 2018, arXiv 1802.07095, section 4.2).

The most uncertain pixels of an image are removed, more and more of them, and the mean error of the others is followed.
The oracle removes the pixels of largest error. Both curves are divided by the mean error of all pixels.
"""

from dataclasses import dataclass
from typing import Any

import pandas as pd
import torch
from torch import Tensor

from packdepth.config.protocols import PROTOCOLS
from packdepth.config.study import Evaluation
from packdepth.evaluation.metrics import counted

STEPS = 20
REMOVED = [step / STEPS for step in range(STEPS)]  # shares of the pixels


@dataclass(frozen=True)
class Sparsification:
    """An image's curves, float64 (STEPS,), at the shares REMOVED; 1 at the first. All 0 for a perfect prediction."""

    by_uncertainty: Tensor
    oracle: Tensor

    @property
    def ause(self) -> float:
        """The area between the two curves: their mean distance. 0 for an uncertainty that orders as the error does."""
        return float((self.by_uncertainty - self.oracle).mean())

    @property
    def ause_random(self) -> float:
        """The same for pixels removed at random, which leaves the mean error as it is."""
        return float((self.oracle[0] - self.oracle).mean())


def sparsify(error: Tensor, uncertainty: Tensor) -> Sparsification:
    """The curves of one image from its pixels' errors and uncertainties, both (P,); the former not negative.

    Pixels of equal uncertainty are removed from the last on.
    """
    error = error.double()
    whole = error.mean().clamp(min=torch.finfo(torch.float64).tiny)
    return Sparsification(_remaining(error, uncertainty) / whole, _remaining(error, error) / whole)


def _remaining(error: Tensor, order: Tensor) -> Tensor:
    """The mean error of the pixels that are left when those of the highest `order` are removed."""
    sums = error[order.argsort(stable=True)].cumsum(0)
    left = torch.tensor([len(error) - len(error) * step // STEPS for step in range(STEPS)])
    return sums[left - 1] / left


class UncertaintyTally:
    """What is counted of one kind of uncertainty while predictions come in, by the rules of a protocol."""

    def __init__(self, settings: Evaluation) -> None:
        self.protocol = PROTOCOLS[settings.protocol]
        self.rows: list[dict[str, Any]] = []
        self.curves = torch.zeros(2, STEPS, dtype=torch.float64)

    def add(self, name: str, prediction: Tensor, truth: Tensor, uncertainty: Tensor) -> None:
        """Count one image: prediction and truth (H, W) in m, with the prediction's uncertainty (H, W), in any unit.

        The error is |prediction - truth| / truth, of the pixels that count. An image without any is left out. The mean
        uncertainty is that of all pixels: whoever predicts does not know which ones count.
        """
        known = counted(truth, self.protocol)
        if not known.any():
            return
        true = truth[known]
        error = (prediction[known].clamp(*self.protocol.prediction) - true).abs() / true
        sparsified = sparsify(error, uncertainty[known])
        mean = float(uncertainty.double().mean())
        areas = {"ause": sparsified.ause, "ause_random": sparsified.ause_random}
        self.rows.append({"id": name, "mean": mean, **areas})
        self.curves += torch.stack([sparsified.by_uncertainty, sparsified.oracle])

    def per_image(self) -> pd.DataFrame:
        """One row per image, by its id: the mean uncertainty, and the areas (`Sparsification`)."""
        return pd.DataFrame(self.rows).set_index("id")

    def mean_curves(self) -> tuple[list[float], list[float]]:
        """The means over images of the curves by uncertainty and by the oracle, at the shares REMOVED."""
        by_uncertainty, oracle = (self.curves / len(self.rows)).tolist()
        return by_uncertainty, oracle
