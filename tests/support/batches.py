"""The gathered tables of the group `batches`, made by hand: 8 frames are the best."""

import numpy as np
import pandas as pd

from packdepth import paths
from packdepth.config.study import Study

IMAGES = 30
LOSSES = {2: 0.3, 4: 0.32, 8: 0.28, 16: 0.44}  # by batch size
WORSE = 0.1  # PackNet's loss, more than DenseDepth's


def write_batches(study: Study) -> None:
    """Write what the table and the figure of batch sizes read."""
    names = [f"rooms/{index:03}" for index in range(IMAGES)]
    generator = np.random.default_rng(0)
    losses: dict[str, object] = {"id": names}
    rows = []
    for variant in study.groups.batches.variants:
        settings = study.variant(variant)
        size, architecture = settings.training.batch_size, settings.network.architecture
        for seed in study.seeds_of(variant):
            values = LOSSES[size] + WORSE * (architecture == "packnet") + generator.normal(0, 0.001, IMAGES)
            losses[f"{variant}/{seed}"] = values
            rows.append(
                {"variant": variant, "seed": seed, "group": "batches", "architecture": architecture}
                | {"steps": 4000 // size, "seconds": 80.0 - size, "peak_memory_mib": 512.0 * size}
                | {"test_loss": values.mean(), "gradient_square": 1.0, "gradient_product": 1.0}
            )
    folder = paths.gathered(study.scale, paths.BATCHES)
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(losses).to_csv(folder / "losses.csv", index=False)
    pd.DataFrame(rows).to_csv(folder / "variants.csv", index=False)
    (folder / "provenance.json").write_text("[]")
