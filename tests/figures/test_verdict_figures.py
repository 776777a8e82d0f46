"""The figures of the verdict."""

from pathlib import Path

import pytest
from PIL import Image

from packdepth.analysis.findings import find
from packdepth.figures.verdict.hypothesis import draw
from tests.support.verdicts import HYPOTHESES, study_by_hand


@pytest.mark.slow
@pytest.mark.filterwarnings("error")
def test_every_one_is_drawn(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = study_by_hand()
    findings = find(study)
    for name in (*HYPOTHESES, "conclusion", "factors"):
        path = Path(f"{name}.png")
        draw(study, findings, name, path)
        with Image.open(path) as picture:
            picture.load()
            colours = picture.convert("RGB").getcolors(picture.width * picture.height)
            assert (picture.format, picture.width) == ("PNG", 1245)
            assert len(colours) > 10


@pytest.mark.slow
def test_the_same_findings_make_the_same_bytes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = study_by_hand()
    findings = find(study)
    for name in ("first.png", "second.png"):
        draw(study, findings, "H7", Path(name))
    assert Path("first.png").read_bytes() == Path("second.png").read_bytes()
