"""Depth by two networks: a cheap one for every image, a big one for those of which the cheap one is most unsure."""

from dataclasses import replace
from pathlib import Path

import pandas as pd

from packdepth.errors import InputError
from packdepth.inference.depth_model import DepthModel
from packdepth.predict.command import Wanted, predict, require
from packdepth.predict.sources import found, is_video
from packdepth.utils.files import write_text

USED = "cascade.csv"  # in the folder of predictions: image, disagreement, network


def predict_in_cascade(
    cheap: DepthModel, big: DepthModel, inputs: list[str], wanted: Wanted, share: float
) -> tuple[list[Path], list[str]]:
    """Write what `predict` writes, by the big network for this share of the images, and which network predicted each.

    The share is rounded to whole images. Returns the files, and a line for each image that failed. Raises InputError
    as `predict` does for either network, and for a video: images are compared before the big network gets its share.
    """
    sources = found(inputs)
    used = wanted.folder / USED
    if videos := [source for source in sources if is_video(source)]:
        raise InputError(f"{videos[0]}: a cascade takes images, no videos")
    if used.exists() and not wanted.force:
        raise InputError(f"{used}: already there; --force overwrites")
    require(big, sources, wanted)
    doubts: dict[Path, float] = {}
    written, failed = predict(cheap, inputs, wanted, doubts)
    difficult = most_doubtful(doubts, share)
    if difficult:
        _, failed_again = predict(big, [str(source) for source in difficult], replace(wanted, force=True))
        failed += failed_again
    networks = {image: "big" if image in difficult else "cheap" for image in doubts}
    table = pd.DataFrame(
        {"image": list(doubts), "disagreement": list(doubts.values()), "network": list(networks.values())}
    )
    write_text(used, table.to_csv(index=False, float_format="%.6g"))
    return [*written, used], failed


def most_doubtful(doubts: dict[Path, float], share: float) -> list[Path]:
    """This share of the images, rounded to whole ones: those with the highest doubts."""
    return sorted(doubts, key=lambda image: -doubts[image])[: round(share * len(doubts))]
