# Variants that learn from neighbouring frames, asked for by name: `snakemake temporal`.
TEMPORAL = config.get("temporal", {"variants": {}, "figures": []})
OF_TEMPORAL = f"{RESULTS}/temporal"


def in_group(files):
    """These files of the report's variants, in the folder of the temporal ones."""
    return [file.replace(RESULTS, OF_TEMPORAL, 1) for file in files]


def every_temporal_run(files):
    return expand(files, variant=TEMPORAL["variants"], seed=config["seeds"])


rule context:
    message: "Context: frames before and after those of {SCALE}"
    input:
        imported_by("context"),
        f"data/{SCALE}/train.h5",
    output: f"data/{SCALE}/context.h5"
    params: data=RUNG["data"], context=RUNG.get("context"), motions=config.get("motions", {})
    threads: THREADS
    shell: "packdepth context"


use rule train as train_temporal with:
    message: "Training: {wildcards.variant}, seed {wildcards.seed}"
    input:
        rules.train.input,
        rules.context.output,
    output: in_group(rules.train.output)
    params:
        defaults=config["training"],
        at_scale=RUNG["training"],
        of_group=RUNG.get("temporal"),
        width=RUNG["width"],
        variant=lambda wildcards: TEMPORAL["variants"][wildcards.variant],


use rule evaluate as evaluate_temporal with:
    message: "Evaluation: {wildcards.variant}, seed {wildcards.seed}"
    input:
        imported_by("evaluate"),
        f"data/{SCALE}/test.h5",
        in_group(rules.evaluate.input[-2:]),
    output: in_group(rules.evaluate.output)


OF_TEMPORAL_RUNS = every_temporal_run(
    in_group([file for file in [*rules.train.output, *rules.evaluate.output] if "/checkpoints/" not in file])
)


rule measure_context:
    message: "Context: how good the synthetic frames are"
    input: imported_by("context_quality")
    output:
        f"{OF_TEMPORAL}/context/quality.csv",
        f"{OF_TEMPORAL}/context/examples.npz",
    params: size=RUNG["data"]["size"]
    threads: THREADS
    shell: "packdepth context-quality"


for figure in TEMPORAL["figures"]:

    rule:
        name: figure
        message: "Figure: {rule}"
        input:
            imported_by("figure of temporal"),
            f"src/packdepth/figures/{figure}.py",
            rules.measure_context.output,
            OF_TEMPORAL_RUNS,
        output: report(f"{OF_TEMPORAL}/figures/{figure}.png", caption=f"../report/{figure}.rst", category="Temporal")
        params: temporal=TEMPORAL, seeds=config["seeds"]
        shell: "packdepth figure {rule}"


rule temporal_tables:
    message: "Tables: temporal variants"
    input: imported_by("temporal_tables"), OF_TEMPORAL_RUNS
    output:
        report(f"{OF_TEMPORAL}/tables/table.csv", caption="../report/temporal_table.rst", category="Temporal"),
        f"{OF_TEMPORAL}/tables/table.md",
        f"{OF_TEMPORAL}/tables/provenance.json",
    params: temporal=TEMPORAL, seeds=config["seeds"]
    shell: "packdepth temporal-tables"


rule temporal:
    input:
        [f"{OF_TEMPORAL}/figures/{name}.png" for name in TEMPORAL["figures"]],
        rules.temporal_tables.output,
