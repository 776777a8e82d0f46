"""When a hypothesis counts as supported or refuted, by the effects of its decisive changes."""

from packdepth.evaluation.findings import Findings
from packdepth.hypotheses import Hypothesis

ENOUGH = 0.25  # of the gap: what closes less explains too little of it
VANISHED = 0.1  # the share of the other network's gradient that counts as none
SUPPORTED, REFUTED, OPEN = "supported", "refuted", "open"


def decide(hypothesis: Hypothesis, key: str, findings: Findings) -> str:
    """The verdict on a hypothesis.

    closes, carries: supported if a decisive change is sure to move the loss by a quarter of the gap, in the direction
    that the claim says; refuted if every one is sure not to; sure: the 95 % interval over images and seeds. vanishes:
    supported if the first variant's `reach` is below a tenth of the second's, else refuted. keeps: supported if every
    decisive rival is sure to have a lower PSNR, refuted if one is sure to have a higher one.
    """
    if hypothesis.rule == "vanishes":
        of, than = hypothesis.decisive[0]
        return SUPPORTED if reach(findings, of) < VANISHED * reach(findings, than) else REFUTED
    rows = findings.effects[(findings.effects["hypothesis"] == key) & findings.effects["decides"]]
    if hypothesis.rule == "keeps":
        return SUPPORTED if (rows["low"] > 0).all() else REFUTED if (rows["high"] < 0).any() else OPEN
    least = ENOUGH * findings.effects["mean"].iloc[0]
    low, high = (rows["low"], rows["high"]) if hypothesis.rule == "closes" else (-rows["high"], -rows["low"])
    if (low > least).any():
        return SUPPORTED
    return REFUTED if (high < least).all() else OPEN


def reach(findings: Findings, variant: str) -> float:
    """The gradient norm of a network's first stage as a share of the median stage's."""
    norms = findings.stages.loc[findings.stages["variant"] == variant, "gradient_norm"]
    return float(norms.iloc[0] / norms.median())
