"""The table: means, deviations and ratios by hand, from made result files."""

import json

import pandas as pd
import pytest

from packdepth import paths
from packdepth.analysis.group_table import write_group_table
from packdepth.analysis.report_table import report_text, summarise_report
from packdepth.errors import InputError
from packdepth.utils.files import write_json
from tests.support.stores import no_verdict

LOSSES = {"constant": [0.3, 0.3], "densedepth": [0.1, 0.3], "packnet": [0.5, 0.7]}


@pytest.fixture
def study(project):
    def edit(raw):
        raw["seeds"] = [0, 1]
        raw["groups"]["report"]["variants"] = {name: raw["groups"]["report"]["variants"][name] for name in LOSSES}
        raw["verdict"] = no_verdict(next(iter(LOSSES)))

    study = project(edit)
    for variant, losses in LOSSES.items():
        for seed, loss in enumerate(losses):
            run = paths.Run("tiny", "report", variant, seed)
            headline = {"aggregate": "pooled", "median_scaled": False}
            headline |= {"abs_rel": loss / 2, "rmse": 2 * loss, "delta1": 1 - loss}
            metrics = {"training_loss": loss, "final_training_loss": loss / 4, "test_loss": loss, "headline": headline}
            write_json(run.evaluation, metrics)
            write_json(run.provenance, {"variant": variant, "seed": seed, "parameters": 10**6, "seconds": 10.0})
    floor_losses = {"best constant": 0.5, "fixed map": 0.4}
    table = pd.DataFrame({"floor": floor_losses.keys(), "loss": floor_losses.values(), "abs_rel": 0.3})
    splits = [table.assign(name=study.loss_name, split=split, rmse=1.5, delta1=0.2) for split in ("train", "test")]
    paths.floors("tiny").parent.mkdir(parents=True, exist_ok=True)
    pd.concat(splits).to_csv(paths.floors("tiny"), index=False)
    return study


def test_means_deviations_and_ratios(study):
    table = summarise_report(study, "report").set_index("variant")
    assert list(table.index) == [*LOSSES, "best constant", "fixed map"]
    assert table.loc["densedepth", "loss"] == pytest.approx(0.2)
    assert table.loc["densedepth", "loss_std"] == pytest.approx(0.2 / 2**0.5)
    assert table.loc["packnet", "reported_loss"] == 0.612
    assert table.loc["packnet", "skill"] == pytest.approx(1 - 0.6 / 0.4)
    assert table.loc["fixed map", "skill"] == 0
    assert pd.isna(table.loc["constant", "reported_loss"])


def test_files(study):
    write_group_table(study, "report")
    text = paths.table("tiny", "report", "md").read_text()
    rows = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("|")}
    assert "| 0.612 | 0.600 ± 0.141 | 0.150 ± 0.035 | 0.600 ± 0.141 | -0.50 ± 0.35 |" in rows["packnet"]
    assert rows["packnet"].endswith("| 1.92 | 10 s | 1.00 |")
    assert "| - | 0.500 | - | 0.500 | -0.25 | 0.300 | 1.500 | 0.200 | - |" in rows["*best constant*"]
    assert "2 seeds" in text
    assert "on the test split, pooled over pixels." in text
    assert pd.read_csv(paths.table("tiny", "report", "csv"))["variant"].tolist() == [
        *LOSSES,
        "best constant",
        "fixed map",
    ]
    assert len(json.loads(paths.table_provenance("tiny", "report").read_text())) == 6


def test_the_page_has_the_same_cells(study):
    text = write_group_table(study, "report")
    page = paths.table("tiny", "report", "html").read_text()
    row = next(line for line in text.splitlines() if line.startswith("| packnet |"))
    for cell in row.strip("| ").split(" | "):
        assert f">{cell}</td>" in page
    assert "<code>loss</code> is the report's number" in page


def test_the_caption_tells_of_other_means(study):
    path = paths.Run("tiny", "report", "constant", 0).evaluation
    metrics = json.loads(path.read_text())
    metrics["headline"] |= {"aggregate": "mean_over_images", "median_scaled": True}
    write_json(path, metrics)
    text = report_text(summarise_report(study, "report"), study).markdown()
    assert "on the test split, means over images, median-scaled." in text


def test_one_seed_has_no_deviation(study):
    table = summarise_report(study.model_copy(update={"seeds": [1]}), "report")
    assert table["loss_std"].isna().all()


def test_a_missing_result_is_named(study):
    paths.Run("tiny", "report", "packnet", 1).evaluation.unlink()
    with pytest.raises(InputError, match=r"packnet/seed1/evaluation\.json: not there yet"):
        write_group_table(study, "report")
