# Floors, tables and figures. The latter two read only result files, and take seconds.
localrules:
    table,
    draw_ceilings,


rule floors:
    """Compute what the losses come to without a network."""
    input:
        rooms("data/store", "evaluation", "losses", "models"),
        expand(rules.store.output, scale=SCALE, split=["train", "test"]),
    output:
        f"{RESULTS}/floors.csv",
    log:
        f"{RESULTS}/logs/floors.log",
    threads: THREADS
    params:
        settings=settings("floors"),
    message:
        "Floors: what the losses come to without a network"
    shell:
        logged("packdepth floors")


rule draw_ceilings:
    """Draw the report's losses next to what the heads' ceilings allow."""
    input:
        rooms("analysis", "figures"),
        rules.floors.output,
    output:
        report(
            f"{RESULTS}/figures/ceilings.png",
            caption="../report/ceilings.rst",
            category=CHAPTERS["report"],
            labels={"what": "Figure", "of": "What the heads' ceilings allow"},
        ),
    log:
        f"{RESULTS}/logs/figure_ceilings.log",
    params:
        settings=settings("floors"),
    message:
        "Figure: ceilings"
    shell:
        logged("packdepth figure ceilings")


rule table:
    """Write the table of one group."""
    input:
        rooms("analysis"),
        rules.floors.output,
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
            floors_of(group),
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
