"""Compares a predictor with a store: every evaluation runs through here."""

from collections.abc import Collection, Iterator
from dataclasses import replace

import torch
from torch import Tensor

from packdepth.config.study import Evaluation
from packdepth.data.store.frames import Store
from packdepth.evaluation.predictor import Predictor, predict_depth, resized
from packdepth.evaluation.tally import Tally
from packdepth.models.network import image_tensor
from packdepth.utils.progress import track

BATCH = 8


def measure(
    predictor: Predictor, store: Store, settings: Evaluation, title: str, keep: Collection[int] = ()
) -> tuple[Tally, dict[int, Tensor]]:
    """The errors of all frames, and the predictions of those to `keep`, each (h, w) in m at the size of its truth.

    Raises InputError if no frame has a pixel that the protocol counts.
    """
    tally = Tally(settings)
    kept: dict[int, Tensor] = {}
    for index, (prediction, truth) in enumerate(_predictions(predictor, store, settings.flip, title)):
        tally.add(store.id(index), prediction, truth)
        if index in keep:
            kept[index] = prediction
    tally.check(store.path)
    return tally, kept


def _predictions(predictor: Predictor, store: Store, flip: bool, title: str) -> Iterator[tuple[Tensor, Tensor]]:
    """Prediction and truth of every frame, (h, w) in m at the size of the truth, on the CPU.

    Images are first scaled to the size that the network was trained at, where that is known.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    predictor = replace(predictor, model=predictor.model.to(device))
    with track(f"evaluate {title}", len(store)) as advance:
        for first in range(0, len(store), BATCH):
            indices = range(first, min(first + BATCH, len(store)))
            images = torch.stack([image_tensor(store.rgb(index)) for index in indices]).to(device)
            depth = predict_depth(predictor, resized(images, predictor.size or store.size, antialias=True), flip)
            for index, of_one in zip(indices, depth, strict=True):
                truth = torch.from_numpy(store.depth(index))
                yield resized(of_one[None], truth.shape)[0, 0].cpu(), truth
            advance(len(indices))
