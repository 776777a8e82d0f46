"""What the documents say is what the project holds."""

import csv
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.stores import TOP

DOCUMENTS = [
    *sorted(TOP.glob("*.md")),
    *sorted((TOP / ".github").rglob("*.md")),
    *sorted((TOP / "docs").rglob("*.md")),
    TOP / "results" / "README.md",
]
Row = dict[str, str]
Cell = Callable[[Row], str]


def number(column: str, form: str = "{:.3f}", prefix: str = "") -> Cell:
    """A column of numbers as a document shows it; what was not measured is a dash."""

    def cell(row: Row) -> str:
        return row.get(prefix, "") + form.format(float(row[column])) if row[column] else "-"

    return cell


# What a document may call a column of a published table, and how it writes the numbers.
COLUMNS: dict[str, Cell] = {
    "variant": lambda row: row["variant"],
    "parameters": lambda row: f"{float(row['parameters']) / 1e6:.2f} M" if row["parameters"] else "-",
    "report: loss": number("reported_loss", prefix="reported_prefix"),
    "report: time ratio": number("reported_hours_ratio", "{:.2f}"),
    "ours: loss": number("loss"),
    "ours: time": number("seconds", "{:.0f} s"),
    "ours: time ratio": number("seconds_ratio", "{:.2f}"),
    "last tenth": number("final_loss"),
    "test loss": number("test_loss"),
    "skill": number("skill", "{:.2f}"),
    "abs_rel": number("abs_rel"),
    "rmse (m)": number("rmse"),
    "delta1": number("delta1"),
}


def blocks(document: Path, kind: str) -> list[tuple[Path, str]]:
    """What a document takes from a published file: <!-- KIND: FILE -->, the text, <!-- end of KIND -->."""
    found = re.findall(rf"<!-- {kind}: (\S+) -->\n(.*?)<!-- end of {kind} -->", document.read_text(), re.DOTALL)
    return [(TOP / file, text.strip()) for file, text in found]


def anchors(document: Path) -> set[str]:
    """What links can name in a document, as GitHub makes it of headings."""
    headings = re.findall(r"^#+ (.*)$", document.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))
def test_links_lead_somewhere(document):
    missing = []
    for link in re.findall(r"\]\((?!https?:)([^)]+)\)", document.read_text()):
        path, _, anchor = link.partition("#")
        target = document.parent / path if path else document
        if not target.exists() or (anchor and anchor not in anchors(target)):
            missing.append(link)
    assert missing == []


@pytest.mark.parametrize("name", ["README.md", "docs/results.md"])
def test_tables_hold_the_numbers_of_the_published_runs(name):
    tables = blocks(TOP / name, "table")
    assert tables
    for file, text in tables:
        header, _, *lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines()]
        with file.open(newline="") as content:
            expected = {row["variant"]: [COLUMNS[column](row) for column in header] for row in csv.DictReader(content)}
        shown = [line[0] for line in lines]
        assert lines == [expected[variant] for variant in shown], f"{name}: differs from {file.relative_to(TOP)}"
        assert shown == [variant for variant in expected if variant in shown]
        assert name == "README.md" or len(shown) == len(expected)  # the README shows some rows


def test_the_conclusion_is_quoted_from_the_published_verdict():
    ((file, quoted),) = blocks(TOP / "docs" / "why-packnet-loses.md", "conclusion")
    assert words(quoted.replace("\n> ", "\n").removeprefix("> ")) == words(conclusion(file))


def test_the_answer_in_the_readme_has_numbers_of_the_published_verdict_only():
    ((file, answer),) = blocks(TOP / "README.md", "answer")
    numbers = re.findall(r"\d+\.\d+|\d+ seeds", answer)
    assert len(numbers) >= 4
    assert [number for number in numbers if number not in conclusion(file)] == []


def test_the_readme_is_short():
    readme = (TOP / "README.md").read_text()
    prose = re.sub(r"^```.*?^```$", "", readme, flags=re.DOTALL | re.MULTILINE)
    assert len(prose.split()) <= 800
    assert [line for line in readme.splitlines() if len(line) > 100] == []
    assert [line for line in readme.splitlines() if line.startswith("|") and line.count("|") > 7] == []


def conclusion(verdict: Path) -> str:
    """The paragraph of a verdict that answers the report's question."""
    found = re.search(r"^## Conclusion\n\n(.+)$", verdict.read_text(), re.MULTILINE)
    assert found
    return found[1]


def words(text: str) -> list[str]:
    """A text whatever its line breaks."""
    return text.split()
