"""The gathered tables of the group `pairs`, made by hand: the second camera helps DenseDepth, and PackNet when long."""

import numpy as np
import pandas as pd

from packdepth import paths
from packdepth.config.study import Study

IMAGES = 30
LOSSES = {  # by network, of one camera and of two
    "packnet-short": (0.4, 0.41),
    "packnet-long": (0.36, 0.3),
    "densedepth-short": (0.32, 0.2),
    "densedepth-long": (0.28, 0.12),
}


def length(variant: str) -> str:
    """The key of a variant in LOSSES."""
    return f"{variant.split('-')[0]}-{'long' if variant.endswith('-long') else 'short'}"


def write_pairs(study: Study) -> None:
    """Write what the table and the figure of the second camera read."""
    names = [f"rooms/{index:03}" for index in range(IMAGES)]
    generator = np.random.default_rng(0)
    losses: dict[str, object] = {"id": names}
    rows = []
    for variant in study.groups.pairs.variants:
        settings = study.variant(variant)
        for seed in study.seeds_of(variant):
            values = LOSSES[length(variant)][settings.stereo] + generator.normal(0, 0.001, IMAGES)
            losses[f"{variant}/{seed}"] = values
            rows.append(
                {"variant": variant, "seed": seed, "group": "pairs", "architecture": settings.network.architecture}
                | {"steps": round(500 * settings.training.epochs), "forward_gflops": 0.5 + 0.01 * settings.stereo}
                | {"abs_rel": 0.2, "delta1": 0.7}
                | {"test_loss": values.mean(), "gradient_square": 1.0, "gradient_product": 1.0}
            )
    folder = paths.gathered(study.scale, paths.PAIRS)
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(losses).to_csv(folder / "losses.csv", index=False)
    pd.DataFrame(rows).to_csv(folder / "variants.csv", index=False)
    (folder / "provenance.json").write_text("[]")
