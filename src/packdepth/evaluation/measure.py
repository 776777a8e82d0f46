"""Compares a model with a store: every evaluation runs through here."""

from collections.abc import Callable, Collection, Iterator, Mapping

import torch
from torch import Tensor

from packdepth.config.study import Evaluation
from packdepth.data.store.frames import Store
from packdepth.evaluation.sparsification import UncertaintyTally
from packdepth.evaluation.tally import Tally
from packdepth.inference.depth_model import DepthModel, disagreement, resized
from packdepth.models.network import image_tensor
from packdepth.utils.progress import track

BATCH = 8
DISAGREEMENT = "disagreement"
Predictor = Callable[[Tensor], Tensor]  # of what the network sees: its uncertainty (B, 1, h, w), on the CPU
NONE: Mapping[str, Predictor] = {}


def measure(
    model: DepthModel,
    store: Store,
    settings: Evaluation,
    title: str,
    keep: Collection[int] = (),
    frames: range | None = None,
    predictors: Mapping[str, Predictor] = NONE,
) -> tuple[Tally, dict[str, UncertaintyTally], dict[int, Tensor]]:
    """The errors of all or these frames, how well they were predicted, and predictions.

    Every image and its mirror image are predicted; `settings.flip` says whether the prediction is the average of both
    or the first. Their disagreement is an uncertainty; `predictors` are more of them. A stereo network predicts every
    pair once: in its mirror image the second camera would be on the other side. The predictions are those of the frames
    to `keep`, (h, w) in m at the size of the truth.

    Raises InputError if no frame has a pixel that the protocol counts.
    """
    frames = range(len(store)) if frames is None else frames
    tally = Tally(settings)
    doubts = {name: UncertaintyTally(settings) for name in (*_both_ways(model), *predictors)}
    kept: dict[int, Tensor] = {}
    predictions = _predictions(model, store, frames, settings.flip, title, predictors)
    for index, (truth, prediction, *uncertainties) in zip(frames, predictions, strict=True):
        tally.add(store.id(index), prediction, truth)
        for doubt, uncertainty in zip(doubts.values(), uncertainties, strict=True):
            doubt.add(store.id(index), prediction, truth, uncertainty)
        if index in keep:
            kept[index] = prediction
    tally.check(store.path)
    return tally, doubts, kept


def _both_ways(model: DepthModel) -> tuple[str, ...]:
    """The uncertainty that comes from predicting an image both ways, if the network can."""
    return () if model.stereo else (DISAGREEMENT,)


def _predictions(
    model: DepthModel, store: Store, frames: range, flip: bool, title: str, predictors: Mapping[str, Predictor]
) -> Iterator[list[Tensor]]:
    """Truth (m), prediction (m) and uncertainties of each of these frames, (h, w) at the size of the truth, on the CPU.

    Images are first scaled to the size that the network was trained at, where that is known.
    """
    with track(f"evaluate {title}", len(frames)) as advance:
        for first in range(0, len(frames), BATCH):
            indices = frames[first : first + BATCH]
            images = torch.stack([image_tensor(store.seen(index, model.stereo)) for index in indices])
            images = resized(images, model.info.size or store.size, antialias=True)
            uncertainties = [predict(images) for predict in predictors.values()]
            if _both_ways(model):
                straight, mirrored = model.predict_both_ways(images)
                depth = (straight + mirrored) / 2 if flip else straight
                uncertainties = [disagreement(straight, mirrored), *uncertainties]
            else:
                depth = model.predict(images, flip=False)
            for index, *of_one in zip(indices, depth, *uncertainties, strict=True):
                truth = torch.from_numpy(store.depth(index))
                yield [truth, *(resized(values[None], truth.shape)[0, 0] for values in of_one)]
            advance(len(indices))
