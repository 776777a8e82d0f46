"""Test images, their true depth, and what four networks predict and where they err."""

from pathlib import Path

import numpy as np

from packdepth.config.study import Study
from packdepth.figures._sheet import Samples, read_samples, relative_error, sheet
from packdepth.figures._style import networks

SHOWN = 4  # networks


def draw(study: Study, path: Path) -> None:
    """Write the figure to `path`. Raises InputError that names a missing result."""
    samples = read_samples(study, networks(study) or list(study.variants))
    errors = {variant: abs_rel(sample) for variant, sample in samples.items()}
    shown = chosen(errors, study.verdict.gap)
    best, worst = (pick(shown, key=errors.__getitem__) for pick in (min, max))
    title = f"{best} errs least on these images (abs_rel {errors[best]:.2f}), {worst} most ({errors[worst]:.2f})"
    note = (
        f"Scale {study.scale}, seed {study.seeds[0]}. The two that the report compares, and of the others those with"
        " the lowest abs_rel on these images. Below each prediction its error; grey: no truth."
    )
    sheet({variant: samples[variant] for variant in shown}, path, title, note, errors=True)


def chosen(errors: dict[str, float], first: tuple[str, str]) -> list[str]:
    """At most four variants, in the order of `errors`: those of `first` that are there, then those that err least."""
    pair = [variant for variant in first if variant in errors]
    others = sorted((variant for variant in errors if variant not in pair), key=errors.__getitem__)
    kept = [*pair, *others][:SHOWN]
    return [variant for variant in errors if variant in kept]


def abs_rel(samples: Samples) -> float:
    """Mean of |error| / truth, over all pixels of the sampled images whose truth is known."""
    pairs = zip(samples["prediction"], samples["truth"], strict=True)
    return float(np.nanmean(np.abs([relative_error(prediction, truth) for prediction, truth in pairs])))
