"""What the documents say is what the project holds."""

import re

import pytest

from tests.support.stores import TOP

DOCUMENTS = [TOP / "README.md", *sorted((TOP / "docs").rglob("*.md")), TOP / "results" / "README.md"]


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(TOP)))
def test_links_lead_somewhere(document):
    links = re.findall(r"\]\((?!https?:)([^)#]+)", document.read_text())
    missing = [link for link in links if not (document.parent / link).exists()]
    assert missing == []


def test_the_tables_in_the_readme_are_those_of_the_published_runs():
    readme = (TOP / "README.md").read_text()
    blocks = re.findall(r"<!-- table: (\S+) -->\n(.*?)<!-- end of table -->", readme, re.DOTALL)
    assert blocks
    for file, table in blocks:
        assert table.strip() == (TOP / file).read_text().strip(), f"paste {file} into the README"


def test_the_answer_in_the_readme_is_the_published_verdicts():
    answer = (TOP / "docs" / "verdict.md").read_text().partition("## The answer\n\n")[2].partition("\n")[0]
    assert answer
    assert answer in " ".join((TOP / "README.md").read_text().replace("\n> ", "\n").split())
