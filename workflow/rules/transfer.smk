import re

# Every checkpoint on every data set of `transfer` in params.yaml: asked for by name, for it downloads what is published.
TRANSFER = config.get("transfer", {"data": [], "checkpoints": []})
PUBLISHED = {checkpoint_name(address): address for address in TRANSFER["checkpoints"]}
PAIR = f"{RESULTS}/transfer/{{scale}}/{{checkpoint}}/metrics.json"


rule transfer_own:
    message: "Transfer: {wildcards.variant}, seed {wildcards.seed}, on {wildcards.scale}"
    input:
        imported_by("evaluate"),
        "data/{scale}/test.h5",
        model=f"{RESULTS}/checkpoints/{RUN}/model.safetensors",
    output: f"{RESULTS}/transfer/{{scale}}/{SCALE}-{{variant}}-seed{{seed}}/metrics.json"
    params: evaluation=lambda wildcards: config["scales"][wildcards.scale]["evaluation"]
    threads: THREADS
    shell: "packdepth evaluate --checkpoint {input.model} --data {wildcards.scale}"


rule transfer_published:
    message: "Transfer: {wildcards.checkpoint} on {wildcards.scale}"
    input:
        imported_by("evaluate"),
        "data/{scale}/test.h5",
        lambda wildcards: [path for path in [PUBLISHED[wildcards.checkpoint]] if "://" not in path],
    output: PAIR
    params:
        address=lambda wildcards: PUBLISHED[wildcards.checkpoint],
        evaluation=lambda wildcards: config["scales"][wildcards.scale]["evaluation"],
    wildcard_constraints: checkpoint="|".join(map(re.escape, PUBLISHED)) or "none"
    threads: THREADS
    shell: "packdepth evaluate --checkpoint {params.address:q} --data {wildcards.scale}"


rule transfer:
    message: "Transfer: table"
    input:
        imported_by("transfer"),
        expand(rules.transfer_own.output, scale=TRANSFER["data"], variant=config["variants"], seed=config["seeds"]),
        expand(rules.transfer_published.output, scale=TRANSFER["data"], checkpoint=PUBLISHED),
    output:
        f"{RESULTS}/transfer/table.csv",
        f"{RESULTS}/transfer/table.md",
    params: transfer=TRANSFER, variants=config["variants"], seeds=config["seeds"]
    shell: "packdepth transfer"
