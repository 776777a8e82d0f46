"""Imports run one way: cli -> training, evaluation, figures, context, data -> models, losses -> geometry."""

import ast
import re

import pytest

from making import TOP

PACKAGE = TOP / "src" / "packdepth"
SHARED = {
    "code",
    "datasets",
    "errors",
    "files",
    "hypotheses",
    "layout",
    "motions",
    "names",
    "parallel",
    "params",
    "pictures",
    "progress",
    "schema",
    "variants",
}
MAY_IMPORT = {
    "geometry": set(),
    "losses": {"geometry", "parallel"},  # the means over a batch that is shared
    "models": {"geometry", "errors"},  # a model knows nothing of files
    "data": {"geometry", *SHARED},
    "context": {"data", "geometry", *SHARED},
    "training": {"context", "data", "models", "losses", "geometry", *SHARED},
    "evaluation": {"training", "context", "data", "models", "losses", "geometry", *SHARED},
    "figures": {"evaluation", *SHARED},  # of evaluation, what reads results: figures never load torch
}


def imported(source: str) -> set[str]:
    """The parts of packdepth that a module imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "packdepth":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("packdepth."):
            names.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            names |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("packdepth.")}
    return names


def test_every_package_has_its_place():
    assert {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()} == MAY_IMPORT.keys()


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_one_way(package):
    wrong = {
        path.relative_to(PACKAGE).as_posix(): sorted(names)
        for path in (PACKAGE / package).rglob("*.py")
        if (names := imported(path.read_text()) - MAY_IMPORT[package] - {package})
    }
    assert wrong == {}


def test_only_the_command_line_reads_arguments():
    readers = [path.name for path in PACKAGE.rglob("*.py") if re.search(r"typer|argparse|sys\.argv", path.read_text())]
    assert readers == ["cli.py"]
