"""A folder's files by pattern, and the names of their frames.

What a pattern's wildcards stand for, joined by slashes, is a frame's name: `*/rgb/*` names kitchen/rgb/0001.png
`kitchen/0001`. All before the last slash is its scene.
"""

import re
from collections.abc import Iterable
from pathlib import Path

from packdepth.config.datasets import WILDCARD
from packdepth.errors import InputError

GROUPS = {"**/": "((?:[^/]+/)*)", "*": "([^/]+)", "?": "([^/])"}


def find(source: Path, pattern: str, endings: tuple[str, ...]) -> dict[str, Path]:
    """The files of a pattern by their frames' names, in natural order.

    The pattern may have one of `endings`, or none, which stands for all of them. Hidden files are passed over: macOS
    leaves ._1.jpg next to 1.jpg. Raises InputError that names the folder or the pattern if nothing is there, or two
    files of one name.
    """
    if not source.is_dir():
        raise InputError(f"{source}: no such folder (data.source in params.yaml)")
    own = next((ending for ending in endings if pattern.lower().endswith(ending)), "")
    stem, wanted = (pattern[: -len(own)], (own,)) if own else (pattern, endings)
    named = re.compile("".join(_group(part) for part in WILDCARD.split(stem)))
    found: dict[str, Path] = {}
    others = set()
    for path in sorted(source.glob(stem + ".*")):
        inside = path.relative_to(source)
        match = named.fullmatch(inside.with_suffix("").as_posix())
        if not match or any(part.startswith(".") for part in inside.parts):
            continue
        if path.suffix.lower() not in wanted:
            others.add(path.suffix)
            continue
        name = "/".join(text.strip("/") for text in match.groups() if text)
        if name in found:
            raise InputError(f"{path}: has the same name as {found[name]}, {name!r}; expected one file a name")
        found[name] = path
    if not found:
        there = f", only {' and '.join(sorted(others))}" if others else ""
        raise InputError(f"{source / stem}: no {' or '.join(wanted)} files{there}")
    return {name: found[name] for name in sorted(found, key=natural)}


def _group(part: str) -> str:
    """A part of a pattern as a regular expression, where wildcards are groups."""
    if not WILDCARD.fullmatch(part):
        return re.escape(part)
    return GROUPS.get(part, f"({part.replace('[!', '[^')})")


def natural(name: str) -> str:
    """A key that sorts numbers in names by their size: 2 comes before 10."""
    return re.sub(r"[0-9]+", lambda number: number[0].zfill(20), name)


def scene_of(name: str) -> str:
    """The scene of a frame, "" where its name has no slash."""
    return name.rpartition("/")[0]


def by_scene(names: Iterable[str]) -> dict[str, list[str]]:
    """The names of every scene, in their order."""
    scenes: dict[str, list[str]] = {}
    for name in names:
        scenes.setdefault(scene_of(name), []).append(name)
    return scenes


def spellings(images: dict[str, Path], source: Path) -> dict[str, str]:
    """The name of a frame for all that a list may call it: its name or its image's path, with the ending or without."""
    spelled: dict[str, str] = {}
    for name, path in images.items():
        inside = path.relative_to(source)
        spelled |= dict.fromkeys((inside.as_posix(), inside.with_suffix("").as_posix(), name + path.suffix), name)
    return spelled | {name: name for name in images}
