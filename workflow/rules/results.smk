# Tables and figures: they read only result files, and take seconds.
localrules:
    table,


rule table:
    """Write the table of one group."""
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
    message:
        "Table: {wildcards.group}"
    shell:
        logged("packdepth tables {wildcards.group}")


for figure, group in STUDY.figures.items():  # each its own rule, because a caption's path cannot hold a wildcard

    rule:
        """Draw this figure."""
        name:
            figure
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
        localrule: True
        params:
            figure=figure,
            settings=settings(f"groups/{group}"),
        message:
            "Figure: {rule}"
        shell:
            logged("packdepth figure {params.figure}")


for group in GROUPS:

    rule:
        """Make this group: its runs, its table, its figures."""
        name:
            group
        input:
            results_of(group),
        localrule: True
