"""The gathered tables of the group `widths`, made by hand: difficult images are those that wider networks help."""

import numpy as np
import pandas as pd

from packdepth import paths
from packdepth.config.study import Study

IMAGES = 240
GFLOPS = {"width-half": 0.19, "width-whole": 0.39, "width-double": 1.6, "width-fourfold": 6.4}
EASY = {"width-half": 0.24, "width-whole": 0.235, "width-double": 0.23, "width-fourfold": 0.23}  # mean losses
DIFFICULT = {"width-half": 0.55, "width-whole": 0.45, "width-double": 0.35, "width-fourfold": 0.25}


def write_widths(study: Study, known: float = 1.0) -> None:
    """Write what the cascades read. The last third of the images is difficult.

    `known` is how much of that the networks' disagreement tells: 1 all, 0 nothing. The error head tells nothing.
    """
    names = [f"rooms/{index:03}" for index in range(IMAGES)]
    hard = np.arange(IMAGES) >= 2 * IMAGES // 3
    generator = np.random.default_rng(0)
    losses, rows, curves = {"id": names}, [], []
    for variant in study.groups.widths.variants:
        for seed in study.seeds_of(variant):
            noise = generator.normal(0, 0.01, IMAGES)
            losses[f"{variant}/{seed}"] = np.where(hard, DIFFICULT[variant], EASY[variant]) + noise
            removed = np.arange(20) / 20
            for predictor, tells in (("disagreement", known), ("error_head", 0.0)):
                whose = {"predictor": predictor, "variant": variant, "seed": seed}
                predicted = tells * hard + generator.uniform(0, 0.5, IMAGES)
                images = {"id": names, "predicted": predicted, "ause": 0.6 - 0.3 * tells + noise, "ause_random": 0.6}
                rows.append(pd.DataFrame(images).assign(**whose))
                curve = {"removed": removed, "error": 1 - tells * removed / 2, "oracle": 1 - removed}
                curves.append(pd.DataFrame(curve).assign(**whose))
    folder = paths.gathered(study.scale, paths.WIDTHS)
    folder.mkdir(parents=True, exist_ok=True)
    pd.DataFrame(losses).to_csv(folder / "losses.csv", index=False)
    variants = [
        {"variant": name, "group": "widths", "architecture": "densedepth", "seed": seed, "forward_gflops": GFLOPS[name]}
        | {"test_loss": float(losses[f"{name}/{seed}"].mean()), "gradient_square": 1.0, "gradient_product": 1.0}
        for name in study.groups.widths.variants
        for seed in study.seeds_of(name)
    ]
    pd.DataFrame(variants).to_csv(folder / "variants.csv", index=False)
    pd.concat(rows).to_csv(folder / "uncertainty.csv", index=False)
    (folder / "provenance.json").write_text("[]")
    pd.concat(curves).to_csv(folder / "sparsification.csv", index=False)
