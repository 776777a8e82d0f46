# Training and evaluation of every variant with every seed: one rule each for all groups, which are part of the path.
RUN = f"{RESULTS}/runs/{{group}}/{{variant}}/seed{{seed}}"
TRAINED = [f"{RUN}/{name}" for name in ("model.safetensors", "train_log.csv", "diagnostics.csv", "provenance.json")]
MEASURED = ("evaluation.json", "metrics.json", "per_image.csv", "samples.npz")
EVALUATED = [f"{RUN}/{name}" for name in (*MEASURED, "error_by_distance.csv")]
RECONSTRUCTED = [f"{RUN}/{name}" for name in MEASURED]
AUTOENCODER = "autoencoder"  # the group whose networks predict no depth


def runs_of(group, files):
    """These files of every variant and seed of a group."""
    if group == AUTOENCODER and files is EVALUATED:
        files = RECONSTRUCTED
    return [
        path.format(group=group, variant=variant, seed=seed)
        for path in files
        for variant in STUDY.by_group[group].variants
        for seed in STUDY.seeds_of(variant)
    ]


def shown_in(group):
    """All results of the runs that a group's table and figures show."""
    return [
        path
        for other in [*STUDY.by_group[group].compared_with, group]
        for path in [*runs_of(other, TRAINED), *runs_of(other, EVALUATED)]
    ]


def settings_of_variant(wildcards):
    return settings(f"variants/{wildcards.variant}")


def context_of_group(wildcards):
    """The neighbouring frames, for groups that may learn from them."""
    return rules.context.output if wildcards.group in paths.WITH_CONTEXT else []


def gpus(wildcards):
    """None for what is fitted before training, and for what trains on a core of its own."""
    variant = STUDY.variant(wildcards.variant)
    booked = variant.network.architecture != "constant" and (wildcards.group == "report" or not ON_CORES)
    return variant.training.devices if booked else 0


def threads_of_group(wildcards):
    return THREADS_OF[wildcards.group]


rule train:
    """Train one variant with one seed."""
    message:
        "Training: {wildcards.variant}, seed {wildcards.seed}"
    input:
        rooms("checkpoints", "data/store", "distributed.py", "geometry", "losses", "models", "training"),
        f"data/{SCALE}/train.h5",
        context_of_group,
    output:
        TRAINED,
    log:
        f"{RESULTS}/logs/train/{{group}}/{{variant}}_seed{{seed}}.log",
    params:
        settings=settings_of_variant,
    threads: threads_of_group
    resources:
        gpu=gpus,
    shell:
        logged("packdepth train --variant {wildcards.variant} --seed {wildcards.seed}")


rule evaluate:
    """Evaluate one trained variant on the test split."""
    message:
        "Evaluation: {wildcards.variant}, seed {wildcards.seed}"
    input:
        rooms("checkpoints", "data/store", "evaluation", "losses", "models"),
        f"data/{SCALE}/test.h5",
        f"{RUN}/model.safetensors",
        f"{RUN}/train_log.csv",
    output:
        EVALUATED,
    log:
        f"{RESULTS}/logs/evaluate/{{group}}/{{variant}}_seed{{seed}}.log",
    params:
        settings=settings_of_variant,
        evaluation=settings("evaluation"),
    wildcard_constraints:
        group="|".join(group for group in GROUPS if group != AUTOENCODER),
    threads: threads_of_group
    shell:
        logged("packdepth evaluate --variant {wildcards.variant} --seed {wildcards.seed}")


rule reconstruct:
    """Evaluate one trained autoencoder on the test split and on photographs."""
    message:
        "Reconstruction: {wildcards.variant}, seed {wildcards.seed}"
    input:
        rooms("checkpoints", "data/store", "evaluation", "models"),
        f"data/{SCALE}/test.h5",
        f"{RUN}/model.safetensors",
    output:
        RECONSTRUCTED,
    log:
        f"{RESULTS}/logs/reconstruct/{{group}}/{{variant}}_seed{{seed}}.log",
    params:
        settings=settings_of_variant,
    wildcard_constraints:
        group=AUTOENCODER,
    threads: threads_of_group
    shell:
        logged("packdepth reconstruct --variant {wildcards.variant} --seed {wildcards.seed}")
