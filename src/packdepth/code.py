"""Which code a result was made with."""

import hashlib
from pathlib import Path

import packdepth


def code_digest(*packages: str) -> str:
    """Sixteen hex digits that name the source code of these packages of packdepth."""
    top = Path(packdepth.__file__).parent
    digest = hashlib.sha256()
    for file in sorted(file for package in packages for file in (top / package).rglob("*.py")):
        digest.update(file.relative_to(top).as_posix().encode() + file.read_bytes())
    return digest.hexdigest()[:16]
