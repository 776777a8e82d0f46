"""What is found, what is decided of it, and that the document says nothing else."""

import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from packdepth import paths
from packdepth.analysis.conclusion import sentences
from packdepth.analysis.findings import Findings, find, provenance
from packdepth.analysis.rules import decide
from packdepth.analysis.verdict import verdict_markdown, write_verdict
from packdepth.config.load import load_study
from packdepth.config.study import Study
from packdepth.errors import InputError
from packdepth.utils.fingerprint import digest
from tests.support.stores import TOP
from tests.support.verdicts import HYPOTHESES, LOSSES, PSNR_NOISE, SEED_NOISE, spread_out, study_by_hand

pytestmark = pytest.mark.slow  # each draws thousands of bootstrap samples
T_4, T_3 = 2.776445, 3.182446  # 97.5 % quantiles of Student's t: two variants of three seeds, three of two


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
    assert (row["reach_low"], row["reach"], row["reach_high"]) == pytest.approx((0.5, 0.5, 0.5))
    assert findings.of("packnet")["reach"] == pytest.approx(0.001 / 2)


def test_a_noise_scale_that_is_none_is_not_told(study):
    run = study.run("packnet", 0)
    table = pd.read_csv(run.diagnostics)
    table.loc[table["name"] == "gradient_product", "value"] = -1.0
    table.to_csv(run.diagnostics, index=False)
    assert np.isnan(find(study).of("packnet")["noise_scale"])


def test_effects_by_hand(study):
    effects = find(study).effects.set_index(["hypothesis", "after"])
    gap = effects.loc[("gap", "densedepth")]
    assert gap["mean"] == pytest.approx(0.3)
    assert (gap["seed_noise"], gap["freedom"]) == (pytest.approx(SEED_NOISE), 4)
    assert gap["high"] == pytest.approx(0.3 + T_4 * SEED_NOISE * 2**0.5)  # images all differ alike
    assert effects.loc[("H7", "packnet-leaky-relu"), "share"] == pytest.approx(0.25 / 0.3)
    contest = effects.loc[("contest", "packnet-best")]
    assert contest["mean"] == pytest.approx(0.03)
    assert contest["high"] == pytest.approx(0.03 + T_4 * SEED_NOISE * (2 / 3) ** 0.5)
    kept = effects.loc[("H8", "packing")]  # dB
    assert (kept["mean"], kept["low_images"]) == pytest.approx((3.0, 3.0))
    assert kept["high"] == pytest.approx(3.0 + T_3 * PSNR_NOISE)
    assert np.isnan(kept["share"])


def test_stages_and_curves(study):
    findings = find(study)
    stages = findings.stages[findings.stages["variant"] == "packnet"]
    assert stages["stage"].tolist() == ["stem", "body", "head"]
    assert stages["gradient_rms"].tolist() == pytest.approx([0.25, 500, 1000])
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


OTHERWISE = {  # another loss, PSNR or pair -> what becomes of a hypothesis
    "a gap that is none leaves all that would close it open": ({"densedepth": 0.505}, "H7", "open"),
    "a network that wins leaves it open": ({"densedepth": 0.9}, "H2", "open"),
    "skips that carry little": ({"leaky-no-skips": 0.26}, "H9", "refuted"),
    "skips that are better left out": ({"leaky-no-skips": 0.10}, "H9", "refuted"),
    "a change for the worse": ({"packnet-leaky-relu": 0.9}, "H7", "refuted"),
    "a rival that keeps more": ({"packing": 26.0}, "H8", "refuted"),
    "a rival that keeps as much": ({"packing": 27.05}, "H8", "open"),
}


@pytest.mark.parametrize(("values", "key", "expected"), OTHERWISE.values(), ids=OTHERWISE)
def test_verdicts_on_other_results(tmp_path, monkeypatch, values, key, expected):
    monkeypatch.chdir(tmp_path)
    study = study_by_hand(values)
    assert verdicts(study, find(study))[key] == expected


def test_gradients_as_far_as_the_others_do_not_vanish(study):
    hypothesis = study.verdict.hypotheses["H1"].model_copy(update={"decisive": [("densedepth", "packnet-best")]})
    assert decide(hypothesis, "H1", find(study)) == "refuted"


