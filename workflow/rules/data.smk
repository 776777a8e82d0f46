# From a data set to its stores, and to the frames before and after those of the training store.
localrules:
    archives,  # nodes of clusters seldom reach the network, and 175 GB take longer than their jobs may


rule archives:
    """List the archives that a scale's stores are made from, after downloading them where necessary."""
    input:
        reader,
        rooms("utils/download.py"),
    output:
        "data/{scale}/archives.json",
    log:
        "results/{scale}/logs/archives.log",
    params:
        settings=settings_of_data,
    message:
        "Data: archives of {wildcards.scale}"
    shell:
        logged("packdepth data download --scale {wildcards.scale}")


rule store:
    """Make the store of one split."""
    input:
        reader,
        rooms("data/rooms", "data/store", "geometry", "utils/images.py"),
        "data/{scale}/archives.json",
    output:
        "data/{scale}/{split}.h5",
    log:
        "results/{scale}/logs/store_{split}.log",
    threads: THREADS
    params:
        settings=settings_of_data,
    message:
        "Data: {wildcards.split} store of {wildcards.scale}"
    shell:
        logged("packdepth data make {wildcards.split} --scale {wildcards.scale}")


rule context:
    """Make the frames before and after those of the training store."""
    input:
        rooms("data/context", "data/rooms", "data/store", "geometry"),
        f"data/{SCALE}/train.h5",
    output:
        f"data/{SCALE}/context.h5",
    log:
        f"{RESULTS}/logs/context.log",
    threads: THREADS
    params:
        settings=settings("context"),
    message:
        "Context: frames before and after those of {SCALE}"
    shell:
        logged("packdepth context")


rule measure_context:
    """Measure how good the synthetic frames are."""
    input:
        rooms("data/rooms", "evaluation", "geometry", "losses"),
    output:
        f"{RESULTS}/context_quality.csv",
        f"{RESULTS}/context_examples.npz",
    log:
        f"{RESULTS}/logs/context_quality.log",
    threads: THREADS
    params:
        settings=settings("data"),
    message:
        "Context: how good the synthetic frames are"
    shell:
        logged("packdepth context-quality")
