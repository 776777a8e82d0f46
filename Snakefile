"""The study, in order: data, context, training, evaluation, tables and figures. Every rule calls one packdepth command.

snakemake --cores 8 --resources gpu=1     the report's rows and the temporal pair: everything missing or out of date
snakemake everything                      all groups of params.yaml, and the verdict
snakemake NAME                            one group (report, temporal, supervision, sensors, contest, factors, ...),
                                          one phase (data, training, evaluation, tables, figures), `verdict`, or what
                                          one hypothesis needs (H2)
snakemake data/kitti/test.h5              the store of any scale, downloaded first where it has to be
snakemake transfer                        every checkpoint on every data set that params.yaml lists under `transfer`
snakemake --report results/report.html    a report with captions
snakemake --list                          every rule, explained

params.yaml defines the study. dvc.yaml and workflow/everything/dvc.yaml state the same graph for DVC;
tests/workflow checks that both agree.
"""


include: "workflow/rules/common.smk"
include: "workflow/rules/functions.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/runs.smk"
include: "workflow/rules/results.smk"
include: "workflow/rules/verdict.smk"
include: "workflow/rules/transfer.smk"


report: "workflow/report/workflow.rst"


localrules:
    all,
    everything,
    data,
    training,
    evaluation,
    tables,
    figures,


rule all:
    """Make the report's rows and the temporal pair (default)."""
    default_target: True
    input:
        *[path for group in DEFAULT for path in results_of(group)],


rule everything:
    """Make all groups and the verdict."""
    input:
        *[path for group in GROUPS for path in results_of(group)],
        rules.verdict.input,


rule data:
    """Make the scale's stores."""
    input:
        expand(rules.store.output, scale=SCALE, split=["train", "test"]),


rule training:
    """Train what the default target needs."""
    input:
        *[path for group in DEFAULT for path in runs_of(group, TRAINED)],


rule evaluation:
    """Evaluate what the default target needs."""
    input:
        *[path for group in DEFAULT for path in runs_of(group, EVALUATED)],


rule tables:
    """Write the tables of the default target."""
    input:
        *[path for group in DEFAULT for path in expand(rules.table.output, group=group)],


rule figures:
    """Draw the figures of the default target."""
    input:
        *[path for group in DEFAULT for path in figures_of(group)],
