"""The study, in order: data, training, evaluation, figures and tables. Every rule calls one packdepth command.

snakemake --cores 8 --resources gpu=1     all that is missing or out of date
snakemake figures                         as much as the figures need; likewise data, training, evaluation, tables
snakemake data/kitti/test.h5              the store of any scale, downloaded first where it has to be
snakemake temporal                        what learns from neighbouring frames: context, training, evaluation, figures
snakemake diagnosis                       what shows why PackNet loses: one change a variant; `snakemake H2`: of one hypothesis
snakemake verdict                         what came of it
snakemake transfer                        every checkpoint on every data set that params.yaml lists under `transfer`
snakemake --report results/report.html    a report with captions

params.yaml says what is studied. dvc.yaml states the same graph for DVC; tests/workflow holds the two together.
"""


include: "workflow/rules/common.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/temporal.smk"
include: "workflow/rules/diagnosis.smk"
include: "workflow/rules/transfer.smk"


rule all:
    default_target: True
    input:
        [f"{RESULTS}/figures/{name}.png" for name in config["figures"]],
        rules.tables.output,


rule data:
    input: expand(rules.store.output, scale=SCALE, split=["train", "test"])


rule training:
    input: every_run(rules.train.output)


rule evaluation:
    input: every_run(rules.evaluate.output)


rule figures:
    input: [f"{RESULTS}/figures/{name}.png" for name in config["figures"]]
