# Every checkpoint on every data set of `transfer` in params.yaml. Only by name, because it downloads published weights.
localrules:
    transfer,


rule transfer_own:
    """Evaluate a checkpoint of the scale on another scale's data."""
    input:
        rooms("checkpoints", "data/store", "evaluation", "geometry", "inference", "losses", "models"),
        "data/{scale}/test.h5",
        model=f"{RESULTS}/runs/report/{{variant}}/seed{{seed}}/model.safetensors",
    output:
        f"{RESULTS}/transfer/{{scale}}/{SCALE}-{{variant}}-seed{{seed}}/metrics.json",
    log:
        f"{RESULTS}/logs/transfer/{{scale}}/{{variant}}_seed{{seed}}.log",
    threads: THREADS
    params:
        evaluation=evaluation_of,
    message:
        "Transfer: {wildcards.variant}, seed {wildcards.seed}, on {wildcards.scale}"
    shell:
        logged("packdepth evaluate --checkpoint {input.model} --data {wildcards.scale}")


rule transfer_published:
    """Evaluate a published checkpoint, or any file, on a scale's data."""
    input:
        rooms(
            "checkpoints", "data/store", "evaluation", "geometry", "inference", "losses", "models", "utils/download.py"
        ),
        "data/{scale}/test.h5",
        lambda wildcards: [path for path in [PUBLISHED[wildcards.checkpoint]] if "://" not in path],
    output:
        PAIR,
    log:
        f"{RESULTS}/logs/transfer/{{scale}}/{{checkpoint}}.log",
    wildcard_constraints:
        checkpoint="|".join(map(re.escape, PUBLISHED)) or "none",
    threads: THREADS
    params:
        address=lambda wildcards: PUBLISHED[wildcards.checkpoint],
        evaluation=evaluation_of,
    message:
        "Transfer: {wildcards.checkpoint} on {wildcards.scale}"
    shell:
        logged("packdepth evaluate --checkpoint {params.address:q} --data {wildcards.scale}")


rule transfer:
    """Write the table of every checkpoint on every data set."""
    input:
        rooms("analysis"),
        [
            path.format(scale=data, variant=variant, seed=seed)
            for path in rules.transfer_own.output
            for data in STUDY.transfer.data
            for variant, seed in OWN
        ],
        expand(rules.transfer_published.output, scale=STUDY.transfer.data, checkpoint=PUBLISHED),
    output:
        f"{RESULTS}/transfer/table.csv",
        f"{RESULTS}/transfer/table.md",
    log:
        f"{RESULTS}/logs/transfer.log",
    params:
        transfer=STUDY.transfer.model_dump_json(),
        settings=settings("groups/report"),
    message:
        "Transfer: table"
    shell:
        logged("packdepth transfer")
