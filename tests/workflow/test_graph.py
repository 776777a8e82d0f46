"""The Snakefile and dvc.yaml state one graph, and every file of packdepth that a command imports is an input of it."""

import base64
import json
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import yaml
from dvc.dependency.param import ParamsDependency
from dvc.repo import Repo

from tests.support.clones import PROJECT, TARGETS, Clone, new_clone

PARAMS = (PROJECT / "params.yaml").read_text()
Graph = dict[str, dict[str, set[str]]]  # command -> "inputs", "outputs", "params" -> their names or values


@pytest.fixture
def real(tmp_path: Path) -> Clone:
    """A clone with the project's own params.yaml."""
    return new_clone(tmp_path / "real", PARAMS)


def graph_of_dvc(clone: Clone) -> Graph:
    graph = {}
    with Repo(str(clone.path)) as repo:
        stages = list(repo.index.stages)
        outputs = [out.def_path for stage in stages for out in stage.outs]
        for stage in stages:
            params = [dep for dep in stage.deps if isinstance(dep, ParamsDependency)]
            inputs = [dep.def_path for dep in stage.deps if dep not in params]
            graph[stage.cmd] = {
                "inputs": {file for path in inputs for file in files_of(path, outputs)},
                "outputs": {out.def_path for out in stage.outs},
                "params": {repr(value) for dep in params for value in dep.read_params().values()},
            }
    return graph


def files_of(path: str, outputs: Iterable[str]) -> list[str]:
    """A file; of a folder, the outputs in it, for DVC can name those of all variants by their folder alone."""
    return [output for output in outputs if output.startswith(f"{path}/")] or [path]


def graph_of_snakemake(clone: Clone, outputs: Iterable[str]) -> Graph:
    """From the records that Snakemake keeps of its outputs, which --touch makes without a run."""
    for output in outputs:
        (clone.path / output).parent.mkdir(parents=True, exist_ok=True)
        (clone.path / output).touch()
    clone.run("snakemake", *TARGETS, "--touch", "--forceall")
    graph: Graph = {}
    for file in (clone.path / ".snakemake" / "metadata").iterdir():
        record = json.loads(file.read_text())
        output = base64.urlsafe_b64decode(file.name).decode()
        entry = {"inputs": set(record["input"]), "outputs": {output}, "params": set(record["params"])}
        known = graph.setdefault(record["shellcmd"], entry)
        known["outputs"].add(output)
        assert known == entry | {"outputs": known["outputs"]}
    return graph


def test_both_tools_have_the_same_commands_inputs_outputs_and_parameters(real: Clone) -> None:
    of_dvc = graph_of_dvc(real)
    of_snakemake = graph_of_snakemake(real, [output for entry in of_dvc.values() for output in entry["outputs"]])
    study = yaml.safe_load(PARAMS)
    groups = [study, *(study[name] for name in ("temporal", "diagnosis", "contest", "autoencoder"))]
    runs = sum(len(group["variants"]) * len(group.get("seeds", study["seeds"])) for group in groups)
    figures = len(study["figures"]) + len(study["temporal"]["figures"]) + len(study["verdict"]["hypotheses"]) + 1
    data, others = 3, 6  # context, its measurement, two tables, findings and verdict
    assert len(of_dvc) == data + 2 * runs + figures + others
    assert of_snakemake.keys() == of_dvc.keys()
    for command, entry in of_dvc.items():
        for what in ("outputs", "params"):
            assert of_snakemake[command][what] == entry[what], f"{what} of {command}"
        modules, listed = (modules_of(graph[command]) for graph in (of_snakemake, of_dvc))
        paste = "\n".join(f"- {file}" for file in sorted(modules))
        assert modules == listed, f"{command}: dvc.yaml must list these (python workflow/modules.py):\n{paste}"
        assert of_snakemake[command]["inputs"] == entry["inputs"], f"inputs of {command}"


def modules_of(entry: dict[str, set[str]]) -> set[str]:
    return {file for file in entry["inputs"] if file.startswith("src/")}


def test_every_file_that_a_command_imports_is_an_input_of_it(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("everything")
    graph = graph_of_dvc(clone)
    runs = clone.ran()
    assert runs.keys() == graph.keys()
    for command, imported in runs.items():
        assert imported <= graph[command]["inputs"], command


def test_what_reads_the_reports_numbers_depends_on_them(real: Clone) -> None:
    graph = graph_of_dvc(real)
    assert "src/packdepth/reported.yaml" in graph["packdepth tables"]["inputs"]
    assert "src/packdepth/reported.yaml" not in graph["packdepth train --variant packnet --seed 0"]["inputs"]


def test_an_unknown_command_has_no_modules() -> None:
    modules = [sys.executable, PROJECT / "workflow" / "modules.py", "trian"]
    run = subprocess.run(modules, capture_output=True, text=True)
    assert run.returncode == 1
    assert (
        run.stderr == "cli.py has no command 'trian'; "
        "it has context, context_quality, data_download, data_make, data_show, evaluate, figure, findings, predict, "
        "reconstruct, tables, temporal_tables, train, transfer, verdict, verdict_figure\n"
    )
