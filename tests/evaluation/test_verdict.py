"""What is found, what is decided of it, and that the document says nothing else."""

import re

import numpy as np
import pytest

from making import TOP
from packdepth import layout, params
from packdepth.errors import InputError
from packdepth.evaluation.decisions import decide, reach
from packdepth.evaluation.effects import NORMAL_95
from packdepth.evaluation.findings import Findings, find
from packdepth.evaluation.verdict import answer, markdown, write_verdict
from packdepth.params import Study
from verdicts import LOSSES, SEED_NOISE, spread_out, study_by_hand


@pytest.fixture
def study(tmp_path, monkeypatch) -> Study:
    monkeypatch.chdir(tmp_path)
    return study_by_hand()


def verdicts(study: Study, findings: Findings) -> dict[str, str]:
    return {key: decide(hypothesis, key, findings) for key, hypothesis in study.verdict.hypotheses.items()}


def test_what_variants_measured(study):
    findings = find(study)
    assert set(findings.variants["variant"]) == set(LOSSES)
    row = findings.of("packnet-best")
    assert (row["group"], row["seeds"], row["architecture"]) == ("contest", 3, "packnet")
    assert row["test_loss"] == pytest.approx(LOSSES["packnet-best"])
    assert row["test_loss_std"] == pytest.approx(SEED_NOISE)
    assert row["spread"] == pytest.approx(0.25)  # of the last fifth
    assert row["noise_scale"] == pytest.approx(4 * (3.0 / 1.5 - 1))
    assert np.isnan(row["saturation"])


def test_effects_by_hand(study):
    effects = find(study).effects.set_index(["hypothesis", "after"])
    gap = effects.loc[("gap", "densedepth")]
    assert gap["mean"] == pytest.approx(0.3)
    assert gap["seed_noise"] == pytest.approx(SEED_NOISE)
    assert gap["high"] == pytest.approx(0.3 + NORMAL_95 * SEED_NOISE * 2**0.5)  # images all differ alike
    assert effects.loc[("H7", "packnet-leaky-relu"), "share"] == pytest.approx(0.25 / 0.3)
    contest = effects.loc[("contest", "packnet-best")]
    assert contest["mean"] == pytest.approx(0.03)
    assert contest["high"] == pytest.approx(0.03 + NORMAL_95 * SEED_NOISE * (2 / 3) ** 0.5)
    kept = effects.loc[("H8", "packing")]
    assert (kept["mean"], kept["low"], kept["high"]) == pytest.approx((3.0, 3.0, 3.0))  # dB, seeds unknown
    assert np.isnan(kept["share"])


def test_stages_and_curves(study):
    findings = find(study)
    stages = findings.stages[findings.stages["variant"] == "packnet"]
    assert stages["stage"].tolist() == ["stem", "body", "head"]
    assert reach(findings, "packnet") == pytest.approx(0.001 / 2)
    curve = findings.curves[findings.curves["variant"] == "packnet"]
    assert len(curve) == 200
    assert curve["step"].tolist()[:2] == [2, 4]
    assert curve["loss"].iloc[0] == pytest.approx((1 + 1 / 2) / 2)


def test_verdicts_by_hand(study):
    assert verdicts(study, find(study)) == {
        "H1": "supported",  # a stem's gradient of 1/2000 of the median stage's
        "H2": "refuted",  # closes 3 %
        "H3": "open",  # closes 25 %, give or take the seeds
        "H7": "supported",
        "H8": "supported",
        "H9": "supported",  # costs half of the gap
    }


def test_a_rival_that_keeps_more_refutes_and_one_that_keeps_less_is_not_enough(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    pairs = [["pooling-parameters", "packing"], ["strided-parameters", "packing"]]
    hypothesis = {"claim": "It keeps more", "rule": "keeps", "kind": "structure", "decisive": pairs}
    study = study_by_hand(hypotheses={"H8": hypothesis})
    assert verdicts(study, find(study)) == {"H8": "refuted"}


def test_tables_come_back_from_their_files(study, tmp_path):
    findings = find(study)
    findings.write(tmp_path / "kept")
    again = Findings.read(tmp_path / "kept")
    assert verdicts(study, again) == verdicts(study, findings)
    (tmp_path / "kept" / "stages.csv").unlink()
    with pytest.raises(InputError, match=r"stages\.csv: not there yet"):
        Findings.read(tmp_path / "kept")


def test_a_missing_result_is_named(study):
    study.run("packnet-narrow", 0).per_image.unlink()
    with pytest.raises(InputError, match=r"diagnosis/evaluation/packnet-narrow/seed0/per_image\.csv: not there yet"):
        find(study)


def test_the_answer_has_five_sentences_from_the_numbers(study):
    told = answer(study, find(study))
    assert len(told) == 5
    assert "test loss of 0.500 and DenseDepth at 0.200, a gap of 0.300" in told[0]
    assert "H7 (`packnet` to `packnet-leaky-relu`: 83% of the gap)" in told[1]
    assert "H2 is refuted; H3 is open" in told[2]
    assert "PackNet wins: 0.150 against 0.180" in told[3]
    assert "the structure itself and the environment" in told[4]
    assert "not restricted learning resources" in told[4]


def test_the_document_has_every_hypothesis_with_figure_verdict_and_command(study):
    text = markdown(study, find(study))
    for key in study.verdict.hypotheses:
        section = text.partition(f"## {key}: Claim {key}\n")[2].partition("\n## ")[0]
        assert re.search(r"\*\*(Supported|Refuted|Open)\.\*\*", section)
        assert f"(verdict/{key}.png)" in section
        assert f"`snakemake {key} verdict`" in section
    assert "| `packnet` | `packnet-leaky-relu` | yes | 0.500 | 0.250 | 0.250 (" in text


def test_every_number_follows_its_file(study):
    """Another loss in one result file, and the document says that one."""
    before = markdown(study, find(study))
    path = study.run("packnet-leaky-relu", 0).per_image
    path.write_text("id,loss\n" + "\n".join(f"rooms/{i},{v}" for i, v in enumerate(spread_out(0.35))))
    after = markdown(study, find(study))
    assert "83% of the gap" in before
    assert "50% of the gap" in after
    assert "83% of the gap" not in after


def test_other_rungs_are_told_of(study):
    told = markdown(study, find(study)).partition("## Does a small rung tell the truth?")[2]
    assert "`medium`: Kendall's tau" in told


def test_it_is_written_whole(study):
    text = write_verdict(study, find(study))
    assert layout.verdict("smoke").read_text() == text


def test_the_published_verdict_is_what_its_tables_say(monkeypatch):
    published = TOP / "docs" / "verdict.md"
    if not published.exists():
        pytest.skip("no verdict is published yet")
    monkeypatch.chdir(TOP)
    scale = re.search(r"results of scale `([a-z0-9-]+)`", published.read_text())
    assert scale
    study = params.load().at(scale[1])
    assert markdown(study, Findings.read(TOP / "docs" / "verdict")) == published.read_text()
