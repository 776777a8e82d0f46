"""Imports run one way: cli -> training | evaluation | predict | zoo | figures -> inference -> analysis | checkpoints ->
models, losses, data -> geometry, config -> utils, errors."""

import ast
import re
import subprocess
import sys

import pytest

from tests.support.stores import TOP

PACKAGE = TOP / "src" / "packdepth"
BASE = {"errors", "utils"}
WITH_PATHS = BASE | {"config", "paths"}
MAY_IMPORT = {
    "errors": set(),
    "utils": {"errors"},
    "paths": {"errors"},
    "config": BASE | {"paths"},
    "distributed": BASE,
    "geometry": BASE,
    "losses": {"geometry", "config", "distributed"},  # the means over a batch that is shared
    "models": {"geometry", "config", "errors"},  # a model knows nothing of files
    "data": {"geometry", *WITH_PATHS},
    "checkpoints": {"models", "losses", "config", *BASE},
    "analysis": WITH_PATHS,
    "inference": {"checkpoints", "models", "losses", "config", *BASE},
    "zoo": {"inference", *BASE},
    "predict": {"inference", *BASE},
    "demo": {"predict", "inference", *BASE},
    "export": {"inference", *BASE},
    "training": {"checkpoints", "models", "losses", "data", "geometry", "distributed", *WITH_PATHS},
    "litter": {"training", *WITH_PATHS},
    "evaluation": {"inference", "checkpoints", "models", "losses", "data", "geometry", *WITH_PATHS},
    "figures": {"analysis", *WITH_PATHS},
    "page": {"figures", "predict", "analysis", *WITH_PATHS},
}
WITHOUT_TORCH = ("config", "analysis", "figures", "page", "paths", "cli")


def imported(source: str) -> set[str]:
    """The rooms of packdepth that a module imports, anywhere in it."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and node.module == "packdepth":
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.startswith("packdepth."):
            names.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            names |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("packdepth.")}
    return names


def modules(room: str) -> list:
    """Every module of a room, which is a folder or a file."""
    folder = PACKAGE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def test_every_room_has_its_place():
    folders = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    files = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__", "cli"}
    assert folders | files == MAY_IMPORT.keys()


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_run_one_way(room):
    wrong = {
        path.relative_to(PACKAGE).as_posix(): sorted(names)
        for path in modules(room)
        if (names := imported(path.read_text()) - MAY_IMPORT[room] - {room})
    }
    assert wrong == {}


@pytest.mark.slow
@pytest.mark.parametrize("room", WITHOUT_TORCH)
def test_a_room_that_reads_settings_or_results_starts_without_torch(room):
    names = [".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in modules(room)]
    program = (
        f"import importlib, sys; [importlib.import_module(name) for name in {names}]; assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_only_the_command_line_reads_arguments():
    readers = [path.name for path in PACKAGE.rglob("*.py") if re.search(r"typer|argparse|sys\.argv", path.read_text())]
    assert readers == ["cli.py"]
