"""What `snakemake` does in a fresh clone and in a finished one."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.clones import DATA, PROJECT, STUDY, Clone


def test_everything_is_made_and_then_nothing(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("snakemake")
    assert clone.ran().keys() == STUDY
    assert "Nothing to be done" in clone.run("snakemake", "--cores", "8", "--resources", "gpu=1")
    assert not clone.ran()


@pytest.mark.parametrize("arguments", [(), ("--cores", "2"), ("--cores", "8", "--resources", "gpu=1")])
def test_everything_is_planned_with_and_without_flags(fresh: Clone, arguments: tuple[str, ...]) -> None:
    assert fresh.planned(*arguments) == STUDY


def test_trainings_share_a_gpu(fresh: Clone, tmp_path: Path) -> None:
    fresh.edit("params.yaml", "    width: 0.125\n", "    width: 0.125\n    trainings_per_gpu: 2\n")
    tool = tmp_path / "bin" / "nvidia-smi"  # the tool whose presence tells that there are GPUs
    tool.parent.mkdir()
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    fresh.run("snakemake", "data/tiny/train.h5", "data/tiny/context.h5")  # so that both can start at once
    with_gpu = ("env", f"PATH={tool.parent}:{fresh.env['PATH']}")
    told = fresh.run(*with_gpu, "snakemake", "training", "--cores", "8", "--resources", "gpu=1")
    jobs = re.findall(r"Job (\d+): Training: (?:packnet|photometric)", told)
    ends = [told.index(f"Finished jobid: {job} ") for job in jobs]
    assert told.rindex("Training: p") < min(ends)  # the second has started before one ended


def test_one_figure_and_one_phase_are_targets(fresh: Clone) -> None:
    assert "packdepth figure bars" not in fresh.planned("curves")
    assert fresh.planned("data") == DATA


def test_the_cluster_profile_plans_everything(fresh: Clone) -> None:
    profile = ("--workflow-profile", "workflow/profiles/slurm", "--executor", "local")
    assert fresh.planned(*profile) == STUDY


def test_the_report_has_every_figure_and_the_table(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("snakemake")
    clone.run("snakemake", "--report", "results/report.html")
    report = (clone.path / "results/report.html").read_text()
    for result in ("figures/curves.png", "figures/bars.png", "tables/report.html"):
        assert f"results/tiny/{result}" in report
    assert "the average training loss that the report gives" in report


def test_the_linter_has_one_objection(fresh: Clone) -> None:
    """Software is pinned for all rules together, in constraints.txt, and so not by a conda environment a rule."""
    told = fresh.run("snakemake", "--lint", code=1)
    assert set(re.findall(r"^    \* (.*):$", told, re.MULTILINE)) == {
        "Specify a conda environment or container for each rule."
    }


def test_every_rule_is_explained_and_keeps_a_log(fresh: Clone) -> None:
    rules = [line for line in fresh.run("snakemake", "--list").splitlines() if not line.startswith("Using ")]
    assert len(rules) > 30
    assert [rule for rule in rules if not rule.endswith(".)")] == []
    for file in (PROJECT / "workflow/rules").glob("*.smk"):
        text = file.read_text()
        assert text.count("    log:") == text.count("    shell:"), file.name


def test_the_rules_are_formatted() -> None:
    subprocess.run(["snakefmt", "--check", "Snakefile", "workflow/rules"], cwd=PROJECT, check=True)


def test_every_figure_has_a_caption() -> None:
    captions = {file.stem for file in (PROJECT / "workflow/report").iterdir()}
    figures = {file.stem for file in (PROJECT / "src/packdepth/figures").glob("[a-z]*.py")}
    assert captions == figures | {"table", "verdict", "verdict_figure", "workflow"}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("scale: tiny", "scale: tinny", "unknown scale 'tinny'; did you mean 'tiny'?"),
        ("batch_size: 2", "batch_size: 2\n  batchsize: 3", "batchsize: unknown key; did you mean 'batch_size'?"),
        ("size: [32, 64]", "size: [32, 65]", "multiples of 32"),
        ("seeds: [0]", "seeds: [0", "not YAML"),
    ],
)
def test_bad_params_are_told_in_one_line(fresh: Clone, old: str, new: str, told: str) -> None:
    fresh.edit("params.yaml", old, new)
    lines = fresh.run("snakemake", code=2).splitlines()
    assert [line for line in lines if told in line and line.startswith("packdepth: params.yaml")]
    assert len(lines) == 2  # the other names the profile
    assert not (fresh.path / "data").exists()


def test_settings_on_the_command_line_are_refused(fresh: Clone) -> None:
    assert "params.yaml" in fresh.run("snakemake", "--config", "scale=other", code=2)
