# Figures and tables read what training and evaluation measured, never a checkpoint. DVC knows these files by folder.
MEASURED = every_run([file for file in [*rules.train.output, *rules.evaluate.output] if "/checkpoints/" not in file])
DRAWING = imported_by("figure")

for figure in config["figures"]:  # each its own rule, of its name, because a caption's path cannot hold a wildcard

    rule:
        name: figure
        message: "Figure: {rule}"
        input: DRAWING, f"src/packdepth/figures/{figure}.py", MEASURED
        output: report(f"{RESULTS}/figures/{figure}.png", caption=f"../report/{figure}.rst", category="Figures")
        params: variants=config["variants"], seeds=config["seeds"]
        shell: "packdepth figure {rule}"


rule tables:
    message: "Tables"
    input: imported_by("tables"), MEASURED
    output:
        report(f"{RESULTS}/tables/table.csv", caption="../report/table.rst", category="Tables"),
        f"{RESULTS}/tables/table.md",
        f"{RESULTS}/tables/provenance.json",
    params: variants=config["variants"], seeds=config["seeds"]
    shell: "packdepth tables"
