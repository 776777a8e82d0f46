"""The page, as a person sees it: in a browser, where there is one."""

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from packdepth import paths
from packdepth.analysis.group_table import write_group_table
from packdepth.config.study import Study
from packdepth.errors import InputError
from packdepth.page.build import write_page
from packdepth.page.content import content
from tests.support.browser import needs_browser

PAGE = Path("results/smoke/page.html")
MakeStudy = Callable[..., Study]


@pytest.fixture
def study(make_study: MakeStudy) -> Study:
    study = make_study()
    write_group_table(study, "report")
    return study


def test_what_the_page_shows(study: Study):
    shown = content(study)
    assert shown["floors"] == {"truth up to 2": 0.6, "best constant": 0.51, "fixed map": 0.5}
    assert [curve["name"] for curve in shown["curves"]] == ["constant", "densedepth", "packnet-no-skips"]
    assert shown["curves"][0]["steps"] == list(range(1, 13))
    names = [column["name"] for column in shown["table"]["columns"]]
    rows = {row["cells"][0]["text"]: dict(zip(names, row["cells"], strict=True)) for row in shown["table"]["rows"]}
    assert rows["packnet-no-skips"]["report: loss"] == {"value": 1.21, "text": ">1.210"}
    assert rows["fixed map"]["parameters"] == {"value": None, "text": "-"}
    assert {name for name, row in zip(rows, shown["table"]["rows"], strict=True) if row["floor"]} >= {"fixed map"}
    assert shown["verdict"] is None


def test_depth_arrives_in_millimetres(study: Study):
    samples = content(study)["samples"]
    truth, predicted = samples["images"][0]["truth"], samples["variants"]["densedepth"][0]
    assert (truth["height"], truth["width"]) == (4, 6)
    first, second = (np.frombuffer(base64.b64decode(depth["mm"]), "<u2") for depth in (truth, predicted))
    assert first[:2].tolist() == [0, 170]
    assert (second - first).tolist() == [1000] * 24
    assert samples["images"][0]["focal"] == 5.0 / 4


def test_the_verdict_comes_with_its_figures_and_without_scripts(study: Study):
    folder = paths.verdict(study.scale)
    folder.mkdir(parents=True)
    (folder / "H7.png").write_bytes(b"picture")
    (folder / "verdict.md").write_text("## Conclusion\n\nIt loses. <script>1</script>\n\n![H7](H7.png) ![H8](H8.png)\n")
    verdict = content(study)["verdict"]
    assert f'src="data:image/png;base64,{base64.b64encode(b"picture").decode()}"' in verdict
    assert "<script>" not in verdict


def test_one_file_that_asks_for_no_other(study: Study):
    write_page(study, PAGE)
    page = PAGE.read_text()
    assert "{{" not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    assert re.findall(r"<(?:script|link|img)[^>]* (?:src|href)=.http", page) == []
    found = re.search(r'<script type="application/json" id="content">(.*?)</script>', page, re.DOTALL)
    assert found
    assert json.loads(found[1])["scale"] == "smoke"


def test_what_is_missing_is_named(make_study: MakeStudy):
    study = make_study()
    with pytest.raises(InputError, match=r"report\.csv: not there yet"):
        write_page(study, PAGE)
    assert not PAGE.exists()


@pytest.mark.slow
@needs_browser
@pytest.mark.parametrize("width", [1280, 390])
def test_a_person_at_the_page(study: Study, browse: Callable[..., Any], width: int):
    write_page(study, PAGE)
    page, faults = browse(PAGE.absolute().as_uri(), width)
    page.wait_for_selector("#cloud canvas")
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    def pixel() -> list[int]:
        draw = "document.getElementById('below').getContext('2d').getImageData(3, 3, 1, 1).data"
        return page.evaluate(f"Array.from({draw})")

    predicted = pixel()
    page.select_option("#what", "error")
    assert pixel() != predicted
    page.select_option("#what", "truth")
    page.select_option("#variant", "packnet-no-skips")
    page.wait_for_function("document.getElementById('of-cloud').textContent.startsWith('The true depth')")
    assert "packnet-no-skips: abs_rel" in page.inner_text("#caption")

    box = page.locator("#compare").bounding_box()
    page.mouse.click(box["x"] + 0.25 * box["width"], box["y"] + box["height"] / 2)
    assert page.input_value("#slider") == "25"
    assert "75%" in page.evaluate("document.getElementById('above').style.clipPath")

    page.click("#table th:has-text('test loss')")
    losses = [float(text) for text in page.locator("#table td:nth-child(5)").all_inner_texts() if text != "-"]
    assert losses == sorted(losses)
    page.click("#table th:has-text('test loss')")
    losses = [float(text) for text in page.locator("#table td:nth-child(5)").all_inner_texts() if text != "-"]
    assert losses == sorted(losses, reverse=True)

    page.locator("#plot .legendtoggle").nth(1).click()
    page.wait_for_function("document.getElementById('plot').data[1].visible === 'legendonly'")
    page.check("#batches")
    assert faults == []
