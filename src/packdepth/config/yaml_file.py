"""Reads YAML as DVC does, so that one text means one thing: YAML 1.2, by the same library.

There `1e-4` is a number, `010` is ten, `1:30` and `yes` are texts, and a key may stand once.
"""

import math
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import ScalarNode, SequenceNode

from packdepth.errors import InputError, shortened

LARGEST_FILE = 1_000_000  # bytes
MOST_VALUES = 100_000  # after aliases have been followed
DEEPEST = 20  # levels
LARGEST_NUMBER = 2**32
# What ruamel.yaml raises for faults of syntax, and for values that their tag does not fit.
FAULTS = (YAMLError, ValueError, LookupError, TypeError, AttributeError, RecursionError)


def read_yaml(path: Path) -> Any:
    """What a YAML file holds: mappings with text as keys, lists, texts, finite numbers, truth values and nothing.

    Raises InputError, one short line that names the file and the place, for anything else.
    """
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise InputError(f"{path}: cannot be read: {error.strerror}") from None
    if len(content) > LARGEST_FILE:
        raise InputError(f"{path}: larger than {LARGEST_FILE // 1_000_000} MB")
    try:
        value = YAML(typ="safe").load(content.decode())
    except FAULTS as error:
        raise InputError(f"{path}: not YAML: {shortened(_said(error, content))}") from None
    try:
        _count(value, "", {}, 0)
    except ValueError as error:
        raise InputError(f"{path}: {error}") from None
    return value


def _said(error: Exception, content: bytes) -> str:
    if isinstance(error, RecursionError):
        return "nested too deeply"
    if isinstance(error, MarkedYAMLError) and error.problem_mark:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start} is not UTF-8"
    try:
        return _misfit(content.decode()) or str(error)
    except FAULTS:
        return str(error)


def _misfit(text: str) -> str:
    """Where the first scalar is that does not fit its tag, such as a date in month 13: ruamel.yaml does not say."""
    yaml = YAML(typ="safe", pure=True)
    waiting, seen = [yaml.compose(text)], set()
    while waiting:
        node = waiting.pop()
        if id(node) in seen:  # an alias, perhaps of what it stands in
            continue
        seen.add(id(node))
        if not isinstance(node, ScalarNode):
            parts = node.value if isinstance(node, SequenceNode) else [part for pair in node.value for part in pair]
            waiting += reversed(parts)
            continue
        try:
            yaml.constructor.construct_object(node)
        except FAULTS:
            kind = str(node.tag).rpartition(":")[2]
            return f"line {node.start_mark.line + 1}: {shortened(node.value, 40)!r} is no {kind}"
    return ""


def _count(value: Any, key: str, counted: dict[int, int], level: int) -> int:
    """How many values there are, each alias followed, without following any twice. Raises ValueError for a fault."""
    if level > DEEPEST:
        raise ValueError(f"{shortened(key)}: nested too deeply, more than {DEEPEST} levels")
    if not isinstance(value, (dict, list)):
        _check_scalar(value, key)
        return 1
    if id(value) not in counted:
        items = _texts_as_keys(value, key) if isinstance(value, dict) else enumerate(value)
        parts = (_count(part, f"{key}.{name}" if key else str(name), counted, level + 1) for name, part in items)
        counted[id(value)] = 1 + sum(parts)
    if counted[id(value)] > MOST_VALUES:
        raise ValueError(f"{shortened(key) or 'the file'}: more than {MOST_VALUES} values, aliases included")
    return counted[id(value)]


def _texts_as_keys(mapping: dict[Any, Any], key: str) -> list[tuple[str, Any]]:
    for name in mapping:
        if not isinstance(name, str):
            raise ValueError(f"{shortened(key) or 'the file'}: key {shortened(repr(name))}: expected text")
    return list(mapping.items())


def _check_scalar(value: Any, key: str) -> None:
    if value is None or isinstance(value, (str, bool)):
        return
    if not isinstance(value, (int, float)):
        raise ValueError(f"{shortened(key)}: a {type(value).__name__}; expected text, a number, true or false")
    if not math.isfinite(value) or abs(value) > LARGEST_NUMBER:
        raise ValueError(f"{shortened(key)}: {shortened(str(value))}: expected a finite number, at most 2^32")
