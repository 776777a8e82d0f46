"""The table of temporal variants: means, spreads and settings by hand, from made result files."""

import json

import pandas as pd
import pytest

from packdepth import paths
from packdepth.analysis.group_table import write_group_table
from packdepth.analysis.temporal_table import faults, summarise_temporal
from packdepth.errors import InputError
from packdepth.utils.files import write_json, write_text
from tests.support.stores import with_variants

PAIR = ("photometric", "photometric-velocity")  # which the group is compared with
VARIANTS = (*PAIR, "packnet-supervised", "densedepth-selfsup", "noisy", "two-faults")
FACTORS = [[1.0, 3.0], [2.0, 6.0]]  # of two images, for each seed


@pytest.fixture
def study(project):
    def edit(raw):
        raw["seeds"] = [0, 1]
        group = raw["groups"]["supervision"]
        group["variants"] = {name: group["variants"][name] for name in VARIANTS[2:4]}
        for name, sensor in (("noisy", {"noise": 0.3}), ("two-faults", {"bias": 0.25, "drop_out": 0.3})):
            training = {"mode": "self-supervised", "context": "recorded", "velocity": {"weight": 0.05, **sensor}}
            group["variants"][name] = {"network": {"architecture": "packnet"}, "training": training}
        raw["scales"]["tiny"]["groups"] = {"temporal": {"context": "synthetic"}}

    study = project(edit)
    for variant in VARIANTS:
        for seed, factors in enumerate(FACTORS):
            run = study.run(variant, seed)
            metric = {"abs_rel": 0.2 + seed / 10, "rmse": 0.5, "delta1": 0.7}
            numbers = {
                "metric": {"pooled": metric, "mean_over_images": dict.fromkeys(metric, 99.0)},
                "median_scaled": {"pooled": {"abs_rel": 0.1, "delta1": 0.9}},
            }
            write_json(run.evaluation, {"headline": {"aggregate": "pooled", "median_scaled": False}, **numbers})
            write_json(run.provenance, {"variant": variant, "seed": seed, "parameters": 2 * 10**6, "seconds": 10.0})
            write_text(run.per_image, pd.DataFrame({"id": ["a", "b"], "median_factor": factors}).to_csv(index=False))
    return study


def test_factors_and_metrics(study):
    table = summarise_temporal(study, "supervision").set_index("variant")
    assert list(table.index) == list(VARIANTS)
    row = table.loc["densedepth-selfsup"]
    assert row["factor"] == pytest.approx(3.0)  # of 2 and 4
    assert row["factor_std"] == pytest.approx(2.0**0.5)
    assert row["factor_spread"] == pytest.approx(1.5 * 2**0.5)  # of 2 ** 0.5 and 2 * 2 ** 0.5 over images
    assert row["abs_rel"] == pytest.approx(0.25)
    assert row["abs_rel_scaled"] == pytest.approx(0.1)


def test_files(study):
    text = write_group_table(study, "supervision")
    rows = {line.split("|")[1].strip(): line for line in text.splitlines() if line.startswith("|")}
    assert rows["packnet-supervised"].startswith(
        "| packnet-supervised | packnet | supervised | - | - | - | - | 2.00 M |"
    )
    assert "| densedepth | self-supervised | recorded | predicted | 0 | - |" in rows["densedepth-selfsup"]
    assert "| packnet | self-supervised | synthetic | predicted | 0.05 | - |" in rows["photometric-velocity"]
    assert "| 0.05 | noise 0.3 m/s |" in rows["noisy"]
    assert "| 0.05 | bias +25%, drop-out 30% |" in rows["two-faults"]
    assert rows["noisy"].endswith("| 0.100 ± 0.000 | 0.900 ± 0.000 | 10 s |")
    assert text == paths.table("tiny", "supervision", "md").read_text()
    assert "2 seeds" in text
    assert text.endswith("pooled over pixels. ± is the deviation over seeds.\n")
    assert pd.read_csv(paths.table("tiny", "supervision", "csv"))["variant"].tolist() == list(VARIANTS)
    assert len(json.loads(paths.table_provenance("tiny", "supervision").read_text())) == 12


def test_one_seed_has_no_deviation(study):
    alone = study.model_copy(update={"seeds": [1]})
    assert summarise_temporal(alone, "supervision")["factor_std"].isna().all()
    assert "±" not in write_group_table(alone, "supervision")


def test_faults_count_only_for_a_training_that_listens(study):
    training = study.variant("noisy").training
    deaf = training.model_copy(update={"velocity": training.velocity.model_copy(update={"weight": 0.0})})
    assert faults(training) == {"noise": 0.3}
    assert faults(deaf) == {}
    assert faults(training.model_copy(update={"mode": "supervised"})) == {}


def test_a_missing_result_is_named(study):
    study.run("two-faults", 1).per_image.unlink()
    with pytest.raises(InputError, match=r"runs/supervision/two-faults/seed1/per_image\.csv: not there yet"):
        write_group_table(study, "supervision")


def test_a_study_without_such_variants_is_told(study):
    with pytest.raises(InputError, match=r"groups\.temporal\.variants is empty"):
        write_group_table(with_variants(study, "temporal", {}), "temporal")
