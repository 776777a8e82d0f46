"""What every loss of params.yaml comes to without a network, on a scale's own data: floors of tables and figures.

    packdepth floors

writes a row for each loss, split and floor. What is fitted is fitted to training frames. With the study's loss, floors
that see no image are also evaluated on the test split. Rows named `image` are of reconstructed images.
"""

from math import nan

import pandas as pd
import torch
from torch import Tensor
from torch.nn import functional as F

from packdepth import paths
from packdepth.config.study import Study
from packdepth.data.store.frames import Store
from packdepth.evaluation.image_floors import image_floors
from packdepth.evaluation.tally import Tally
from packdepth.losses import floors
from packdepth.losses.depth import DepthLoss
from packdepth.losses.targets import metric_depth
from packdepth.utils.files import write_text
from packdepth.utils.progress import track

TRAINING_FRAMES = 1000  # at most, spread evenly
CONSTANT_FRAMES = 100  # of these, for the one number that is searched for
CEILINGS = (1, 2, 5, 10, 20, 100)  # of heads: the plain sigmoid's, the published one's, and those of smaller min_depth
REPORTED = CEILINGS[:2]  # the report's heads
METRICS = ("abs_rel", "rmse", "delta1")


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
                    value = floors.mean_loss(loss, output, target, mask)
                    measured = settings == study.loss and split == "test" and floor in fitted
                    errors = _errors(study, output, test) if measured else dict.fromkeys(METRICS, nan)
                    rows.append({"name": name, "split": split, "floor": floor, "loss": value, **errors})
            advance(1)
    for floor, value in image_floors(train, test).items():
        rows.append({"name": "image", "split": "test", "floor": floor, "loss": value, **dict.fromkeys(METRICS, nan)})
    write_text(paths.floors(study.scale), pd.DataFrame(rows).to_csv(index=False, float_format="%.6g"))


def targets(loss: DepthLoss, store: Store, most: int) -> tuple[Tensor, Tensor]:
    """Targets and masks (B, 1, h, w) of at most so many frames, spread evenly, at half the store's size."""
    size = (store.size[0] // 2, store.size[1] // 2)
    chosen = range(0, len(store), -(-len(store) // most))
    return floors.targets_of(loss, (torch.from_numpy(store.depth(index)) for index in chosen), size)


def fitted_outputs(loss: DepthLoss, target: Tensor, mask: Tensor) -> dict[str, Tensor]:
    """The floors that see no image, by name: each broadcasts to (B, 1, h, w)."""
    constants = {f"constant {value}": float(value) for value in REPORTED}
    few = slice(None, None, -(-len(target) // CONSTANT_FRAMES))
    constants["best constant"] = floors.best_constant(loss, target[few], mask[few])
    outputs = {name: torch.full((1, 1, 1, 1), value) for name, value in constants.items()}
    return outputs | {"fixed map": floors.fixed_map(loss, target, mask)}


def outputs_of_truth(target: Tensor, mask: Tensor) -> dict[str, Tensor]:
    """The floors that see the truth, by name: each broadcasts to (B, 1, h, w)."""
    clipped = {f"truth up to {value}": floors.clipped_truth(target, value) for value in CEILINGS}
    return {"image median": floors.image_medians(target, mask), **clipped}


def _errors(study: Study, output: Tensor, store: Store) -> dict[str, float]:
    tally = Tally(study.active_scale.evaluation)
    depth = metric_depth(output, study.max_depth)
    for index in range(len(store)):
        truth = torch.from_numpy(store.depth(index))
        prediction = F.interpolate(depth, truth.shape, mode="bilinear", align_corners=False)  # as a network's
        tally.add(store.id(index), prediction[0, 0], truth)
    tally.check(store.path)
    headline = tally.summary()["headline"]
    return {name: headline[name] for name in METRICS}
