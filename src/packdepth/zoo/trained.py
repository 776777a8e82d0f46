"""The networks that come trained with the package. A card next to each file tells what it is and how good.

`workflow/weights.py` writes both.
"""

from pathlib import Path

WEIGHTS = Path(__file__).parent / "weights"
DEFAULT = "densedepth-nyu"  # the better one


def trained_models() -> list[str]:
    """Their names, sorted."""
    return sorted(path.stem for path in WEIGHTS.glob("*.safetensors"))


def located(source: str) -> str:
    """The path of a trained network's checkpoint, if `source` is its name and no file has it; else `source` itself."""
    return (
        str(WEIGHTS / f"{source}.safetensors") if source in trained_models() and not Path(source).exists() else source
    )
