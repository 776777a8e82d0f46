"""The conclusion: the answer to the report's question, in five sentences that follow from the findings."""

from packdepth.analysis.findings import CONTEST, Findings
from packdepth.analysis.text import interval, listed
from packdepth.config.study import Study

KINDS = {
    "structure": "the structure",
    "environment": "the environment around the network",
    "resources": "restricted learning resources",
}
OUTCOMES = {  # of the claim that the network which lost still loses
    "supported": "still loses to",
    "reversed": "beats",
    "refuted": "does as well as",
    "open": "is neither surely worse than nor surely as good as",
}


def sentences(study: Study, findings: Findings) -> list[str]:
    """As reported, at its best, what is supported, what is not, and what the difference is due to."""
    judged = dict(zip(findings.judgements["hypothesis"], findings.judgements["verdict"], strict=True))
    verdicts = {key: str(judged[key]) for key in study.verdict.hypotheses if key in judged}
    return [
        *([_as_reported(study, findings)] if "report" in set(findings.variants["group"]) else []),
        _contest(study, findings),
        _supported(study, findings, verdicts),
        _others(verdicts),
        _due_to(study, findings, verdicts),
    ]


def _as_reported(study: Study, findings: Findings) -> str:
    loser, winner = (findings.of(name) for name in study.verdict.gap)
    return (
        f"As the report built them, `{loser['variant']}` and `{winner['variant']}` end at test losses of"
        f" {loser['test_loss']:.3f} and {winner['test_loss']:.3f}, a skill of {loser['skill']:z.2f} and"
        f" {winner['skill']:z.2f}."
    )


def _contest(study: Study, findings: Findings) -> str:
    judgement = findings.judgement(CONTEST)
    loser, winner = study.verdict.contest
    skills = f"a skill of {findings.of(loser)['skill']:.3f} against {findings.of(winner)['skill']:.3f}"
    seeds = int(judgement["seeds"])
    return (
        f"With a head that reaches and equal tuning, over {seeds} seed{'s' if seeds > 1 else ''}, `{loser}`"
        f" {OUTCOMES[judgement['verdict']]} `{winner}`: {skills}, and the other gains {interval(judgement)}."
    )


def _supported(study: Study, findings: Findings, verdicts: dict[str, str]) -> str:
    keys = [key for key, verdict in verdicts.items() if verdict == "supported"]
    if not keys:
        return "No hypothesis is supported."
    told = [f"{key} ({_claim(study, key)}: {interval(findings.judgement(key))})" for key in keys]
    return f"{'Supported is' if len(keys) == 1 else 'Supported are'} {listed(told)}."


def _claim(study: Study, key: str) -> str:
    claim = study.verdict.hypotheses[key].claim
    return claim[0].lower() + claim[1:]


def _others(verdicts: dict[str, str]) -> str:
    told = []
    for verdict in ("reversed", "refuted", "open"):
        keys = [key for key, value in verdicts.items() if value == verdict]
        if keys:
            told.append(f"{listed(keys)} {'is' if len(keys) == 1 else 'are'} {verdict}")
    return f"Of the others, {'; '.join(told)}." if told else "No other hypothesis has been judged."


def _due_to(study: Study, findings: Findings, verdicts: dict[str, str]) -> str:
    """The kinds of the supported hypotheses; and the structure, if the network still loses at its best."""
    if len(verdicts) < len(study.verdict.hypotheses):
        return "What the difference is due to waits for the hypotheses that are not judged yet."
    contest = str(findings.judgement(CONTEST)["verdict"])
    found = {study.verdict.hypotheses[key].kind for key, verdict in verdicts.items() if verdict == "supported"}
    kinds = [kind for kind in KINDS if kind in found or (kind == "structure" and contest == "supported")]
    left = [kind for kind in KINDS if _is_open(study, verdicts, kind) and kind not in kinds]
    unsure = f"; the part of {listed([KINDS[kind] for kind in left])} stays open" if left else ""
    if not kinds:
        return f"So what the difference at scale `{study.scale}` is due to was not found{unsure}."
    return f"So at scale `{study.scale}` the difference is due to {listed([KINDS[kind] for kind in kinds])}{unsure}."


def _is_open(study: Study, verdicts: dict[str, str], kind: str) -> bool:
    hypotheses = study.verdict.hypotheses
    return any(verdicts.get(key, "open") == "open" for key in hypotheses if hypotheses[key].kind == kind)
