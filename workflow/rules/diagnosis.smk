# Why PackNet loses: one change a variant (`diagnosis`), both networks at their best over several seeds (`contest`), what
# ways of going down and up keep of an image (`autoencoder`), and what came of it (`verdict`); asked for by name.
# `snakemake H2` makes what one hypothesis stands or falls with.
OF_GROUP = f"{RESULTS}/{{group}}"
GROUPS = ["diagnosis", "contest", "autoencoder"]
FOUND = f"{RESULTS}/verdict/verdict"
# These are many trainings. Where there is no GPU to wait for, they run side by side, a core each, which gets 1.3 to 1.6
# times as much done as one after the other on all cores.
ON_CORES = workflow.local_exec and not os.path.exists("/dev/nvidia0")
EACH = 1 if ON_CORES else THREADS


def of_group(files):
    """These files of the report's variants, in the folder of a group."""
    return [file.replace(RESULTS, OF_GROUP, 1) for file in files]


def runs_of(group, files):
    """Files of every variant and seed of a group, the report's ("") or another."""
    content = config[group] if group else config
    if group:
        files = [file.replace(RESULTS, f"{RESULTS}/{group}", 1) for file in files]
    return expand(files, variant=content["variants"], seed=content.get("seeds", config["seeds"]))


def runs_behind(hypothesis):
    """The evaluations of the variants that a hypothesis compares."""
    compared = {name for pair in STUDY.verdict.pairs[hypothesis] for name in pair}
    return [str(STUDY.run(name, seed).metrics) for name in compared for seed in STUDY.seeds_of(name)]


use rule train as train_in_group with:
    message: "Training: {wildcards.variant}, seed {wildcards.seed}"
    output: of_group(rules.train.output)
    wildcard_constraints: group="|".join(GROUPS)
    params:
        defaults=config["training"],
        at_scale=RUNG["training"],
        width=RUNG["width"],
        variant=lambda wildcards: config[wildcards.group]["variants"][wildcards.variant],
    threads: EACH
    resources: gpu=lambda wildcards: 0 if ON_CORES else STUDY.variant(wildcards.variant).training.devices


use rule evaluate as evaluate_in_group with:
    message: "Evaluation: {wildcards.variant}, seed {wildcards.seed}"
    input:
        imported_by("evaluate"),
        f"data/{SCALE}/test.h5",
        of_group(rules.evaluate.input[-2:]),
    output: of_group(rules.evaluate.output)
    wildcard_constraints: group="diagnosis|contest"
    threads: EACH


RECONSTRUCTED = [f"{RESULTS}/evaluation/{RUN}/{name}" for name in ("per_image.csv", "metrics.json", "samples.npz")]


rule reconstruct:
    message: "Reconstruction: {wildcards.variant}, seed {wildcards.seed}"
    input:
        imported_by("reconstruct"),
        f"data/{SCALE}/test.h5",
        of_group(rules.train.output[:1]),
    output: of_group(RECONSTRUCTED)
    wildcard_constraints: group="autoencoder"
    threads: EACH
    shell: "packdepth reconstruct --variant {wildcards.variant} --seed {wildcards.seed}"


def told(evaluated):
    """What training and an evaluation tell of a run: all but its checkpoint."""
    return [file for file in [*rules.train.output, *evaluated] if "/checkpoints/" not in file]


rule findings:
    message: "Verdict: what was found"
    input:
        imported_by("findings"),
        [runs_of(group, told(rules.evaluate.output)) for group in ["", "diagnosis", "contest"]],
        runs_of("autoencoder", told(RECONSTRUCTED)),
    output:
        expand(f"{FOUND}/{{table}}.csv", table=["variants", "effects", "stages", "curves", "scales", "autoencoders"]),
        f"{FOUND}/provenance.json",
    params:
        variants=config["variants"],
        seeds=config["seeds"],
        diagnosis=config["diagnosis"],
        contest=config["contest"],
        autoencoder=config["autoencoder"],
        verdict=config["verdict"],
    shell: "packdepth findings"


rule verdict_figure:
    message: "Figure: {wildcards.name}"
    input: imported_by("verdict_figure"), rules.findings.output[:-1]
    output: report(FOUND + "/{name}.png", caption="../report/verdict.rst", category="Verdict")
    params: verdict=config["verdict"]
    wildcard_constraints: name="conclusion|" + "|".join(config["verdict"]["hypotheses"])
    shell: "packdepth verdict-figure {wildcards.name}"


rule write_verdict:
    message: "Verdict"
    input: imported_by("verdict"), rules.findings.output[:-1]
    output: f"{RESULTS}/verdict/verdict.md"
    params:
        defaults=config["training"],
        at_scale=RUNG["training"],
        variants=config["variants"],
        seeds=config["seeds"],
        diagnosis=config["diagnosis"],
        contest=config["contest"],
        autoencoder=config["autoencoder"],
        verdict=config["verdict"],
    shell: "packdepth verdict"


rule diagnosis:
    input: [runs_of(group, rules.evaluate.output) for group in ["diagnosis", "contest"]]


rule autoencoder:
    input: runs_of("autoencoder", RECONSTRUCTED)


rule verdict:
    input:
        rules.write_verdict.output,
        expand(rules.verdict_figure.output, name=["conclusion", *config["verdict"]["hypotheses"]]),


for hypothesis in config["verdict"]["hypotheses"]:

    rule:
        name: hypothesis
        input: runs_behind(hypothesis)
