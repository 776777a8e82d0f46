"""The figures of the verdict."""

from pathlib import Path

import pytest
from PIL import Image

from packdepth.analysis.findings import Findings, find
from packdepth.config.study import Study
from packdepth.figures.verdict.effects import rows_of
from packdepth.figures.verdict.hypothesis import draw
from tests.support.verdicts import HYPOTHESES, study_by_hand


@pytest.fixture
def found(tmp_path, monkeypatch) -> tuple[Study, Findings]:
    monkeypatch.chdir(tmp_path)
    study = study_by_hand()
    return study, find(study)


@pytest.mark.slow
@pytest.mark.parametrize("name", [*HYPOTHESES, "conclusion"])
@pytest.mark.filterwarnings("error")
def test_every_one_is_drawn(tmp_path, monkeypatch, name):
    monkeypatch.chdir(tmp_path)
    panels = dict(zip(HYPOTHESES, ("stages", "curves", "spread"), strict=False))
    claims = {
        key: {"claim": f"Claim {key}", "panel": panels.get(key), **content} for key, content in HYPOTHESES.items()
    }
    study = study_by_hand(hypotheses=claims)
    path = Path("figure.png")
    draw(study, find(study), name, path)
    with Image.open(path) as picture:
        picture.load()
        colours = picture.convert("RGB").getcolors(picture.width * picture.height)
        assert (picture.format, picture.width) == ("PNG", 1245)
        assert len(colours) > 10


def test_rows_are_what_was_changed_and_what_became_of_it(found):
    _, findings = found
    assert rows_of(findings, "H7") == ["packnet", "packnet-leaky-relu"]
    assert rows_of(findings, "H1") == ["packnet", "densedepth"]


def test_the_same_findings_make_the_same_bytes(found):
    study, findings = found
    for name in ("first.png", "second.png"):
        draw(study, findings, "H7", Path(name))
    assert Path("first.png").read_bytes() == Path("second.png").read_bytes()