def test_where_no_seed_is_repeated_nothing_is_sure(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = study_by_hand(seeds=[1])
    findings = find(study)
    assert set(verdicts(study, findings).values()) == {"supported", "open"}  # H1's needs no interval
    assert "what another seed would change is unknown" in verdict_markdown(study, findings)
    assert "over 1 seed," in verdict_markdown(study, findings)


def test_tables_come_back_from_their_files(study, tmp_path):
    findings = find(study)
    findings.write(tmp_path / "kept")
    again = Findings.read(tmp_path / "kept")
    assert verdicts(study, again) == verdicts(study, findings)
    (tmp_path / "kept" / "stages.csv").unlink()
    with pytest.raises(InputError, match=r"stages\.csv: not there yet"):
        Findings.read(tmp_path / "kept")


def test_no_autoencoder_is_an_empty_table(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    hypotheses = {key: {"claim": key, **content} for key, content in HYPOTHESES.items() if key != "H8"}
    study = study_by_hand(autoencoders=False, hypotheses=hypotheses)
    find(study).write(tmp_path / "kept")
    assert "## H7" in verdict_markdown(study, Findings.read(tmp_path / "kept"))


def test_every_run_is_accounted_for(study):
    runs = len(LOSSES) + 2 * 2 + 3 * 2  # two of the contest have three seeds, three autoencoders two
    assert len(provenance(study)) == runs


def test_a_missing_result_is_named(study):
    study.run("packnet-narrow", 0).per_image.unlink()
    with pytest.raises(InputError, match=r"runs/diagnosis/packnet-narrow/seed0/per_image\.csv: not there yet"):
        find(study)


def test_the_answer_in_five_sentences(study):
    assert sentences(study, find(study)) == [
        "As the report built them, `packnet` and `densedepth` end at test losses of 0.500 and 0.200, a gap of"
        " 0.300 (0.261 to 0.339).",
        "What is sure to close 25% of it and more: H7 (`packnet` to `packnet-leaky-relu`: 83% of the gap).",
        "Of the other hypotheses H1, H8 and H9 are supported, H2 is refuted, H3 is open.",
        "At their best, over 3 seeds, `packnet-best` beats `densedepth-best`: 0.150 against 0.180, a difference of"
        " 0.030 (0.007 to 0.053).",
        "So at scale `smoke` the difference is due to the environment around the network; the structure itself does"
        " not lose once it is at its best; the part of restricted learning resources stays open.",
    ]


def test_another_answer(tmp_path, monkeypatch):
    """The one change makes it worse, the network loses at its best, and size does nothing."""
    monkeypatch.chdir(tmp_path)
    study = study_by_hand({"packnet-leaky-relu": 0.8, "packnet-best": 0.3, "packnet-narrow": 0.5})
    told = sentences(study, find(study))
    assert told[1] == "No decisive change is sure to close 25% of it."
    assert told[2] == "Of the other hypotheses H1 and H8 are supported, H2, H3, H7 and H9 are refuted."
    assert "`packnet-best` loses to `densedepth-best`: 0.300 against 0.180, a difference of -0.120" in told[3]
    assert told[4] == (
        "So at scale `smoke` the difference is due to the structure itself, which loses at its best, too."
    )


def test_an_answer_without_a_gap(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = study_by_hand({"densedepth": 0.51, "packnet-best": 0.182})
    told = sentences(study, find(study))
    assert told[0].endswith(", which is not sure to be one.")
    assert "is neither surely better nor worse than" in told[3]
    assert told[4].startswith("What the difference at scale `smoke` is due to was not found; the structure itself")


def test_the_document_has_every_hypothesis_with_figure_verdict_and_command(study):
    text = verdict_markdown(study, find(study))
    for key in study.verdict.hypotheses:
        section = text.partition(f"## {key}: Claim {key}\n")[2].partition("\n## ")[0]
        assert re.search(r"\*\*(Supported|Refuted|Open)\.\*\*", section)
        assert f"({key}.png)" in section
        assert f"`snakemake {key}` trains" in section
    assert "| `packnet` | `packnet-leaky-relu` | yes | 0.500 | 0.250 | 0.250 (" in text


def test_every_number_follows_its_file(study):
    """Another loss in one result file, and the document says that one."""
    before = verdict_markdown(study, find(study))
    path = study.run("packnet-leaky-relu", 0).per_image
    path.write_text("id,loss\n" + "\n".join(f"rooms/{i},{v}" for i, v in enumerate(spread_out(0.35))))
    after = verdict_markdown(study, find(study))
    assert "83% of the gap" in before
    assert "50% of the gap" in after
    assert "83% of the gap" not in after


def test_losses_of_their_own_are_not_set_beside_the_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = study_by_hand(
        edit=lambda raw: raw["groups"]["diagnosis"]["variants"]["packnet-narrow"].update(training={"loss": "l1"})
    )
    rows = re.findall(r"^\| packnet-(?:narrow|rate-triple) \|.*$", verdict_markdown(study, find(study)), re.MULTILINE)
    assert [("other | other" in row) for row in rows] == [False, True]


def test_other_rungs_are_told_of(study):
    told = verdict_markdown(study, find(study)).partition("## Does a small scale tell the truth?")[2]
    assert "`medium`: Kendall's tau" in told


def test_it_is_written_whole(study):
    text = write_verdict(study, find(study))
    assert (paths.verdict("smoke") / "verdict.md").read_text() == text


def is_of_these_settings(study: Study, runs: Path) -> bool:
    """Whether all runs behind a published verdict were trained with the settings of today's params.yaml."""
    known = {name for group in study.by_group.values() for name in group.variants}
    made = [(run["variant"], run["params"]) for run in json.loads(runs.read_text())]
    return all(name in known and digest(study.variant(name)) == params for name, params in made)


def test_the_published_verdict_is_what_its_tables_say(monkeypatch):
    published = TOP / "docs/results/small/verdict/verdict.md"
    if not published.exists():
        pytest.skip("no verdict is published yet")
    monkeypatch.chdir(TOP)
    scale = re.search(r"results of scale `([a-z0-9-]+)`", published.read_text())
    assert scale
    study = load_study().at(scale[1])
    if not is_of_these_settings(study, published.parent / "findings" / "provenance.json"):
        pytest.skip("the published verdict compares variants of other settings")
    assert verdict_markdown(study, Findings.read(published.parent / "findings")) == published.read_text()
