"""Which files of packdepth a command needs, found without running it: inputs of its rule, beside the data.

    python workflow/modules.py train      prints them as dvc.yaml lists them
    python workflow/modules.py --fill     puts them into every dvc.yaml, in place of what each stage lists

A command needs cli.py, what its function there imports, what that imports in turn, and the package's own data files
(reported.yaml) that any of these names. Snakemake's rules ask here; DVC cannot, so dvc.yaml repeats the lists and
tests/workflow/test_graph.py compares.
"""

import ast
import re
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import yaml

TOP = Path(__file__).resolve().parents[1]
SRC = TOP / "src"
PACKAGE = SRC / "packdepth"
CLI = PACKAGE / "cli.py"


def imported_by(command: str) -> list[str]:
    """Files that `packdepth COMMAND` ("data make", "train", ...) needs, relative to the project's top.

    A figure's module is imported by its name. So "figure" stands for all that the modules of the report's figures
    import, and "figure of GROUP" for those of a group's: the rule of one figure adds that figure's own.
    """
    function, _, group = command.partition(" of ")
    needed = _closure([CLI, *_needs(_cli_for(re.sub("[ -]", "_", function)))])
    for figure in _figures(group) if function == "figure" else ():
        needed |= _closure([figure]) - {figure}
    return sorted(file.relative_to(TOP).as_posix() for file in needed)


def _figures(group: str) -> list[Path]:
    study = yaml.safe_load((TOP / "params.yaml").read_text())
    names = study.get(group, {"figures": []})["figures"] if group else study["figures"]
    return [PACKAGE / "figures" / f"{name}.py" for name in names]


def _closure(files: Iterable[Path]) -> set[Path]:
    """These files and all that they need, directly or not; of cli.py, only itself."""
    found: set[Path] = set()
    waiting = list(files)
    while waiting:
        file = waiting.pop()
        if file not in found:
            found.add(file)
            waiting += _needs(_tree(file)) if file.suffix == ".py" and file != CLI else ()
    return found


def _cli_for(function: str) -> ast.Module:
    """cli.py without its other commands, which are the decorated functions."""
    body = _tree(CLI).body
    commands = {node.name for node in body if isinstance(node, ast.FunctionDef) and node.decorator_list}
    if function not in commands:
        sys.exit(f"cli.py has no command {function!r}; it has {', '.join(sorted(commands))}")
    return ast.Module([node for node in body if getattr(node, "name", None) not in commands - {function}], [])


def _needs(tree: ast.AST) -> Iterator[Path]:
    """Files that are imported or named anywhere in the tree, inside of functions too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _sources(alias.name)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield from _sources(f"{node.module}.{alias.name}")
        elif isinstance(node, ast.Constant) and str(node.value).endswith(".yaml"):
            yield from PACKAGE.rglob(str(node.value))


def _sources(name: str) -> Iterator[Path]:
    """Files that importing a dotted name runs: the packages above it and, unless it is a function, itself."""
    path = SRC
    for part in name.split("."):
        path /= part
        yield from (file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file())


@cache
def _tree(file: Path) -> ast.Module:
    return ast.parse(file.read_text())


def fill(dvc_yaml: Path) -> None:
    """Put what each stage's command imports into its list, in place of what is listed there."""
    lines: list[str] = []
    needed: list[str] = []
    for line in dvc_yaml.read_text().splitlines():
        if command := re.search(r"cmd: packdepth ((?:data )?[a-z-]+)", line):
            group = "" if dvc_yaml.parent == TOP else f" of {dvc_yaml.parent.name}"
            needed = imported_by(command[1] + (group if command[1] == "figure" else ""))
        listed = re.match(r"( *- )src/packdepth/[^$]*$", line)
        if not listed:
            lines.append(line)
        elif needed:
            lines += [f"{listed[1]}{file}" for file in needed]
            needed = []
    dvc_yaml.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--fill"]:
        for file in (TOP / "dvc.yaml", *TOP.glob("workflow/*/dvc.yaml")):
            fill(file)
    else:
        print("\n".join(f"- {file}" for file in imported_by(" ".join(sys.argv[1:]))))
