"""What is found, what is decided of it, and that the document says nothing else."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from packdepth import paths
from packdepth.analysis.conclusion import sentences
from packdepth.analysis.findings import CONTEST, Findings, find
from packdepth.analysis.verdict import verdict_markdown, write_verdict
from packdepth.config.load import load_study
from packdepth.config.study import Study
from packdepth.errors import InputError
from packdepth.figures.verdict.hypothesis import draw
from packdepth.utils.fingerprint import digest
from tests.support.stores import TOP
from tests.support.verdicts import SKILL, study_by_hand

pytestmark = pytest.mark.slow  # each writes a hundred runs by hand


def verdicts(findings: Findings) -> dict[str, str]:
    return dict(zip(findings.judgements["hypothesis"], findings.judgements["verdict"], strict=True))


def test_what_variants_measured(study):
    findings = find(study)
    assert set(findings.variants["variant"]) == {name for name in SKILL if "-rate-" not in name}
    assert findings.of("packnet-best")["skill"] == pytest.approx(SKILL["packnet-best"], abs=2e-3)


def test_verdicts_by_hand(study):
    """The margin is 0.08, a fifth of the better network's skill, and 0.1 for autoencoders."""
    findings = find(study)
    assert findings.judgement("H7")["margin"] == pytest.approx(0.08, abs=1e-3)
    assert findings.judgement("H8")["margin"] == pytest.approx(0.1, abs=1e-3)
    assert verdicts(findings) == {
        CONTEST: "supported",  # 0.1
        "H1": "refuted",  # 0
        "H3": "open",  # 0.08, the margin
        "H5": "reversed",  # the claim is that a swap costs PackNet more: it gains 0.1 more
        "H7": "supported",
        "H8": "supported",
        "H9": "refuted",
        "H10": "supported",  # 0.15
    }


