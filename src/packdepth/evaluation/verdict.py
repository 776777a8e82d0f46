"""docs/verdict.md: what came of each hypothesis, and the answer to the report's question, all from Findings."""

import pandas as pd

from packdepth import layout
from packdepth.evaluation._text import markdown_table, number
from packdepth.evaluation.decisions import ENOUGH, OPEN, REFUTED, SUPPORTED, decide, reach
from packdepth.evaluation.findings import Findings
from packdepth.files import write_text
from packdepth.hypotheses import Hypothesis
from packdepth.params import Study

KINDS = {
    "structure": "the structure itself",
    "environment": "the environment: what surrounds the network",
    "resources": "restricted learning resources",
}


def write_verdict(study: Study, findings: Findings) -> str:
    """Write verdict.md; returns it."""
    text = markdown(study, findings)
    write_text(layout.verdict(study.scale), text)
    return text


def markdown(study: Study, findings: Findings) -> str:
    """The whole document."""
    parts = [
        "# Why PackNet loses, and whether it has to",
        _head(study),
        "## The answer",
        " ".join(answer(study, findings)),
        "![Test loss of the networks that the answer is about](verdict/answer.png)",
        *(_section(study, key, findings) for key in study.verdict.hypotheses),
        _contest(study, findings),
        _rungs(study, findings),
        _everything(findings),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(study: Study) -> str:
    return (
        f"Written by `snakemake verdict` from the results of scale `{study.scale}`; no number here was typed. *Loss* is"
        f" the report's, {_loss(study)}, on the test images, each held against the same image's loss in another"
        " network. Intervals are 95 %: over images (paired bootstrap) and over seeds, whose spread is that of the"
        f" variants of `contest`. A cause counts if removing it closes {ENOUGH:.0%} of the gap between"
        f" {' and '.join(f'`{name}`' for name in study.verdict.gap)}."
    )


def _loss(study: Study) -> str:
    weights = {name: weight for name, weight in study.training.loss.model_dump().items() if weight}
    terms = {"l1": "L1", "ssim": "(1 - SSIM) / 2", "gradient": "L1 of gradients", "silog": "SILog"}
    return " + ".join(f"{weight:g} {terms[name]}" for name, weight in weights.items()) + " of max_depth / depth"


def answer(study: Study, findings: Findings) -> list[str]:
    """Five sentences."""
    gap = findings.effects.iloc[0]
    of, to = (findings.of(name) for name in study.verdict.gap)
    verdicts = {key: decide(hypothesis, key, findings) for key, hypothesis in study.verdict.hypotheses.items()}
    supported = [key for key, verdict in verdicts.items() if verdict == SUPPORTED and _of_gap(study, key)]
    return [
        f"As the report built it, PackNet ends at a test loss of {of['test_loss']:.3f} and DenseDepth at"
        f" {to['test_loss']:.3f}, a gap of {_interval(gap)}.",
        _causes(study, supported, findings),
        _others(study, verdicts),
        _contest_in_words(study, findings),
        _due_to(study, supported),
    ]


def _causes(study: Study, supported: list[str], findings: Findings) -> str:
    if not supported:
        return f"No single change that was tried is sure to close {ENOUGH:.0%} of it."
    told = []
    for key in supported:
        rows = findings.effects[findings.effects["hypothesis"] == key]
        best = rows.loc[rows.loc[rows["decides"], "share"].abs().idxmax()]
        told.append(f"{key} (`{best['before']}` to `{best['after']}`: {best['share']:.0%} of the gap)")
    return f"What moves it by {ENOUGH:.0%} and more is {', '.join(told)}."


def _of_gap(study: Study, key: str) -> bool:
    """Whether a hypothesis would explain the gap; what autoencoders keep, and what skips carry, are no faults."""
    return study.verdict.hypotheses[key].rule in ("closes", "vanishes")


def _others(study: Study, verdicts: dict[str, str]) -> str:
    told = []
    for verdict in (REFUTED, OPEN):
        keys = [key for key, value in verdicts.items() if value == verdict]
        if keys:
            told.append(f"{', '.join(keys)} {'is' if len(keys) == 1 else 'are'} {verdict}")
    return f"Of the other hypotheses {'; '.join(told)}." if told else "No hypothesis is left over."


def _contest_in_words(study: Study, findings: Findings) -> str:
    rows = findings.effects[findings.effects["hypothesis"] == "contest"]
    if rows.empty:
        return "The two were not compared at their best."
    row = rows.iloc[0]
    before, after = findings.of(row["before"]), findings.of(row["after"])
    outcome = "PackNet wins" if row["low"] > 0 else "PackNet loses" if row["high"] < 0 else "neither is surely better"
    return (
        f"Both at their best, tuned on the same grid and trained as long, over {after['seeds']:.0f} seeds,"
        f" {outcome}: {after['test_loss']:.3f} against {before['test_loss']:.3f}, a difference of {_interval(row)}."
    )


def _due_to(study: Study, supported: list[str]) -> str:
    kinds = {study.verdict.hypotheses[key].kind for key in supported}
    due = [words for kind, words in KINDS.items() if kind in kinds]
    if not due:
        return f"What the difference is due to stays open at scale `{study.scale}`."
    not_due = [words.partition(":")[0] for kind, words in KINDS.items() if kind not in kinds]
    others = f", not {' or '.join(not_due)}" if not_due else ""
    return f"So at scale `{study.scale}` the difference is due to {' and '.join(due)}{others}."


def _section(study: Study, key: str, findings: Findings) -> str:
    hypothesis = study.verdict.hypotheses[key]
    rows = findings.effects[findings.effects["hypothesis"] == key]
    parts = [
        f"## {key}: {hypothesis.claim}",
        f"**{decide(hypothesis, key, findings).capitalize()}.** {_why(hypothesis, key, findings)}",
        f"![{key}](verdict/{key}.png)",
        _of_autoencoders(findings, rows) if hypothesis.rule == "keeps" else _table(findings, rows),
        f"`snakemake {key} verdict` makes it again.",
    ]
    return "\n\n".join(parts)


def _why(hypothesis: Hypothesis, key: str, findings: Findings) -> str:
    if hypothesis.rule == "vanishes":
        shares = [f"{reach(findings, name):.2g} in `{name}`" for name in hypothesis.decisive[0]]
        return f"The first stage's gradient norm, as a share of the median stage's, is {' and '.join(shares)}."
    rows = findings.effects[(findings.effects["hypothesis"] == key) & findings.effects["decides"]]
    if hypothesis.rule == "keeps":
        told = [f"{_interval(row, 2)} dB more than `{row['before']}`" for _, row in rows.iterrows()]
        return f"On photographs, `{rows['after'].iloc[0]}` has a PSNR of {'; '.join(told)}."
    signed = rows["share"] if hypothesis.rule == "closes" else -rows["share"]
    best = rows.iloc[int(signed.argmax())]
    verb = "closes" if hypothesis.rule == "closes" else "costs"
    amount = signed.max()
    return f"At the most a decisive change {verb} {amount:.0%} of the gap (`{best['before']}` to `{best['after']}`)."


def _table(findings: Findings, rows: pd.DataFrame) -> str:
    head = ["from", "to", "decisive", "loss before", "after", "less by (95 %)", "of the gap"]
    body = [
        [
            f"`{row['before']}`",
            f"`{row['after']}`",
            "yes" if row["decides"] else "",
            f"{findings.of(row['before'])['test_loss']:.3f}",
            f"{findings.of(row['after'])['test_loss']:.3f}",
            _interval(row),
            f"{row['share']:.0%}",
        ]
        for _, row in rows.iterrows()
    ]
    return markdown_table(head, body)


def _of_autoencoders(findings: Findings, rows: pd.DataFrame) -> str:
    errors = [name for name in findings.autoencoders.columns if name.startswith("error_to_")]
    head = ["variant", "images", "parameters", "forward 1e9 operations", "PSNR (dB)", "SSIM"]
    head += [f"error to {name.removeprefix('error_to_')}" for name in errors]
    names = set(rows["before"]) | set(rows["after"])
    body = [
        [
            str(row["variant"]),
            str(row["images"]),
            f"{row['parameters'] / 1e6:.2f} M",
            f"{row['forward_gflops']:.2f}",
            f"{row['psnr']:.2f}",
            f"{row['ssim']:.3f}",
            *(f"{row[name]:.2%}" for name in errors),
        ]
        for _, row in findings.autoencoders.iterrows()
        if row["variant"] in names
    ]
    note = "*error to f*: energy of the error over that of the image, in the octave of frequencies up to f cycles a px."
    return f"{markdown_table(head, body)}\n\n{note}"


def _interval(row: pd.Series, digits: int = 3) -> str:
    return f"{row['mean']:.{digits}f} ({row['low']:.{digits}f} to {row['high']:.{digits}f})"


def _contest(study: Study, findings: Findings) -> str:
    if not study.contest.variants:
        return ""
    names = list(study.contest.variants)
    rows = findings.effects[findings.effects["hypothesis"] == "contest"]
    intervals = [f"{row['low_images']:.3f} to {row['high_images']:.3f}" for _, row in rows.iterrows()]
    text = f" Over the test images alone (paired bootstrap): {', '.join(intervals)}." if intervals else ""
    return f"## Both at their best\n\n{_listing(findings, names)}\n\n{_table(findings, rows)}\n\n{text.strip()}"


def _rungs(study: Study, findings: Findings) -> str:
    if findings.rungs.empty:
        return ""
    told = [
        f"- `{row['scale']}`: Kendall's tau {row['tau']:.2f} over {row['variants']} variants; "
        + (
            f"in another order there: {row['flipped']}."
            if pd.notna(row["flipped"]) and row["flipped"]
            else "no pair flips."
        )
        for _, row in findings.rungs.iterrows()
    ]
    head = "## Does a small rung tell the truth?"
    how = (
        f"The order of the report's variants at `{study.scale}`, by the loss over the last tenth of the steps, and at:"
    )
    return "\n\n".join([head, how, "\n".join(told)])


def _everything(findings: Findings) -> str:
    return f"## Every variant\n\n{_listing(findings, list(findings.variants['variant']))}"


def _listing(findings: Findings, names: list[str]) -> str:
    head = ["variant", "seeds", "parameters", "training loss", "last tenth", "test loss", "abs_rel", "rmse", "delta1"]
    head += ["spread", "correlation", "saturated", "noise scale", "time"]
    body = []
    for name in names:
        row = findings.of(name)
        body.append(
            [
                name,
                f"{row['seeds']:.0f}",
                f"{row['parameters'] / 1e6:.2f} M",
                *(number(row[key], 3) for key in ("training_loss", "final_loss")),
                number(row["test_loss"], 3, row["test_loss_std"]),
                *(number(row[key], 3) for key in ("abs_rel", "rmse", "delta1")),
                *(number(row[key], 2) for key in ("spread", "correlation", "saturation")),
                number(row["noise_scale"], 0),
                f"{row['seconds']:.0f} s",
            ]
        )
    return markdown_table(head, body)
