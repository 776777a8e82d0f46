"""Simulated experiments whose truth is known."""

import numpy as np
import pandas as pd


def paired_differences(
    generator: np.random.Generator,
    images: int,
    seeds: int,
    *,
    mean: float = 0.0,
    of_seeds: float,
    of_images: float,
    of_error: float = 1.0,
) -> pd.DataFrame:
    """mean + seed + image + error, normal with these standard deviations: a row per image, a column per seed."""
    return pd.DataFrame(
        mean
        + generator.normal(0, of_seeds, seeds)
        + generator.normal(0, of_images, (images, 1))
        + generator.normal(0, of_error, (images, seeds))
    )