def test_a_network_that_does_as_well_at_its_best(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = study_by_hand({"packnet-best": 0.4})
    assert verdicts(find(study))[CONTEST] == "refuted"
    assert "`packnet-best` does as well as `densedepth-best`" in sentences(study, find(study))[1]


def test_of_one_seed_nothing_is_sure(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = verdicts(find(study_by_hand(seeds=[1], edit=lambda raw: raw["groups"]["factors"].update(seeds=[1, 2]))))
    assert {verdict for key, verdict in found.items() if key not in ("H5", "H9")} == {"open"}


def test_where_no_network_has_learned_nothing_is_decided(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = study_by_hand({"packnet-best": -0.1, "densedepth-best": -0.05})
    findings = find(study)
    assert {verdict for key, verdict in verdicts(findings).items() if key != "H8"} == {"open"}
    assert "No network has learned anything" in verdict_markdown(study, findings)
    draw(study, findings, "conclusion", Path("conclusion.png"))
    draw(study, findings, "H7", Path("H7.png"))


def test_trials_are_told_with_their_expected_best(study):
    table = find(study).tuning
    assert table["variant"].tolist() == ["packing-rate-3", "packing-rate-1"]  # the better first
    assert table["loss"].tolist() == pytest.approx([0.375, 0.4], abs=1e-3)
    assert table["expected_best"].tolist() == pytest.approx([0.3875, 0.38125], abs=1e-3)  # 3/4 of the time the better
    assert "## Tuning" in verdict_markdown(study, find(study))


def test_tables_come_back_from_their_files(study, tmp_path):
    findings = find(study)
    findings.write(tmp_path / "kept")
    again = Findings.read(tmp_path / "kept")
    assert verdict_markdown(study, again) == verdict_markdown(study, findings)
    (tmp_path / "kept" / "stages.csv").unlink()
    with pytest.raises(InputError, match=r"stages\.csv: not there yet"):
        Findings.read(tmp_path / "kept")


def test_without_the_contest_nothing_can_be_judged(study):
    (paths.gathered("smoke", "contest") / "losses.csv").unlink()
    with pytest.raises(InputError, match=r"gathered/contest/losses\.csv: not there yet"):
        find(study)


def test_what_is_gathered_is_judged_and_the_rest_is_named(study):
    whole = find(study)
    for group in ("report", "ceilings", "factors", "tuning", "durations", "autoencoder"):
        shutil.rmtree(paths.gathered("smoke", group))
    part = find(study)
    assert part.judgements["hypothesis"].tolist() == [CONTEST, "H1", "H10"]
    assert part.judgement("H10")["mean"] == whole.judgement("H10")["mean"]
    text = verdict_markdown(study, part)
    assert "Not judged yet, as their runs are not all there: H3, H5, H7, H8 and H9." in text
    assert "As the report built them" not in text
    draw(study, part, "conclusion", Path("conclusion.png"))
    part.write(Path("kept"))
    assert verdict_markdown(study, Findings.read(Path("kept"))) == text


def test_the_seeds_that_are_gathered_are_judged_and_told(study):
    path = paths.gathered("smoke", "ceilings") / "losses.csv"
    seeds = find(study).judgement("H7")["seeds"]
    pd.read_csv(path).drop(columns="packnet-ceiling-100/2").to_csv(path, index=False)
    assert find(study).judgement("H7")["seeds"] == seeds - 1


def test_a_variant_that_is_not_gathered_is_named(study):
    path = paths.gathered("smoke", "ceilings") / "losses.csv"
    table = pd.read_csv(path)
    table.drop(columns=[name for name in table if name.startswith("packnet-ceiling-100/")]).to_csv(path, index=False)
    with pytest.raises(InputError, match=r"losses\.csv: without packnet-ceiling-100; `packdepth gather ceilings"):
        find(study)


def test_the_answer_in_five_sentences(study):
    told = sentences(study, find(study))
    assert [re.sub(r" \(-?[\d.]+ to -?[\d.]+\)", "", sentence) for sentence in told] == [
        "As the report built them, `packnet` and `densedepth` end at test losses of 0.650 and 0.450, a skill of -0.30"
        " and 0.10.",
        "With a head that reaches and equal tuning, over 5 seeds, `packnet-best` still loses to `densedepth-best`:"
        " a skill of 0.299 against 0.401, and the other gains 0.102.",
        "Supported are H7 (claim H7: 0.501), H8 (claim H8: 0.402) and H10 (claim H10: 0.151).",
        "Of the others, H5 is reversed; H1 and H9 are refuted; H3 is open.",
        "So at scale `smoke` the difference is due to the structure and the environment around the network; the part"
        " of restricted learning resources stays open.",
    ]


def test_another_answer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    values = {"packnet-ceiling-100": -0.3, "packing": 0.1, "packnet-strided": 0.2, "packnet-best": 0.4}
    told = sentences(study := study_by_hand(values | {"densedepth-longest": 0.38}), find(study))
    assert told[2] == "No hypothesis is supported."
    assert told[4].startswith("So what the difference at scale `smoke` is due to was not found")


def test_the_document_has_every_hypothesis_with_figure_verdict_and_command(study):
    text = verdict_markdown(study, find(study))
    for key in study.verdict.hypotheses:
        section = text.partition(f"## {key}: Claim {key}\n")[2].partition("\n## ")[0]
        assert re.search(r"\*\*(Supported|Reversed|Refuted|Open)\.\*\*", section)
        assert "The margin is 0." in section
        assert "the least detectable effect" in section
        assert f"({key}.png)" in section
        assert f"`snakemake {key}` trains" in section
    assert "| `densedepth-ceiling-2` to `densedepth-ceiling-100` | 3 | 0." in text
    assert "| `swap in packnet` | 0.050 (" in text


def test_every_number_follows_its_file(study):
    """Other losses in one table, and the document says those."""
    before = verdict_markdown(study, find(study))
    path = paths.gathered("smoke", "ceilings") / "losses.csv"
    table = pd.read_csv(path)
    columns = [f"packnet-ceiling-100/{seed}" for seed in (1, 2, 3)]
    table.assign(**{name: table[name] - 0.05 for name in columns}).to_csv(path, index=False)
    after = verdict_markdown(study, find(study))
    assert "`packnet-ceiling-2` to `packnet-ceiling-100` gains a skill of 0.501" in before
    assert "`packnet-ceiling-2` to `packnet-ceiling-100` gains a skill of 0.601" in after


def test_losses_of_their_own_are_not_set_beside_the_others(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def edit(raw):
        raw["groups"]["diagnosis"]["variants"]["packnet-epsilon"]["training"].update(loss="l1")

    study = study_by_hand(edit=edit)
    rows = re.findall(r"^\| packnet-(?:epsilon|usual) \|.*$", verdict_markdown(study, find(study)), re.MULTILINE)
    assert sorted(("other | other" in row) for row in rows) == [False, True]


def test_it_is_written_whole(study):
    text = write_verdict(study, find(study))
    assert (paths.verdict("smoke") / "verdict.md").read_text() == text


def is_of_these_settings(study: Study, gathered: Path) -> bool:
    """Whether all runs behind a published verdict were trained with the settings of today's params.yaml."""
    known = {name for group in study.by_group.values() for name in group.variants}
    runs = [run for file in gathered.glob("*/provenance.json") for run in json.loads(file.read_text())]
    made = [(run["variant"], run["params"]) for run in runs]
    return bool(made) and all(name in known and digest(study.variant(name)) == params for name, params in made)


def test_the_published_verdict_is_what_its_tables_say(monkeypatch):
    published = TOP / "docs/results/small/verdict/verdict.md"
    if not published.exists():
        pytest.skip("no verdict is published yet")
    monkeypatch.chdir(TOP)
    scale = re.search(r"results of scale `([a-z0-9-]+)`", published.read_text())
    assert scale
    study = load_study().at(scale[1])
    if not is_of_these_settings(study, published.parents[1] / "gathered"):
        pytest.skip("the published verdict compares variants of other settings")
    assert verdict_markdown(study, Findings.read(published.parent / "findings")) == published.read_text()
