"""The figures of the verdict: each hypothesis's, the conclusion's, and that of the factorial design."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from packdepth.analysis.findings import CONTEST, Findings
from packdepth.analysis.text import listed
from packdepth.config.hypotheses import names_of
from packdepth.config.study import Study
from packdepth.figures._style import canvas
from packdepth.figures.verdict import panels
from packdepth.figures.verdict.forest import VERDICTS, forest

CONCLUSION, FACTORS = "conclusion", "factors"  # names of figures
BAND = "Bars: 95 % intervals, not corrected for the number of claims. Grey: effects that do not matter."
VERBS = {
    "supported": "is supported",
    "reversed": "is reversed",
    "refuted": "is refuted",
    "open": "stays open",
}


def draw(study: Study, findings: Findings, key: str, path: Path) -> None:
    """Write the figure of hypothesis `key`, the conclusion's, or that of the factors to `path`."""
    others: dict[str, Callable[[Study, Findings, Path], None]] = {CONCLUSION: _conclusion, FACTORS: _factors}
    if key in others:
        others[key](study, findings, path)
    else:
        _hypothesis(study, findings, key, path)


def _hypothesis(study: Study, findings: Findings, key: str, path: Path) -> None:
    """What decides and what is told with it on the left, what happened in the networks on the right."""
    hypothesis = study.verdict.hypotheses[key]
    judgement = findings.judgement(key)
    panel = panels.factor if hypothesis.factor else panels.PANELS.get(hypothesis.panel or "")
    rows = pd.DataFrame([judgement]).assign(name="what decides, as claimed")
    told = findings.changes(key).assign(name=lambda table: table["change"])
    if hypothesis.gain:
        told = told.iloc[1:]  # the first is what decides
    if hypothesis.factor:
        network = next(iter(study.groups.factors.factors.values()))
        wanted = [f"{hypothesis.factor} in {level}" for level in network]
        told = findings.factors[findings.factors["effect"].isin(wanted)].assign(name=lambda table: table["effect"])
    rows = pd.concat([rows, told], ignore_index=True)
    title = f"{key} {VERBS[judgement['verdict']]}: {hypothesis.claim} (scale {study.scale})"
    note = f"What decides: {str(judgement['of']).replace('`', '')}. {BAND}"
    places = "effects panel" if panel else "effects"
    places = f"{places}; frequency frequency" if hypothesis.panel == "autoencoders" else places
    mosaic = [line.split() for line in places.split(";")]
    height = max(3.8 if panel else 2.2, 1.6 + 0.5 * len(rows)) + 2.8 * (len(mosaic) - 1)
    with canvas(path, title, note, height=height) as figure:
        axes = figure.subplot_mosaic(mosaic)  # type: ignore[arg-type]
        forest(axes["effects"], rows, judgement["margin"], "effect on skill")
        if panel:
            panel(axes["panel"], study, findings, key)
        if "frequency" in axes:
            panels.by_frequency(axes["frequency"], findings, names_of(hypothesis.changes))


def _conclusion(study: Study, findings: Findings, path: Path) -> None:
    """The effect that decides on each claim, in margins."""
    rows = findings.judgements[findings.judgements["margin"].notna()].copy()
    for column in ("mean", "low", "high"):
        rows[column] = rows[column] / rows["margin"]
    claims = {CONTEST: f"{study.verdict.contest[0]} still loses"} | {
        key: f"{key}: {hypothesis.claim}" for key, hypothesis in study.verdict.hypotheses.items()
    }
    rows = rows.assign(name=[claims[key] for key in rows["hypothesis"]])
    verdicts = dict(zip(rows["hypothesis"], rows["verdict"], strict=True))
    told = [] if len(rows) else ["no network has learned anything"]
    for verdict in VERDICTS:
        keys = [str(key) for key, value in verdicts.items() if value == verdict]
        told += [f"{verdict}: {listed(keys)}"] if keys else []
    title = f"{'; '.join(told)} (scale {study.scale})"
    note = f"Effects in margins, {study.verdict.margin:.0%} of the better network's skill. {BAND}"
    with canvas(path, f"{title[0].upper()}{title[1:]}", note, height=max(2.0, 1.4 + 0.48 * len(rows))) as figure:
        forest(figure.subplots(), rows, 1.0, "effect on skill, in margins")


def _factors(study: Study, findings: Findings, path: Path) -> None:
    """Main effects and interactions of the factorial design."""
    rows = findings.factors[~findings.factors["effect"].str.contains(" in ")].assign(name=lambda t: t["effect"])
    margin = findings.judgement(CONTEST)["margin"]
    largest = rows.iloc[int(rows["mean"].abs().argmax())]
    title = f"Of all settings changed at once, {largest['effect']} does most (scale {study.scale})"
    with canvas(path, title, BAND, height=1.2 + 0.3 * len(rows)) as figure:
        forest(figure.subplots(), rows, margin, "effect on skill")
