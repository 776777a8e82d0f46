rule evaluate:
    message: "Evaluation: {wildcards.variant}, seed {wildcards.seed}"
    input:
        imported_by("evaluate"),
        f"data/{SCALE}/test.h5",
        f"{RESULTS}/checkpoints/{RUN}/model.safetensors",
        f"{RESULTS}/training/{RUN}/train_log.csv",
    output:
        f"{RESULTS}/evaluation/{RUN}/per_image.csv",
        f"{RESULTS}/evaluation/{RUN}/metrics.json",
        f"{RESULTS}/evaluation/{RUN}/error_by_distance.csv",
        f"{RESULTS}/evaluation/{RUN}/samples.npz",
    params: evaluation=RUNG["evaluation"], loss=config["training"]["loss"], at_scale=RUNG["training"]
    threads: THREADS
    shell: "packdepth evaluate --variant {wildcards.variant} --seed {wildcards.seed}"
