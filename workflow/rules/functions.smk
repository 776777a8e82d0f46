# Helpers of the rules: files of runs, inputs and parameters that depend on wildcards, titles of the report.
RUN = f"{RESULTS}/runs/{{group}}/{{variant}}/seed{{seed}}"
TRAINED = [f"{RUN}/{name}" for name in ("model.safetensors", "train_log.csv", "diagnostics.csv", "provenance.json")]
MEASURED = ("evaluation.json", "per_image.csv", "samples.npz")
HEADLINE = f"{RESULTS}/metrics/{{group}}/{{variant}}.{{seed}}.json"
EVALUATED = [f"{RUN}/{name}" for name in (*MEASURED, "error_by_distance.csv")]
RECONSTRUCTED = [f"{RUN}/{name}" for name in MEASURED]
AUTOENCODER = "autoencoder"  # the group whose networks predict no depth
FROM_GATHERED = [paths.WIDTHS, paths.BATCHES, paths.PAIRS]  # groups whose tables and figures rest on gathered ones
TABLED = [
    "report",
    "temporal",
    "supervision",
    "sensors",
    *FROM_GATHERED,
]  # groups with a table; the verdict covers the others
TITLES = {
    "curves": "Training loss",
    "loss_spread": "Losses of single batches",
    "bars": "Reported and measured loss and time",
    "panel": "Test images and predictions",
    "error_by_distance": "Error by distance",
    "gradients": "Gradients by stage",
    "temporal_panel": "Test images and predictions of the temporal pair",
    "context_quality": "Quality of synthetic frames",
    "context_examples": "Examples of synthetic frames",
    "scale_factor": "Factor from predicted to true depth",
    "speed_sensor": "Faults of the speed sensor",
    "supervision_panel": "Test images and predictions by supervision",
    "cascade": "Cascades and single networks",
    "batch_size": "Skill, time and memory by batch size",
    "second_camera": "Skill with one camera and with two",
    "sparsification": "Error left when uncertain pixels are removed",
}
CHAPTERS = {
    "report": "1. The report's variants",
    "temporal": "2. Learning from neighbouring frames",
    "supervision": "2. Learning from neighbouring frames",
    "sensors": "2. Learning from neighbouring frames",
    paths.WIDTHS: "4. Which images need a big network",
    paths.BATCHES: "5. Batch size",
    paths.PAIRS: "6. A second camera",
}
VERDICT = f"{RESULTS}/verdict"
OF_DEPTH = ["losses.csv", "variants.csv", "stages.csv", "curves.csv"]
OF_WIDTHS = [*OF_DEPTH, "uncertainty.csv", "sparsification.csv"]
FINDINGS = [
    "variants",
    "seeds",
    "judgements",
    "effects",
    "tuning",
    "factors",
    "levels",
    "stages",
    "foretold",
    "crossed",
    "floors",
    "autoencoders",
]  # tables
CHAPTER = "3. Why PackNet loses"
PUBLISHED = {paths.checkpoint_name(address): address for address in STUDY.transfer.checkpoints}
PAIR = f"{RESULTS}/transfer/{{scale}}/{{checkpoint}}/metrics.json"
OWN = [(variant, seed) for variant in STUDY.variants for seed in STUDY.seeds_of(variant)]


def rooms(*names):
    """Every file of these folders or modules of packdepth: what a rule's result depends on, apart from its data."""
    found = [file for name in names for file in [PACKAGE / name, *sorted((PACKAGE / name).rglob("*"))]]
    return [
        file.relative_to(workflow.basedir).as_posix()
        for file in found
        if file.is_file() and "__pycache__" not in file.parts and ".part" not in file.name
    ]


def settings(name):
    """The resolved settings of a run, a group, ...: a parameter here, a file that stages depend on in DVC."""
    return SETTINGS[name]


def logged(command):
    """A shell line that shows what a command prints, and keeps it."""
    return f"{command} 2>&1 | tee {{log:q}}"


def settings_of_data(wildcards):
    """The data section of any scale."""
    return resolved_settings(STUDY.at(wildcards.scale))["data"]


def reader(wildcards):
    """The code that reads a scale's data set: what all data sets share, and its own module, not the others'."""
    own = STUDY.scales[wildcards.scale].data.dataset
    others = tuple(
        f"src/packdepth/data/datasets/{module_name(dataset)}{end}"
        for dataset in DATASETS
        if dataset != own
        for end in (".py", "/")
    )
    return [file for file in rooms("data/datasets") if not file.startswith(others)]


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
    """All results of the runs that a group's table and figures show, or what sums them up."""
    if group in FROM_GATHERED:
        return gathered_of(group)
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


def evaluated_store(wildcards):
    """The test split, or the training split where frames of it are held out; for heads of the error, both."""
    if wildcards.group == paths.WIDTHS:
        return [f"data/{SCALE}/{split}.h5" for split in ("train", "test")]
    split = "train" if STUDY.variant(wildcards.variant).training.held_out else "test"
    return f"data/{SCALE}/{split}.h5"


def gpus(wildcards):
    """None for what is fitted before training, and for what trains on a core of its own."""
    variant = STUDY.variant(wildcards.variant)
    fitted = variant.network.architecture == "constant"
    return 0 if fitted or ON_CORES else variant.training.devices


def threads_of_run(wildcards):
    """On cores, as many as params.yaml gives the training; next to a GPU, its share of those that feed all places."""
    training = STUDY.variant(wildcards.variant).training
    if ON_CORES:
        return training.devices * training.cpu.threads
    return min(THREADS, max(1, workflow.cores // max(1, PLACES)))


def results_of(group):
    """The table and the figures of a group; for one without any, its measurements."""
    table = expand(rules.table.output, group=group) if group in TABLED else []
    return [*table, *figures_of(group), *(rules.draw_ceilings.output if group == "report" else [])] or runs_of(
        group, EVALUATED
    )


def figures_of(group):
    return [f"{RESULTS}/figures/{name}.png" for name in STUDY.by_group[group].figures]


def floors_of(group):
    """The floors, for the figures that show them."""
    return rules.floors.output if group in ("report", *FROM_GATHERED) else []


def quality_of_context(group):
    """What the temporal pair's figures show in addition to its runs."""
    return rules.measure_context.output if group == "temporal" else []


def runs_behind(hypothesis):
    """The evaluations of the variants that a hypothesis compares."""
    claim = STUDY.verdict.hypotheses[hypothesis]
    compared = names_of(claim.changes) or STUDY.groups.factors.runs
    return [str(STUDY.run(name, seed).metrics) for name in compared for seed in STUDY.seeds_of(name)]


def gathered_of(group):
    """The tables that sum up a group."""
    tables = {AUTOENCODER: ["losses.csv", "reconstructions.csv"], paths.WIDTHS: OF_WIDTHS}.get(group, OF_DEPTH)
    return [f"{RESULTS}/gathered/{group}/{name}" for name in (*tables, "provenance.json")]


def told_settings():
    return {group: settings(f"groups/{group}") for group in paths.TOLD} | {"verdict": settings("verdict")}


def evaluation_of(wildcards):
    return resolved_settings(STUDY.at(wildcards.scale))["evaluation"]
