"""Does one scale predict another? The order of variants and the signs of effects at both: `packdepth agreement`.

Compared are the variants of `contest` and `diagnosis`: all have a head that can predict every depth, so none sits at a
ceiling. A scale's tables in `results/SCALE/gathered` and its floors are all that this needs.
"""

import pandas as pd

from packdepth import paths
from packdepth.analysis import contrasts, skill
from packdepth.analysis.statistics.effects import Effect
from packdepth.analysis.statistics.ranks import Agreement, rank_agreement, sign_agreement
from packdepth.analysis.text import markdown_table
from packdepth.config.study import Study
from packdepth.errors import InputError
from packdepth.utils.files import write_text

COMPARED = ("contest", "diagnosis")  # groups
ENOUGH = 8  # variants: tau of fewer says little


def write_agreement(study: Study, other: str) -> str:
    """Write what the selected scale says of another, as Markdown and CSV; returns the Markdown.

    Raises InputError if a scale is unknown or lacks gathered tables, or the scales are the same.
    """
    there = study.at(other)
    if there.scale == study.scale:
        raise InputError(f"scale {other!r} is the one that is selected; name another")
    agreement = rank_agreement(_losses(study), _losses(there))
    signs = sign_agreement(_effects(study), _effects(there))
    text = agreement_text(study.scale, there.scale, agreement, signs)
    folder = paths.verdict(study.scale)
    write_text(folder / f"agreement_{other}.md", text)
    write_text(folder / f"agreement_{other}.csv", signs.to_csv(float_format="%.6g"))
    return text


def _losses(study: Study) -> dict[str, pd.DataFrame]:
    """The losses of every variant compared, with the seeds that all of them have."""
    tables = {name: skill.losses(study, name) for group in COMPARED for name in study.by_group[group].variants}
    common = [seed for seed in next(iter(tables.values())) if all(seed in table for table in tables.values())]
    if not common:
        raise InputError(f"scale {study.scale!r}: the variants of {' and '.join(COMPARED)} have no seed in common")
    return {name: table[common] for name, table in tables.items()}


def _effects(study: Study) -> dict[str, Effect]:
    """The gains of all changes between the variants compared, by their words."""
    known = {name for group in COMPARED for name in study.by_group[group].variants}
    changes = [study.verdict.contest] + [
        change for hypothesis in study.verdict.hypotheses.values() for change in hypothesis.changes
    ]
    return {
        contrasts.told(change): skill.gain_of(study, change)
        for change in changes
        if known.issuperset(contrasts.variants_of(change))
    }


def agreement_text(here: str, there: str, agreement: Agreement, signs: pd.DataFrame) -> str:
    """The page."""
    few = "" if agreement.variants >= ENOUGH else f" Fewer than {ENOUGH} variants say little."
    tau, sure = f"{agreement.tau:.2f}", "With one seed at a scale it has no interval."
    if pd.notna(agreement.low):
        tau += f" ({agreement.low:.2f} to {agreement.high:.2f})"
        sure = "The interval is a bootstrap over seeds and images."
    flips = [
        [f"`{row['better_first']}`", f"`{row['better_second']}`", "yes" if row["sure"] else "no"]
        for _, row in agreement.flips.iterrows()
    ]
    effects = [
        [str(name), f"{row['first']:z.3f}", f"{row['second']:z.3f}", "yes" if row["agree"] else "no"]
        for name, row in signs.iterrows()
    ]
    parts = [
        f"# Does `{here}` predict `{there}`?",
        f"Kendall's tau of {agreement.variants} variants by their test loss is {tau}: 1 is the same order, 0 none,"
        f" -1 the opposite. {sure}{few}",
        markdown_table([f"better at `{here}`", f"better at `{there}`", "sure at both"], flips)
        if flips
        else "No pair is in another order.",
        markdown_table(["what gains skill", f"at `{here}`", f"at `{there}`", "same sign"], effects),
    ]
    return "\n\n".join(parts) + "\n"
