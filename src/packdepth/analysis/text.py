"""How tables for people are written."""

import pandas as pd

from packdepth.config.study import Study

MEANS = {"pooled": "pooled over pixels", "mean_over_images": "means over images"}


def markdown_table(head: list[str], rows: list[list[str]]) -> str:
    """A table in Markdown: the first column to the left, the others to the right."""
    lines = [head, ["---", *["---:"] * (len(head) - 1)], *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def number(value: float, digits: int, deviation: float = float("nan"), prefix: str = "") -> str:
    """A value and its deviation, if it has one; a dash for no value."""
    if pd.isna(value):
        return "-"
    spread = "" if pd.isna(deviation) else f" ± {deviation:.{digits}f}"
    return f"{prefix}{value:.{digits}f}{spread}"


def interval(row: pd.Series, digits: int = 3) -> str:
    """A mean with the ends of its 95 % interval."""
    return f"{row['mean']:z.{digits}f} ({row['low']:z.{digits}f} to {row['high']:z.{digits}f})"


def listed(words: list[str]) -> str:
    """a; a and b; a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def circumstances(study: Study) -> str:
    """The scale and the number of seeds."""
    return f"Scale `{study.scale}`, {len(study.seeds)} seed{'s' if len(study.seeds) > 1 else ''}"
