"""What a second camera's image buys: the group `pairs`, networks that see one image or two."""

from math import nan
from typing import Any

import pandas as pd

from packdepth import paths
from packdepth.analysis import skill
from packdepth.analysis.gathered import read_gathered
from packdepth.analysis.statistics import effects
from packdepth.analysis.text import TextTable, listed, number, with_interval
from packdepth.config.study import Study
from packdepth.config.variants import Variant

CAPTION = (
    "`skill` is 1 - the test loss / that of the fixed map: 0 for a network that looks at nothing. `gain` is that of the"
    " second camera: against the same network, trained as long, that sees one image. Brackets: 95 % intervals over"
    " seeds and images; of one seed, over images only. Operations are those of one prediction."
)


def summarise(study: Study) -> pd.DataFrame:
    """One row per variant of the group.

    Columns: architecture, cameras, steps, seeds, gflops, abs_rel and delta1, means over seeds; `skill` and `gain` of
    the second camera, each with the ends of its interval as `..._low` and `..._high`; NaN for a gain of one camera.
    Raises InputError that names a missing result.
    """
    measured = read_gathered(study, paths.PAIRS, "variants").set_index("variant")
    variants = [study.variant(name) for name in study.groups.pairs.variants]
    rows = []
    for one in variants:
        losses = skill.losses(study, one.name)  # or says what is not gathered
        of_variant = measured.loc[one.name]
        row: dict[str, Any] = {"variant": one.name, "architecture": one.network.architecture}
        row |= {"cameras": 2 if one.stereo else 1}
        row |= {column: of_variant[column] for column in ("steps", "seeds", "abs_rel", "delta1")}
        row |= {"gflops": of_variant["forward_gflops"]}
        row |= effects.estimate(1 - losses / skill.floor_loss(study, one.name)).columns("skill")
        row |= dict.fromkeys(("gain", "gain_low", "gain_high"), nan)
        for other in variants:
            if one.stereo and _with_one_camera(one) == (other.network, other.training):
                row |= skill.gain_of(study, (other.name, one.name)).columns("gain")
        rows.append(row)
    return pd.DataFrame(rows)


def finding(table: pd.DataFrame) -> str:
    """In words: what the second camera gains each network, in its longest training."""
    gained = table.dropna(subset="gain")
    if gained.empty:
        return "No network sees two cameras next to one that sees one"
    longest = gained.loc[gained.groupby("architecture", sort=False)["steps"].idxmax()]
    told = [f"{row['architecture']} {row['gain']:+.2f}" for _, row in longest.iterrows()]
    return f"What a second camera adds to skill: {listed(told)}"


def pairs_text(table: pd.DataFrame, study: Study) -> TextTable:
    """The table of `summarise` for people."""
    head = ["variant", "steps", "operations", "skill", "gain", "abs_rel", "delta1"]
    rows = [
        [
            row["variant"],
            f"{row['steps']:.0f}",
            f"{row['gflops']:.3f} G",
            with_interval(row, "skill"),
            with_interval(row, "gain"),
            number(row["abs_rel"], 3),
            number(row["delta1"], 3),
        ]
        for _, row in table.iterrows()
    ]
    count = listed([str(seed) for seed in sorted(set(table["seeds"]))])
    return TextTable(head, rows, f"**{finding(table)}.** Scale `{study.scale}`, seeds: {count}. {CAPTION}")


def _with_one_camera(variant: Variant) -> tuple[object, object]:
    """The network and training of the variant that sees one image and is otherwise the same."""
    return variant.network.model_copy(update={"stereo": False}), variant.training
