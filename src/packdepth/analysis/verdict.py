"""verdict.md: the verdict on each hypothesis, and the conclusion, all from Findings."""

import pandas as pd

from packdepth import paths
from packdepth.analysis import conclusion
from packdepth.analysis.findings import CONTEST, Findings
from packdepth.analysis.text import html_page, interval, listed, markdown_table, number
from packdepth.config.hypotheses import names_of
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
        _head(study),
        "## Conclusion",
        " ".join(conclusion.sentences(study, findings)),
        "![The effect that decides on each hypothesis](conclusion.png)",
        _at_a_glance(study, findings),
        _not_judged(study, findings),
        *(_section(study, key, findings) for key in judged(study, findings)),
        _contest(study, findings),
        _tuning(findings),
        _factors(findings),
        f"## Every variant\n\n{_listing(study, findings, list(findings.variants['variant']))}",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _head(study: Study) -> str:
    return (
        f"Written by `snakemake verdict` from the results of scale `{study.scale}`; no number here was typed."
        f" *Skill* is 1 - loss / the loss of one fixed map, on the test images; the loss is {_loss(study)}."
        f" Every claim is that one effect on skill exceeds a margin, {study.verdict.margin:.0%} of the better network's"
        " skill at its best."
        " *Supported*: it surely does. *Reversed*: the opposite effect does. *Refuted*: it surely lies within the"
        " margin on both sides, and the design could have seen it. *Open*: everything else. Intervals are 95 %, over"
        " seeds and images; tests have Holm's correction for the number of claims. The *least detectable* effect is"
        " found in four experiments of five."
    )


def _loss(study: Study) -> str:
    terms = {"l1": "L1", "ssim": "(1 - SSIM) / 2", "gradient": "L1 of gradients", "silog": "SILog"}
    weights = {name: getattr(study.loss, name) for name in terms}
    told = " + ".join(f"{weight:g} {terms[name]}" for name, weight in weights.items() if weight)
    return f"`{study.loss_name}`, {told} of max_depth / depth"


def _at_a_glance(study: Study, findings: Findings) -> str:
    hypotheses = study.verdict.hypotheses
    claims = {CONTEST: "It still loses at its best"} | {key: hypotheses[key].claim for key in judged(study, findings)}
    body = []
    for key, claim in claims.items():
        row = findings.judgement(key)
        numbers = [f"{row[name]:.3f}" if pd.notna(row[name]) else "-" for name in ("margin", "least_detectable")]
        body.append([key, claim, f"{row['seeds']:.0f}", interval(row), *numbers, f"**{row['verdict']}**"])
    return markdown_table(
        ["", "claim", "seeds", "effect on skill (95 %)", "margin", "least detectable", "verdict"], body
    )


def judged(study: Study, findings: Findings) -> list[str]:
    """The hypotheses whose groups had been gathered."""
    known = set(findings.judgements["hypothesis"])
    return [key for key in study.verdict.hypotheses if key in known]


def _not_judged(study: Study, findings: Findings) -> str:
    left = [key for key in study.verdict.hypotheses if key not in judged(study, findings)]
    return f"Not judged yet, as their runs are not all there: {listed(left)}." if left else ""


def _section(study: Study, key: str, findings: Findings) -> str:
    hypothesis = study.verdict.hypotheses[key]
    row = findings.judgement(key)
    verdict = str(row["verdict"])
    parts = [
        f"## {key}: {hypothesis.claim}",
        f"**{verdict.capitalize()}.** {_effect(row, hypothesis.sign)}",
        f"![{key}]({key}.png)",
        _changes(findings, key),
        _lengths(findings) if hypothesis.panel == "curves" else "",
        _of_autoencoders(findings, names_of(hypothesis.changes)) if hypothesis.panel == "autoencoders" else "",
        f"`snakemake {key}` trains and evaluates what this rests on, `snakemake verdict` writes it anew.",
    ]
    return "\n\n".join(part for part in parts if part)


