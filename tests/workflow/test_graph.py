"""The Snakefile and both dvc.yaml state one graph, in which every file that decides a result is an input of it."""

import base64
import json
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
import yaml
from dvc.repo import Repo

from tests.support.clones import PROJECT, TARGETS, Clone, new_clone

PARAMS = (PROJECT / "params.yaml").read_text()
Graph = dict[str, dict[str, set[str]]]  # command -> "inputs", "outputs", "settings"
# What commands import but results do not depend on: arguments, names of files, messages, how params.yaml is read (its
# content reaches a result as settings), how files are written.
PLUMBING = (
    "src/packdepth/__init__.py",
    "src/packdepth/cli.py",
    "src/packdepth/paths.py",
    "src/packdepth/errors.py",
    "src/packdepth/zoo/trained.py",  # the command line offers its names
)
PLUMBING_ROOMS = ("src/packdepth/config/", "src/packdepth/utils/")


@pytest.fixture
def real(tmp_path: Path) -> Clone:
    """A clone with the project's own params.yaml, and its settings."""
    clone = new_clone(tmp_path / "real", PARAMS)
    clone.run("packdepth", "settings")
    clone.ran()
    return clone


def graph_of_dvc(clone: Clone) -> Graph:
    """Folders stand for the files in them: of code, or outputs."""
    graph = {}
    with Repo(str(clone.path)) as repo:
        stages = [stage for stage in repo.index.stages if stage.name != "settings"]
        outputs = [out.def_path for stage in stages for out in stage.outs]
        for stage in stages:
            inputs = {file for dep in stage.deps for file in files_of(dep.def_path, outputs, clone)}
            settings = {file for file in inputs if "/settings/" in file}
            graph[stage.cmd] = {
                "inputs": inputs - settings,
                "outputs": {out.def_path for out in stage.outs},
                "settings": {repr((clone.path / file).read_text()) for file in settings},
            }
    return graph


def files_of(path: str, outputs: Iterable[str], clone: Clone) -> list[str]:
    if path.startswith("src/") and (clone.path / path).is_dir():
        found = (clone.path / path).rglob("*")
        return [
            str(file.relative_to(clone.path)) for file in found if file.is_file() and "__pycache__" not in str(file)
        ]
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
        command = record["shellcmd"].partition(" 2>&1 | tee ")[0]
        settings = {value for value in record["params"] if value.startswith("'{")}  # the others name a figure
        entry = {"inputs": set(record["input"]), "outputs": {output}, "settings": settings}
        known = graph.setdefault(command, entry)
        known["outputs"].add(output)
        assert known == entry | {"outputs": known["outputs"]}
    return graph


def test_both_tools_have_the_same_commands_inputs_outputs_and_settings(real: Clone) -> None:
    of_dvc = graph_of_dvc(real)
    of_snakemake = graph_of_snakemake(real, [output for entry in of_dvc.values() for output in entry["outputs"]])
    study = yaml.safe_load(PARAMS)
    groups = study["groups"].values()
    seeds = [len(group.get("seeds", study["seeds"])) for group in groups]
    variants = [len(group.get("variants", group.get("runs"))) for group in groups]
    runs = sum(count * times for count, times in zip(variants, seeds, strict=True))
    figures = sum(len(group.get("figures", [])) for group in groups) + len(study["verdict"]["hypotheses"]) + 2
    data, context, floors, tables, gather, verdict = 3, 2, 2, 7, 11, 2
    assert len(of_dvc) == data + context + floors + 2 * runs + figures + tables + gather + verdict
    assert of_snakemake.keys() == of_dvc.keys()
    for command, entry in of_dvc.items():
        inputs = entry["inputs"]
        if command.startswith("packdepth data"):  # DVC makes a store again when another data set's reader changes
            others = ("ddad", "folder", "kitti/", "make3d", "nyu_50k", "nyu_labelled")
            inputs = {file for file in inputs if not file.startswith(tuple(f"{READERS}/{name}" for name in others))}
        assert of_snakemake[command]["inputs"] == inputs, f"inputs of {command}"
        for what in ("outputs", "settings"):
            assert of_snakemake[command][what] == entry[what], f"{what} of {command}"


READERS = "src/packdepth/data/datasets"


def test_every_file_that_decides_a_result_is_an_input_of_it(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("everything")
    graph = graph_of_dvc(clone)
    runs = clone.ran()
    runs.pop("packdepth settings")
    assert runs.keys() == graph.keys()
    for command, imported in runs.items():
        deciding = {file for file in imported if file not in PLUMBING and not file.startswith(PLUMBING_ROOMS)}
        if command.startswith("packdepth data download"):  # a reader imports what frames, not archives, are made with
            deciding = {file for file in deciding if file.startswith(READERS)}
        packages = {file for file in deciding if file.endswith("/__init__.py")}  # a docstring above the rooms
        if not command.startswith("packdepth train"):
            packages.add("src/packdepth/distributed.py")  # losses ask it for a mean, which one process has by itself
        assert deciding - packages <= graph[command]["inputs"], command
    images = "src/packdepth/utils/images.py"  # the one tool that decides pixels
    assert images in graph["packdepth data make train --scale tiny"]["inputs"]


def test_the_packages_above_the_rooms_hold_no_code() -> None:
    for name in ("data", "data/store", "data/datasets", "data/context"):
        text = (PROJECT / "src/packdepth" / name / "__init__.py").read_text()
        assert text.count('"""') == 2
        assert text.rstrip().endswith('"""')
