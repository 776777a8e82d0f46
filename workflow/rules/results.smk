# Tables and figures: they read result files only, and take seconds.
localrules:
    table,


TABLED = ["report", "temporal", "supervision"]  # groups with a table; the verdict tells of the others
TITLES = {
    "curves": "Training loss",
    "loss_spread": "Losses of single batches",
    "bars": "Reported and measured loss and time",
    "panel": "Test images and predictions",
    "error_by_distance": "Error by distance",
    "gradients": "Gradients by stage",
    "temporal_panel": "Test images and predictions of the temporal pair",
    "context_quality": "Quality of synthetic frames",
    "context_examples": "Examples of synthetic frames",
    "scale_factor": "Factor from predicted to true depth",
    "speed_sensor": "Faults of the speed sensor",
    "supervision_panel": "Test images and predictions by supervision",
}
CHAPTERS = {
    "report": "1. The report's variants",
    "temporal": "2. Learning from neighbouring frames",
    "supervision": "2. Learning from neighbouring frames",
}


def results_of(group):
    """The table and the figures of a group; of one without any, what was measured."""
    table = expand(rules.table.output, group=group) if group in TABLED else []
    return [*table, *figures_of(group)] or runs_of(group, EVALUATED)


def figures_of(group):
    return [f"{RESULTS}/figures/{name}.png" for name in STUDY.by_group[group].figures]


def quality_of_context(group):
    """What the temporal pair's figures show besides its runs."""
    return rules.measure_context.output if group == "temporal" else []


rule table:
    """Write the table of one group."""
    message:
        "Table: {wildcards.group}"
    input:
        rooms("analysis"),
        lambda wildcards: shown_in(wildcards.group),
    output:
        f"{RESULTS}/tables/{{group}}.csv",
        f"{RESULTS}/tables/{{group}}.md",
        report(
            f"{RESULTS}/tables/{{group}}.html",
            caption="../report/table.rst",
            category=lambda wildcards: CHAPTERS.get(wildcards.group, wildcards.group),
            labels={"what": "Table", "of": "{group}"},
        ),
        f"{RESULTS}/tables/{{group}}_provenance.json",
    log:
        f"{RESULTS}/logs/table_{{group}}.log",
    params:
        settings=lambda wildcards: settings(f"groups/{wildcards.group}"),
    shell:
        logged("packdepth tables {wildcards.group}")


for figure, group in STUDY.figures.items():  # each its own rule, because a caption's path cannot hold a wildcard

    rule:
        name:
            figure
        localrule: True
        message:
            "Figure: {rule}"
        input:
            rooms("analysis", "figures"),
            quality_of_context(group),
            shown_in(group),
        output:
            report(
                f"{RESULTS}/figures/{figure}.png",
                caption=f"../report/{figure}.rst",
                category=CHAPTERS.get(group, group),
                labels={"what": "Figure", "of": TITLES.get(figure, figure)},
            ),
        log:
            f"{RESULTS}/logs/figure_{figure}.log",
        params:
            settings=settings(f"groups/{group}"),
        shell:
            logged("packdepth figure {rule}")


for group in GROUPS:

    rule:
        name:
            group
        localrule: True
        input:
            results_of(group),
