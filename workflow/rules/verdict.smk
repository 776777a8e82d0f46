# Why PackNet loses: the findings of the groups that the verdict compares, and what follows for each hypothesis.
localrules:
    findings,
    verdict_figure,
    write_verdict,
    verdict,


for group in paths.GATHERED:

    rule:
        """Sum up the runs of this group."""
        name:
            f"gather_{group}"
        input:
            rooms("analysis"),
            [*runs_of(group, TRAINED), *runs_of(group, EVALUATED)],
        output:
            gathered_of(group),
        log:
            f"{RESULTS}/logs/gather_{group}.log",
        localrule: True
        params:
            group=group,
            settings=settings(f"groups/{group}"),
        message:
            "Gathering: {params.group}"
        shell:
            logged("packdepth gather {params.group}")


rule findings:
    """Judge every hypothesis."""
    input:
        rooms("analysis"),
        rules.floors.output,
        [path for group in paths.TOLD for path in gathered_of(group)],
    output:
        expand(f"{VERDICT}/findings/{{table}}.csv", table=FINDINGS),
    log:
        f"{RESULTS}/logs/findings.log",
    params:
        **told_settings(),
    message:
        "Verdict: what was found"
    shell:
        logged("packdepth findings")


rule verdict_figure:
    """Draw the figure of one hypothesis, of the conclusion, or of the factorial design."""
    input:
        rooms("analysis", "figures"),
        rules.findings.output,
    output:
        report(
            f"{VERDICT}/{{key}}.png",
            caption="../report/verdict_figure.rst",
            category=CHAPTER,
            labels={"what": "Figure", "of": "{key}"},
        ),
    log:
        f"{RESULTS}/logs/verdict_{{key}}.log",
    wildcard_constraints:
        key="conclusion|factors|H[0-9]+",
    params:
        settings=settings("verdict"),
    message:
        "Figure: {wildcards.key}"
    shell:
        logged("packdepth verdict-figure {wildcards.key}")


rule write_verdict:
    """Write the verdict on each hypothesis."""
    input:
        rooms("analysis"),
        rules.findings.output,
    output:
        f"{VERDICT}/verdict.md",
        report(
            f"{VERDICT}/verdict.html",
            caption="../report/verdict.rst",
            category=CHAPTER,
            labels={"what": "Text", "of": "verdict"},
        ),
    log:
        f"{RESULTS}/logs/verdict.log",
    params:
        **told_settings(),
    message:
        "Verdict"
    shell:
        logged("packdepth verdict")


rule verdict:
    """Write the verdict on every hypothesis, with its figures."""
    input:
        rules.write_verdict.output,
        expand(rules.verdict_figure.output, key=["conclusion", "factors", *STUDY.verdict.hypotheses]),


for hypothesis in STUDY.verdict.hypotheses:

    rule:
        """Train and evaluate what this hypothesis needs."""
        name:
            hypothesis
        input:
            runs_behind(hypothesis),
        localrule: True
