"""Short names for what decides a result: its settings, and its code."""

import hashlib
import json
from pathlib import Path
from typing import Any

from pydantic import BaseModel

PACKAGE = Path(__file__).parents[1]


def digest(*values: Any) -> str:
    """Sixteen hex digits that name these settings (models or JSON values)."""
    plain = [value.model_dump(mode="json") if isinstance(value, BaseModel) else value for value in values]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def code_digest(*rooms: str) -> str:
    """Sixteen hex digits that name the source code of these folders or modules of packdepth."""
    code = hashlib.sha256()
    for file in sorted(file for room in rooms for file in _modules(PACKAGE / room)):
        code.update(file.relative_to(PACKAGE).as_posix().encode() + file.read_bytes())
    return code.hexdigest()[:16]


def _modules(room: Path) -> list[Path]:
    return list(room.rglob("*.py")) if room.is_dir() else [room.with_suffix(".py")]