def _effect(row: pd.Series, sign: int = 1) -> str:
    """What decides, in a sentence or two."""
    verb = "gains" if sign > 0 else "loses"
    over = f"over {row['seeds']:.0f} seed{'s' if row['seeds'] > 1 else ''}"
    over += f" and {row['images']:.0f} images" if row["images"] > 1 else ""
    limits = f"The margin is {row['margin']:.3f}, the least detectable effect {row['least_detectable']:.3f}."
    if pd.isna(row["margin"]):
        limits = "No network has learned anything, so there is no margin."
    of = f"{row['of'][0].upper()}{row['of'][1:]}"
    return f"{of} {verb} a skill of {interval(row)}, {over}. {limits}"


def _changes(findings: Findings, key: str) -> str:
    rows = findings.changes(key)
    if rows.empty:
        return ""
    body = [[row["change"], f"{row['seeds']:.0f}", interval(row)] for _, row in rows.iterrows()]
    return markdown_table(["change", "seeds", "skill gained (95 %)"], body)


def _lengths(findings: Findings) -> str:
    """Whether a power law through the shorter trainings foretold the longest one, and where the curves cross."""
    told = [
        f"A power law through `{row['architecture']}`'s shorter trainings foretold a test loss of"
        f" {row['predicted']:.3f} after {row['steps']:.0f} steps; it was {row['found']:.3f}, a difference of"
        f" {row['found'] - row['predicted']:z.3f} ({row['low']:z.3f} to {row['high']:z.3f})."
        for _, row in findings.foretold.iterrows()
    ]
    for _, row in findings.crossed.iterrows():
        curves = f"The curves of `{row['first']}` and `{row['second']}`"
        where = f"cross at {row['steps']:.0f} steps" if pd.notna(row["steps"]) else "do not cross within these lengths"
        told.append(f"{curves} {where}; they do in {row['share']:.0%} of bootstrap samples over seeds.")
    return " ".join(told)


def _of_autoencoders(findings: Findings, names: list[str]) -> str:
    errors = [name for name in findings.autoencoders.columns if name.startswith(ERRORS)]
    head = ["variant", "images", "parameters", "forward 1e9 operations", "PSNR (dB)", "SSIM"]
    head += [f"error to {name.removeprefix(ERRORS)}" for name in errors]
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
    row = findings.judgement(CONTEST)
    loser, winner = study.verdict.contest
    parts = [
        "## Both at their best",
        f"`{loser}` {conclusion.OUTCOMES[row['verdict']]} `{winner}`. {_effect(row)}",
        _listing(study, findings, list(study.groups.contest.variants)),
    ]
    return "\n\n".join(parts)


def _tuning(findings: Findings) -> str:
    """Every trial, so that readers see that no structure had more of them."""
    if findings.tuning.empty:
        return ""
    head = ["trial", "learning rate", "loss on held-out frames", "expected best of as many trials"]
    trials = findings.tuning.groupby("structure", sort=False).cumcount() + 1
    body = [
        [f"`{row['variant']}`", f"{row['rate']:g}", f"{row['loss']:.3f}", f"{row['expected_best']:.3f} of {number}"]
        for number, (_, row) in zip(trials, findings.tuning.iterrows(), strict=True)
    ]
    note = (
        "Every structure had the same trials, one seed each. The rates of the networks above follow from this table."
        " For the expected best, a trial without skill counts as one fixed map."
    )
    return "\n\n".join(["## Tuning", markdown_table(head, body), note])


def _factors(findings: Findings) -> str:
    """Every effect of the design, and what each factor does in either network."""
    if findings.factors.empty:
        return ""
    body = [[f"`{row['effect']}`", interval(row)] for _, row in findings.factors.iterrows()]
    note = (
        "A factor's effect is what its second level gains over its first, on average over all else; an interaction with"
        " the network is what it gains in the second network minus what it gains in the first. Other interactions are"
        " half of such a difference. Effects joined by + are estimated as one sum. `packdepth design` lists the runs."
    )
    return "\n\n".join(
        [
            "## Many settings at once",
            "![What each factor does in either network](factors.png)",
            markdown_table(["effect", "on skill (95 %)"], body),
            note,
        ]
    )


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
        "skill",
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
                number(row["skill"], 3),
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
