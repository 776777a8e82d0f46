"""The conclusion: the answer to the report's question, in five sentences that follow from the findings."""

import pandas as pd

from packdepth.analysis.findings import Findings
from packdepth.analysis.rules import ENOUGH, OPEN, REFUTED, SUPPORTED, decide, decisive
from packdepth.analysis.text import interval, listed
from packdepth.config.study import Study

KINDS = {"environment": "the environment around the network", "resources": "restricted learning resources"}


def sentences(study: Study, findings: Findings) -> list[str]:
    """The gap, what closes it, the other hypotheses, the better network at best, and what the gap is due to."""
    verdicts = {key: decide(hypothesis, key, findings) for key, hypothesis in study.verdict.hypotheses.items()}
    causes = [key for key in closing(study) if verdicts[key] == SUPPORTED]
    return [
        _gap(study, findings),
        _causes(causes, findings),
        _others({key: verdict for key, verdict in verdicts.items() if key not in causes}),
        _contest(study, findings),
        _due_to(study, findings, verdicts),
    ]


def closing(study: Study) -> list[str]:
    """The hypotheses that would explain the gap by what closes it."""
    return [key for key, hypothesis in study.verdict.hypotheses.items() if hypothesis.rule == "closes"]


def _gap(study: Study, findings: Findings) -> str:
    loser, winner = study.verdict.gap
    gap = findings.changes("gap").iloc[0]
    losses = f"{findings.of(loser)['test_loss']:.3f} and {findings.of(winner)['test_loss']:.3f}"
    ends = f"As the report built them, `{loser}` and `{winner}` end at test losses of {losses}"
    return f"{ends}, a gap of {interval(gap)}{'' if gap['low'] > 0 else ', which is not sure to be one'}."


def _causes(causes: list[str], findings: Findings) -> str:
    if not causes:
        return f"No decisive change is sure to close {ENOUGH:.0%} of it."
    told = []
    for key in causes:
        rows = decisive(findings, key)
        best = rows.iloc[int(rows["share"].argmax())]
        told.append(f"{key} (`{best['before']}` to `{best['after']}`: {best['share']:.0%} of the gap)")
    return f"What is sure to close {ENOUGH:.0%} of it and more: {listed(told)}."


def _others(verdicts: dict[str, str]) -> str:
    told = []
    for verdict in (SUPPORTED, REFUTED, OPEN):
        keys = [key for key, value in verdicts.items() if value == verdict]
        if keys:
            told.append(f"{listed(keys)} {'is' if len(keys) == 1 else 'are'} {verdict}")
    return f"Of the other hypotheses {', '.join(told)}." if told else "There is no other hypothesis."


def _contest(study: Study, findings: Findings) -> str:
    row = findings.changes("contest").iloc[0]
    other, own = row["before"], row["after"]
    seeds = findings.of(own)["seeds"]
    losses = f"{findings.of(own)['test_loss']:.3f} against {findings.of(other)['test_loss']:.3f}"
    return (
        f"At their best, over {seeds:.0f} seed{'s' if seeds > 1 else ''}, `{own}` {_outcome(row)} `{other}`:"
        f" {losses}, a difference of {interval(row)}."
    )


def _outcome(row: pd.Series) -> str:
    if row["low"] > 0:
        return "beats"
    return "loses to" if row["high"] < 0 else "is neither surely better nor worse than"


def _due_to(study: Study, findings: Findings, verdicts: dict[str, str]) -> str:
    """If the network still loses at its best, the remaining cause is its structure."""
    kinds = {kind: [key for key in closing(study) if study.verdict.hypotheses[key].kind == kind] for kind in KINDS}
    due = [words for kind, words in KINDS.items() if any(verdicts[key] == SUPPORTED for key in kinds[kind])]
    if findings.changes("contest").iloc[0]["high"] < 0:
        due.append("the structure itself, which loses at its best, too")
        left = ""
    else:
        left = "; the structure itself does not lose once it is at its best"
    still_open = [words for kind, words in KINDS.items() if any(verdicts[key] == OPEN for key in kinds[kind])]
    unsure = [words for words in still_open if words not in due]
    left += f"; the part of {listed(unsure)} stays open" if unsure else ""
    if not due:
        return f"What the difference at scale `{study.scale}` is due to was not found{left}."
    return f"So at scale `{study.scale}` the difference is due to {listed(due)}{left}."
