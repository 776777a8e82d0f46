"""What every loss of params.yaml comes to without a network, on a scale's own data: floors of tables and figures.

    packdepth floors

writes a row for each loss, split and floor. What is fitted is fitted to training frames. With the study's loss, floors
that see no image are also evaluated on the test split, as networks are.
"""

from math import nan

import pandas as pd
import torch
from torch import Tensor, nn

from packdepth import paths
from packdepth.config.study import Study
from packdepth.data.store.frames import Store
from packdepth.evaluation.measure import measure
from packdepth.evaluation.predictor import Predictor
from packdepth.losses import floors
from packdepth.losses.depth import DepthLoss
from packdepth.losses.targets import metric_depth
from packdepth.models.heads import HEADS
from packdepth.utils.files import write_text
from packdepth.utils.progress import track

TRAINING_FRAMES = 1000  # at most, spread evenly
CEILINGS = [HEADS[head].highest for head in ("sigmoid", "inverse-sigmoid")]  # the heads that reach few targets
METRICS = ("abs_rel", "rmse", "delta1")


class FixedOutput(nn.Module):
    """A network that predicts the same map (1, 1, h, w) or constant (1, 1, 1, 1) for every image."""

    output: Tensor

    def __init__(self, output: Tensor) -> None:
        super().__init__()
        self.register_buffer("output", output)
        self.unused = nn.Parameter(torch.zeros(()))  # tells where the network is

    def forward(self, image: Tensor) -> Tensor:
        """(B, 3, H, W) -> (B, 1, H/2, W/2), normalised inverse depth."""
        batch, _, height, width = image.shape
        return self.output.expand(batch, 1, height // 2, width // 2)


def write_floors(study: Study) -> None:
    """Write the floors of the scale. Raises InputError if a store is missing or broken."""
    train, test = (Store(paths.store(study.scale, split)) for split in ("train", "test"))
    rows = []
    with track(f"floors {study.scale}", len(study.losses)) as advance:
        for name, settings in study.losses.items():
            loss = DepthLoss(settings, study.max_depth)
            known = {"train": targets(loss, train, TRAINING_FRAMES), "test": targets(loss, test, len(test))}
            fitted = fitted_outputs(loss, *known["train"])
            for split, (target, mask) in known.items():
                for floor, output in (fitted | outputs_of_truth(target, mask)).items():
                    value = float(floors.image_losses(loss, output, target, mask).mean())
                    measured = settings == study.loss and split == "test" and floor in fitted
                    errors = _errors(study, floor, output, test) if measured else dict.fromkeys(METRICS, nan)
                    rows.append({"name": name, "split": split, "floor": floor, "loss": value, **errors})
            advance(1)
    write_text(paths.floors(study.scale), pd.DataFrame(rows).to_csv(index=False, float_format="%.6g"))


def targets(loss: DepthLoss, store: Store, most: int) -> tuple[Tensor, Tensor]:
    """Targets and masks (B, 1, h, w) of at most so many frames, spread evenly, at half the store's size."""
    size = (store.size[0] // 2, store.size[1] // 2)
    chosen = range(0, len(store), -(-len(store) // most))
    return floors.targets_of(loss, (torch.from_numpy(store.depth(index)) for index in chosen), size)


def fitted_outputs(loss: DepthLoss, target: Tensor, mask: Tensor) -> dict[str, Tensor]:
    """The floors that see no image, by name: each broadcasts to (B, 1, h, w)."""
    constants = {f"constant {value:g}": value for value in CEILINGS}
    constants["best constant"] = floors.best_constant(loss, target, mask)
    outputs = {name: torch.full((1, 1, 1, 1), value) for name, value in constants.items()}
    return outputs | {"fixed map": floors.fixed_map(loss, target, mask)}


def outputs_of_truth(target: Tensor, mask: Tensor) -> dict[str, Tensor]:
    """The floors that see the truth, by name: each broadcasts to (B, 1, h, w)."""
    clipped = {f"truth up to {value:g}": floors.clipped_truth(target, value) for value in CEILINGS}
    return {"image median": floors.image_medians(target, mask), **clipped}


def _errors(study: Study, floor: str, output: Tensor, store: Store) -> dict[str, float]:
    network = FixedOutput(output)
    predictor = Predictor(network, lambda values: metric_depth(values, study.max_depth), store.size, study.max_depth)
    tally, _ = measure(predictor, store, study.active_scale.evaluation, floor)
    headline = tally.summary()["headline"]
    return {name: headline[name] for name in METRICS}
