"""How tables for people are written."""

from dataclasses import dataclass

import pandas as pd
from markdown_it import MarkdownIt

from packdepth.config.study import Study

MEANS = {"pooled": "pooled over pixels", "mean_over_images": "means over images"}


STYLE = """body {font: 15px system-ui, sans-serif; margin: 1em}
table {border-collapse: collapse} th, td {padding: .3em .7em; border-bottom: 1px solid #ccc; text-align: right}
th:first-child, td:first-child {text-align: left} p {max-width: 60em; color: #444}"""


@dataclass(frozen=True)
class TextTable:
    """A table with its caption: cells as readers see them."""

    head: list[str]
    rows: list[list[str]]
    caption: str  # Markdown, code in backquotes

    def markdown(self) -> str:
        """The table, an empty line, the caption."""
        return f"{markdown_table(self.head, self.rows)}\n\n{self.caption}\n"

    def html(self) -> str:
        """A page of its own."""
        return html_page(self.markdown())


def html_page(markdown: str) -> str:
    """A page of its own of a text in Markdown. Pictures are left out, because the page may be moved."""
    text = "\n".join(line for line in markdown.splitlines() if not line.startswith("!["))
    body = MarkdownIt("commonmark").enable("table").render(text)
    return f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><style>{STYLE}</style>\n{body}</html>\n'


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


def with_interval(row: pd.Series, name: str) -> str:
    """A column with the ends of its interval, in `..._low` and `..._high`, if it has one."""
    if pd.isna(row[f"{name}_low"]):
        return number(row[name], 3)
    return f"{row[name]:z.3f} ({row[f'{name}_low']:z.3f} to {row[f'{name}_high']:z.3f})"


def listed(words: list[str]) -> str:
    """a; a and b; a, b and c."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def circumstances(study: Study) -> str:
    """The scale and the number of seeds."""
    return f"Scale `{study.scale}`, {len(study.seeds)} seed{'s' if len(study.seeds) > 1 else ''}"
