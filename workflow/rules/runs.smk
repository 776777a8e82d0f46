# Training and evaluation of every variant with every seed: one rule each for all groups, which are part of the path.


rule train:
    """Train one variant with one seed."""
    input:
        rooms("checkpoints", "data/store", "distributed.py", "geometry", "losses", "models", "training"),
        f"data/{SCALE}/train.h5",
        context_of_group,
    output:
        TRAINED,
    log:
        f"{RESULTS}/logs/train/{{group}}/{{variant}}_seed{{seed}}.log",
    threads: threads_of_run
    resources:
        gpu=gpus,
    params:
        settings=settings_of_variant,
    message:
        "Training: {wildcards.variant}, seed {wildcards.seed}"
    shell:
        logged("packdepth train --variant {wildcards.variant} --seed {wildcards.seed}")


rule evaluate:
    """Evaluate one trained variant on the test split."""
    input:
        rooms("checkpoints", "data/store", "evaluation", "geometry", "inference", "losses", "models"),
        evaluated_store,
        f"{RUN}/model.safetensors",
        f"{RUN}/train_log.csv",
    output:
        EVALUATED,
        HEADLINE,
    log:
        f"{RESULTS}/logs/evaluate/{{group}}/{{variant}}_seed{{seed}}.log",
    wildcard_constraints:
        group="|".join(group for group in GROUPS if group != AUTOENCODER),
    threads: threads_of_run
    params:
        settings=settings_of_variant,
        evaluation=settings("evaluation"),
    message:
        "Evaluation: {wildcards.variant}, seed {wildcards.seed}"
    shell:
        logged("packdepth evaluate --variant {wildcards.variant} --seed {wildcards.seed}")


rule reconstruct:
    """Evaluate one trained autoencoder on the test split and on photographs."""
    input:
        rooms("checkpoints", "data/store", "evaluation", "geometry", "models"),
        f"data/{SCALE}/test.h5",
        f"{RUN}/model.safetensors",
    output:
        RECONSTRUCTED,
        HEADLINE,
    log:
        f"{RESULTS}/logs/reconstruct/{{group}}/{{variant}}_seed{{seed}}.log",
    wildcard_constraints:
        group=AUTOENCODER,
    threads: threads_of_run
    params:
        settings=settings_of_variant,
    message:
        "Reconstruction: {wildcards.variant}, seed {wildcards.seed}"
    shell:
        logged("packdepth reconstruct --variant {wildcards.variant} --seed {wildcards.seed}")
