rule train:
    message: "Training: {wildcards.variant}, seed {wildcards.seed}"
    input:
        imported_by("train"),
        f"data/{SCALE}/train.h5",
    output:
        f"{RESULTS}/checkpoints/{RUN}/model.safetensors",
        f"{RESULTS}/training/{RUN}/train_log.csv",
        f"{RESULTS}/training/{RUN}/diagnostics.csv",
        f"{RESULTS}/training/{RUN}/provenance.json",
    params:
        defaults=config["training"],
        at_scale=RUNG["training"],
        width=RUNG["width"],
        variant=lambda wildcards: config["variants"][wildcards.variant],
    threads: THREADS
    resources: gpu=lambda wildcards: STUDY.variant(wildcards.variant).training.devices
    shell: "packdepth train --variant {wildcards.variant} --seed {wildcards.seed}"
