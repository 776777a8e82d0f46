"""What batches of other sizes cost and give, at equal frames seen: the group `batches`."""

from math import nan

import pandas as pd

from packdepth import paths
from packdepth.analysis import skill
from packdepth.analysis.gathered import read_gathered
from packdepth.analysis.statistics import effects
from packdepth.analysis.text import TextTable, listed, with_interval
from packdepth.config.study import Study

USUAL = 4  # the report's batch size, which others are compared with
CAPTION = (
    "`skill` is 1 - the test loss / that of the fixed map: 0 for a network that looks at nothing. `gain` is against the"
    " same network with batches of 4. Brackets: 95 % intervals over seeds and images; of one seed, over images only."
    " All networks see the same number of frames, to within a batch an epoch. Time is a training's, memory the most"
    " that its process took (on a GPU, of the GPU's)."
)


def summarise(study: Study) -> pd.DataFrame:
    """One row per variant of the group.

    Columns: architecture, batch_size, steps, seeds, seconds, memory (MiB), means over seeds; `skill` and `gain` over
    batches of 4, each with the ends of its interval as `..._low` and `..._high`; NaN for a gain without such a variant.
    Raises InputError that names a missing result.
    """
    measured = read_gathered(study, paths.BATCHES, "variants").set_index("variant")
    variants = [study.variant(name) for name in study.groups.batches.variants]
    usual = {one.network.architecture: one.name for one in variants if one.training.batch_size == USUAL}
    rows = []
    for one in variants:
        reference = usual.get(one.network.architecture, one.name)
        losses = skill.losses(study, one.name)  # or says what is not gathered
        of_variant = measured.loc[one.name]
        row = {"variant": one.name, "architecture": one.network.architecture, "batch_size": one.training.batch_size}
        row |= {column: of_variant[column] for column in ("steps", "seeds", "seconds")}
        row |= {"memory": of_variant["peak_memory_mib"]}
        row |= effects.estimate(1 - losses / skill.floor_loss(study, one.name)).columns("skill")
        row |= dict.fromkeys(("gain", "gain_low", "gain_high"), nan)
        if reference != one.name:
            row |= skill.gain_of(study, (reference, one.name)).columns("gain")
        rows.append(row)
    return pd.DataFrame(rows)


def finding(table: pd.DataFrame) -> str:
    """In words: with which batch size each network has the most skill."""
    known = table.dropna(subset="skill")
    best = known.loc[known.groupby("architecture", sort=False)["skill"].idxmax()]
    told = [f"{row['architecture']} {row['batch_size']} ({row['skill']:.2f})" for _, row in best.iterrows()]
    return f"Best batch size at equal frames (skill): {listed(told)}"


def batches_text(table: pd.DataFrame, study: Study) -> TextTable:
    """The table of `summarise` for people."""
    head = ["variant", "batch", "steps", "skill", "gain", "time", "memory"]
    rows = [
        [
            row["variant"],
            str(row["batch_size"]),
            f"{row['steps']:.0f}",
            with_interval(row, "skill"),
            with_interval(row, "gain"),
            f"{row['seconds']:.0f} s",
            "-" if pd.isna(row["memory"]) else f"{row['memory'] / 1024:.2f} GiB",
        ]
        for _, row in table.iterrows()
    ]
    seeds = sorted(set(table["seeds"]))
    count = listed([str(seed) for seed in seeds])
    return TextTable(head, rows, f"**{finding(table)}.** Scale `{study.scale}`, seeds: {count}. {CAPTION}")
