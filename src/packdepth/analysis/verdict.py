"""docs/verdict.md: the verdict on each hypothesis, and the conclusion, all from Findings."""

import pandas as pd

from packdepth import paths
from packdepth.analysis import conclusion
from packdepth.analysis.findings import Findings
from packdepth.analysis.rules import ENOUGH, decide, decisive
from packdepth.analysis.text import html_page, interval, markdown_table, number
from packdepth.config.hypotheses import Hypothesis
from packdepth.config.study import Study
from packdepth.utils.files import write_text

ERRORS = "error_to_"  # columns of autoencoders.csv, by the highest frequency of their octave


def write_verdict(study: Study, findings: Findings) -> str:
    """Write verdict.md, and verdict.html, which is the same without figures; returns the former."""
    text = verdict_markdown(study, findings)
    write_text(paths.verdict(study.scale) / "verdict.md", text)
    write_text(paths.verdict(study.scale) / "verdict.html", html_page(text))
    return text


def verdict_markdown(study: Study, findings: Findings) -> str:
    """The whole document."""
    parts = [
        "# Why PackNet loses, and whether it has to",
        _head(study, findings),
        "## Conclusion",
        " ".join(conclusion.sentences(study, findings)),
        "![Test loss of the networks that the answer is about](conclusion.png)",
        *(_section(study, key, findings) for key in study.verdict.hypotheses),
        _contest(study, findings),
        _scales(study, findings),
        f"## Every variant\n\n{_listing(study, findings, list(findings.variants['variant']))}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(study: Study, findings: Findings) -> str:
    gap = findings.changes("gap").iloc[0]
    seeds = "what another seed would change is unknown, so that little can be decided"
    if pd.notna(gap["seed_noise"]):
        spread = f"{gap['seed_noise']:.3f}, is that of the variants of `contest`, and taken for that of all"
        seeds = f"over seeds (their spread, {spread})"
    return (
        f"Written by `snakemake verdict` from the results of scale `{study.scale}`; no number here was typed. *Loss* is"
        f" {_loss(study)}, on the test images, each held against the same image's loss in another network. Intervals"
        f" are 95 %: over images (paired bootstrap) and {seeds}. A cause counts if removing it closes {ENOUGH:.0%} of"
        f" the gap between {' and '.join(f'`{name}`' for name in study.verdict.gap)}."
    )


def _loss(study: Study) -> str:
    terms = {"l1": "L1", "ssim": "(1 - SSIM) / 2", "gradient": "L1 of gradients", "silog": "SILog"}
    weights = {name: getattr(study.loss, name) for name in terms}
    told = " + ".join(f"{weight:g} {terms[name]}" for name, weight in weights.items() if weight)
    return f"`{study.loss_name}`, {told} of max_depth / depth"


def _section(study: Study, key: str, findings: Findings) -> str:
    hypothesis = study.verdict.hypotheses[key]
    rows = findings.changes(key)
    parts = [
        f"## {key}: {hypothesis.claim}",
        f"**{decide(hypothesis, key, findings).capitalize()}.** {_why(hypothesis, key, findings)}",
        f"![{key}]({key}.png)",
        _of_autoencoders(findings, rows) if hypothesis.rule == "keeps" else _changes(findings, rows),
        f"`snakemake {key}` trains and evaluates what this rests on, `snakemake verdict` writes it anew.",
    ]
    return "\n\n".join(parts)


def _why(hypothesis: Hypothesis, key: str, findings: Findings) -> str:
    rows = decisive(findings, key)
    if hypothesis.rule == "vanishes":
        told = [(name, findings.of(name)) for name in hypothesis.decisive[0]]
        shares = [
            f"{row['reach']:.2g} ({row['reach_low']:.2g} to {row['reach_high']:.2g}) in `{name}`" for name, row in told
        ]
        return (
            "The first stage's gradient (root mean square over parameters), as a share of the median stage's, is"
            f" {' and '.join(shares)}: medians over the training, and where eight of ten steps lie."
        )
    if hypothesis.rule == "keeps":
        told_of = [f"{interval(row, 2)} dB to that of `{row['before']}`" for _, row in rows.iterrows()]
        return f"On the test images the PSNR of `{rows['after'].iloc[0]}` is, as a difference, {'; '.join(told_of)}."
    signed = rows["share"] if hypothesis.rule == "closes" else -rows["share"]
    best = rows.iloc[int(signed.argmax())]
    verb = "closes" if hypothesis.rule == "closes" else "costs"
    which = "The decisive change" if len(rows) == 1 else "Of the decisive changes the one that does most"
    return f"{which}, `{best['before']}` to `{best['after']}`, {verb} {signed.max():z.0%} of the gap."


def _changes(findings: Findings, rows: pd.DataFrame) -> str:
    head = ["from", "to", "decisive", "loss before", "after", "less by (95 %)", "of the gap"]
    body = [
        [
            f"`{row['before']}`",
            f"`{row['after']}`",
            "yes" if row["decides"] else "",
            f"{findings.of(row['before'])['test_loss']:.3f}",
            f"{findings.of(row['after'])['test_loss']:.3f}",
            interval(row),
            f"{row['share']:z.0%}",
        ]
        for _, row in rows.iterrows()
    ]
    return markdown_table(head, body)


def _of_autoencoders(findings: Findings, rows: pd.DataFrame) -> str:
    errors = [name for name in findings.autoencoders.columns if name.startswith(ERRORS)]
    head = ["variant", "images", "parameters", "forward 1e9 operations", "PSNR (dB)", "SSIM"]
    head += [f"error to {name.removeprefix(ERRORS)}" for name in errors]
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
    note = (
        "*Error to f*: energy of the error over that of the images, in the octave of spatial frequencies up to f cycles"
        " a px (the first: all below). *photos* are photographs, of which none was trained on."
    )
    return f"{markdown_table(head, body)}\n\n{note}"


def _contest(study: Study, findings: Findings) -> str:
    rows = findings.changes("contest")
    images = [f"{row['low_images']:.3f} to {row['high_images']:.3f}" for _, row in rows.iterrows()]
    parts = [
        "## Both at their best",
        _listing(study, findings, list(study.groups.contest.variants)),
        _changes(findings, rows),
        f"Over the test images only (paired bootstrap, seeds held fixed): {', '.join(images)}.",
    ]
    return "\n\n".join(parts)


def _scales(study: Study, findings: Findings) -> str:
    if findings.scales.empty:
        return ""
    told = []
    for _, row in findings.scales.fillna("").iterrows():
        flipped = f"in another order there: {row['flipped']}" if row["flipped"] else "no pair flips"
        told.append(f"- `{row['scale']}`: Kendall's tau {row['tau']:.2f} over {row['variants']} variants; {flipped}.")
    head = "## Does a small scale tell the truth?"
    how = (
        f"The order of the report's variants, by the loss over the last tenth of the steps, at `{study.scale}` and at:"
    )
    return "\n\n".join([head, how, "\n".join(told)])


def _listing(study: Study, findings: Findings, names: list[str]) -> str:
    """Training losses, only of variants that were trained with the study's loss."""
    head = [
        "variant",
        "seeds",
        "steps",
        "parameters",
        "training loss",
        "last tenth",
        "test loss",
        "abs_rel",
        "rmse (m)",
    ]
    head += ["delta1", "spread", "correlation", "saturated", "noise scale"]
    body = []
    for name in names:
        row = findings.of(name)
        own = study.variant(name).loss == study.loss
        body.append(
            [
                name,
                *(f"{row[key]:.0f}" for key in ("seeds", "steps")),
                f"{row['parameters'] / 1e6:.2f} M",
                *(number(row[key], 3) if own else "other" for key in ("training_loss", "final_loss")),
                number(row["test_loss"], 3, row["test_loss_std"]),
                *(number(row[key], 3) for key in ("abs_rel", "rmse", "delta1")),
                *(number(row[key], 2) for key in ("spread", "correlation", "saturation")),
                number(row["noise_scale"], 0),
            ]
        )
    note = (
        "*spread*: standard deviation of predictions over that of the truth, *saturated*: share of pixels within 1 % of"
        " the head's ceiling, both in the last fifth of the training. *noise scale*: batch size at which a gradient's"
        " noise equals its size, over the training."
    )
    return f"{markdown_table(head, body)}\n\n{note}"
