"""Compares a model with a store: every evaluation runs through here."""

from collections.abc import Collection, Iterator

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


def measure(
    model: DepthModel,
    store: Store,
    settings: Evaluation,
    title: str,
    keep: Collection[int] = (),
    frames: range | None = None,
) -> tuple[Tally, UncertaintyTally, dict[int, Tensor]]:
    """The errors of all or these frames, and how well flip disagreement foretells them.

    Also the predictions of those to `keep`, (h, w) in m at the size of the truth. Every image and its mirror image are
    predicted; `settings.flip` says whether the prediction is the average of both or the first.

    Raises InputError if no frame has a pixel that the protocol counts.
    """
    frames = range(len(store)) if frames is None else frames
    tally, doubts = Tally(settings), UncertaintyTally(settings)
    kept: dict[int, Tensor] = {}
    predictions = _predictions(model, store, frames, settings.flip, title)
    for index, (prediction, uncertainty, truth) in zip(frames, predictions, strict=True):
        tally.add(store.id(index), prediction, truth)
        doubts.add(store.id(index), prediction, truth, uncertainty)
        if index in keep:
            kept[index] = prediction
    tally.check(store.path)
    return tally, doubts, kept


def _predictions(
    model: DepthModel, store: Store, frames: range, flip: bool, title: str
) -> Iterator[tuple[Tensor, Tensor, Tensor]]:
    """Prediction (m), disagreement and truth (m) of each of these frames, (h, w) at the size of the truth, on the CPU.

    Images are first scaled to the size that the network was trained at, where that is known.
    """
    with track(f"evaluate {title}", len(frames)) as advance:
        for first in range(0, len(frames), BATCH):
            indices = frames[first : first + BATCH]
            images = torch.stack([image_tensor(store.rgb(index)) for index in indices])
            ways = model.predict_both_ways(resized(images, model.info.size or store.size, antialias=True))
            depth = (ways[0] + ways[1]) / 2 if flip else ways[0]
            for index, *of_one in zip(indices, depth, disagreement(*ways), strict=True):
                truth = torch.from_numpy(store.depth(index))
                prediction, uncertainty = (resized(values[None], truth.shape)[0, 0] for values in of_one)
                yield prediction, uncertainty, truth
            advance(len(indices))
