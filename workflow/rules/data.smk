# From a data set to its stores, and to the frames before and after those of the training store.
localrules:
    archives,  # nodes of clusters seldom reach the network, and 175 GB take longer than their jobs may


def settings_of_data(wildcards):
    """The data section of any scale."""
    return resolved_settings(STUDY.at(wildcards.scale))["data"]


def reader(wildcards):
    """The code that reads a scale's data set: what all data sets share, and its own module, not the others'."""
    readers = {name: name.replace("-", "_") for name in DATASETS}
    own = readers[STUDY.scales[wildcards.scale].data.dataset]
    others = tuple(
        f"src/packdepth/data/datasets/{module}{end}"
        for module in readers.values()
        if module != own
        for end in (".py", "/")
    )
    return [file for file in rooms("data/datasets") if not file.startswith(others)]


rule archives:
    """List the archives that a scale's stores are made from, downloaded where they have to be."""
    message:
        "Data: archives of {wildcards.scale}"
    input:
        reader,
        rooms("utils/download.py"),
    output:
        "data/{scale}/archives.json",
    log:
        "results/{scale}/logs/archives.log",
    params:
        settings=settings_of_data,
    shell:
        logged("packdepth data download --scale {wildcards.scale}")


rule store:
    """Make the store of one split."""
    message:
        "Data: {wildcards.split} store of {wildcards.scale}"
    input:
        reader,
        rooms("data/rooms", "data/store", "geometry", "utils/images.py"),
        "data/{scale}/archives.json",
    output:
        "data/{scale}/{split}.h5",
    log:
        "results/{scale}/logs/store_{split}.log",
    params:
        settings=settings_of_data,
    threads: THREADS
    shell:
        logged("packdepth data make {wildcards.split} --scale {wildcards.scale}")


rule context:
    """Make the frames before and after those of the training store."""
    message:
        "Context: frames before and after those of {SCALE}"
    input:
        rooms("data/context", "data/rooms", "data/store", "geometry"),
        f"data/{SCALE}/train.h5",
    output:
        f"data/{SCALE}/context.h5",
    log:
        f"{RESULTS}/logs/context.log",
    params:
        settings=settings("context"),
    threads: THREADS
    shell:
        logged("packdepth context")


rule measure_context:
    """Measure how good the synthetic frames are."""
    message:
        "Context: how good the synthetic frames are"
    input:
        rooms("data/rooms", "evaluation", "geometry", "losses"),
    output:
        f"{RESULTS}/context_quality.csv",
        f"{RESULTS}/context_examples.npz",
    log:
        f"{RESULTS}/logs/context_quality.log",
    params:
        settings=settings("data"),
    threads: THREADS
    shell:
        logged("packdepth context-quality")
