"""When a hypothesis counts as supported or refuted."""

import pandas as pd

from packdepth.analysis.findings import Findings
from packdepth.config.hypotheses import Hypothesis

ENOUGH = 0.25  # of the gap: what closes less explains too little of it
VANISHED = 0.1  # a smaller share of the other network's gradient counts as none
SUPPORTED, REFUTED, OPEN = "supported", "refuted", "open"


def decide(hypothesis: Hypothesis, key: str, findings: Findings) -> str:
    """The verdict on a hypothesis, by its decisive changes. Sure means that the whole 95 % interval agrees.

    closes, carries: supported if one change is sure to move the loss by a quarter of the gap, in the claimed
    direction; refuted if every one is sure not to; open without a sure gap.
    keeps: supported if every rival is sure to have a lower PSNR, refuted if one is sure to have a higher one.
    Open, too, where the spread over seeds is unknown.
    vanishes: supported if the reach of the first variant's gradient is below a tenth of the second's, refuted if it is
    not, in most of the measured steps.
    """
    if hypothesis.rule == "vanishes":
        return _vanishes(*(findings.of(name) for name in hypothesis.decisive[0]))
    rows = decisive(findings, key)
    gap = findings.changes("gap").iloc[0]
    if rows["seed_noise"].isna().any():
        return OPEN
    if hypothesis.rule == "keeps":
        return SUPPORTED if (rows["low"] > 0).all() else REFUTED if (rows["high"] < 0).any() else OPEN
    if gap["low"] <= 0:
        return OPEN
    low, high = (rows["low"], rows["high"]) if hypothesis.rule == "closes" else (-rows["high"], -rows["low"])
    least = ENOUGH * gap["mean"]
    return SUPPORTED if (low > least).any() else REFUTED if (high < least).all() else OPEN


def decisive(findings: Findings, key: str) -> pd.DataFrame:
    """The effects that the verdict on a hypothesis follows from."""
    rows = findings.changes(key)
    return rows[rows["decides"]]


def _vanishes(of: pd.Series, than: pd.Series) -> str:
    if of["reach_high"] < VANISHED * than["reach_low"]:
        return SUPPORTED
    return REFUTED if of["reach_low"] > VANISHED * than["reach_high"] else OPEN
