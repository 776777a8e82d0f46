"""The tables that sum up the runs of a group."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest

from packdepth import paths
from packdepth.analysis.gathered import gather, kept, read_gathered, runs_of
from packdepth.analysis.results import read_csv
from packdepth.errors import InputError
from packdepth.utils.fingerprint import digest
from tests.support.verdicts import IMAGES, SKILL, THUMBNAIL


def test_losses_have_a_row_for_an_image_and_a_column_for_a_run(study):
    table = read_gathered(study, "contest", "losses")
    names = ("packnet-best", "packnet-strided", "densedepth-best")
    assert sorted(table.columns) == sorted(["id", *(f"{name}/{seed}" for name in names for seed in range(1, 6))])
    assert len(table) == IMAGES
    of_run = pd.read_csv(study.run("packnet-best", 2).per_image).set_index("id")["loss"]
    found = table.set_index("id")["packnet-best/2"]
    np.testing.assert_allclose(found, of_run[found.index], rtol=1e-5)


def test_an_autoencoders_loss_is_its_squared_error_on_test_images(study):
    table = read_gathered(study, "autoencoder", "losses")
    assert len(table) == IMAGES
    assert table["packing/0"].mean() == pytest.approx(0.5 * THUMBNAIL, rel=0.01)


def test_what_variants_measured(study):
    rows = read_gathered(study, "contest", "variants").set_index("variant")
    row = rows.loc["packnet-best"]
    assert (row["group"], row["seeds"], row["architecture"]) == ("contest", 5, "packnet")
    assert row["test_loss"] == pytest.approx(0.5 * (1 - SKILL["packnet-best"]), abs=1e-3)
    assert row["spread"] == pytest.approx(0.25)  # of the last fifth
    assert row["noise_scale"] == pytest.approx(4 * (3.0 / 1.5 - 1))
    assert np.isnan(row["saturation"])


def test_a_noise_scale_that_is_none_is_not_told(study):
    run = study.run("packnet", 0)
    table = pd.read_csv(run.diagnostics)
    table.loc[table["name"] == "gradient_product", "value"] = -1.0
    table.to_csv(run.diagnostics, index=False)
    gather(study, "report")
    assert np.isnan(read_gathered(study, "report", "variants").set_index("variant").loc["packnet", "noise_scale"])


def test_stages_and_curves(study):
    stages = read_gathered(study, "report", "stages").query("variant == 'packnet'")
    assert stages["stage"].tolist() == ["stem", "body", "head"]
    assert stages["gradient_rms"].tolist() == pytest.approx([0.25, 500, 1000])
    curve = read_gathered(study, "report", "curves").query("variant == 'packnet'")
    assert len(curve) == 200
    assert curve["step"].tolist()[:2] == [2, 4]
    assert curve["loss"].iloc[0] == pytest.approx((1 + 1 / 2) / 2)


def test_every_run_is_accounted_for(study):
    for name in paths.TOLD:
        group = study.by_group[name]
        provenance = json.loads((paths.gathered("smoke", name) / "provenance.json").read_text())
        assert len(provenance) == len(group.variants) * len(group.seeds or study.seeds)


def test_a_missing_result_is_named(study):
    study.run("packnet-epsilon", 1).per_image.unlink()
    with pytest.raises(InputError, match=r"runs/diagnosis/packnet-epsilon/seed1/per_image\.csv: not there yet"):
        gather(study, "diagnosis")


def tables(group: str) -> dict[str, str]:
    return {file.name: file.read_text() for file in paths.gathered("smoke", group).iterdir()}


@pytest.mark.parametrize("group", ["diagnosis", "autoencoder"])
def test_runs_that_are_no_longer_here_keep_their_rows(study, group):
    before = tables(group)
    name = next(iter(study.by_group[group].variants))
    shutil.rmtree(study.run(name, study.seeds_of(name)[1]).folder)
    gather(study, group)
    assert tables(group) == before


def test_a_run_with_other_settings_than_todays_is_not_kept(study):
    path = paths.gathered("smoke", "diagnosis") / "provenance.json"
    path.write_text(path.read_text().replace(digest(study.variant("packnet-epsilon")), "other"))
    run = study.run("packnet-epsilon", 1)
    shutil.rmtree(run.folder)
    assert run not in kept(study, "diagnosis")
    with pytest.raises(InputError, match=r"packnet-epsilon/seed1/provenance\.json: not there yet"):
        gather(study, "diagnosis")


def test_runs_of_other_frames_are_not_mixed(study):
    run = study.run("packnet-epsilon", 1)
    run.provenance.write_text(run.provenance.read_text().replace('"abc"', '"def"'))
    with pytest.raises(InputError, match="runs of diagnosis learned from different frames, abc and def"):
        gather(study, "diagnosis")


def test_means_that_an_older_version_gathered_are_read_and_not_kept(study):
    means = read_gathered(study, "diagnosis", "variants")
    means.to_csv(paths.gathered("smoke", "diagnosis") / "variants.csv", index=False)
    pd.testing.assert_frame_equal(read_gathered(study, "diagnosis", "variants"), means)
    assert kept(study, "diagnosis") == {}


def test_what_only_the_system_refuses_is_no_reason_to_remove_a_result(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(5, "Input/output error")

    (tmp_path / "table.csv").write_text("a,b\n")
    monkeypatch.setattr(pd, "read_csv", refuse)
    with pytest.raises(InputError, match=r"table\.csv: cannot be read now: Input/output error$"):
        read_csv(tmp_path / "table.csv")


def test_of_widths_it_keeps_operations_and_what_was_predicted_of_the_errors(study):
    template = study.run("densedepth-best", 1)
    of_images = pd.read_csv(template.per_image)
    for place, run in enumerate(runs_of(study, "widths")):
        shutil.copytree(template.folder, run.folder)
        predicted = {"disagreement": 0.1 * place, "disagreement_ause": 0.3, "error_head": 0.2, "error_head_ause": 0.4}
        of_images.assign(**predicted, ause_random=0.6).to_csv(run.per_image, index=False)
        curve = {"removed": [0.0, 0.5], "disagreement": [1.0, 0.7], "error_head": [1.0, 0.8], "oracle": [1.0, 0.1]}
        measured = json.loads(run.evaluation.read_text()) | {"forward_gflops": 1.5, "sparsification": curve}
        run.evaluation.write_text(json.dumps(measured))
    gather(study, "widths")
    assert read_gathered(study, "widths", "variants")["forward_gflops"].tolist() == [1.5] * 4
    images = read_gathered(study, "widths", "uncertainty").groupby(["variant", "seed", "predictor"])
    assert len(images) == 4 * 3 * 2
    assert (images.size() == IMAGES).all()
    means = images[["predicted", "ause", "ause_random"]].mean()
    assert means.loc[("width-half", 2, "disagreement")].tolist() == pytest.approx([0.1, 0.3, 0.6])
    assert means.loc[("width-fourfold", 3, "error_head")].tolist() == pytest.approx([0.2, 0.4, 0.6])
    curves = read_gathered(study, "widths", "sparsification").query("variant == 'width-double' and seed == 1")
    assert curves.query("predictor == 'error_head'")[["removed", "error", "oracle"]].to_numpy().tolist() == [
        [0.0, 1.0, 1.0],
        [0.5, 0.8, 0.1],
    ]


def test_of_batches_it_keeps_what_a_training_costs(study):
    template = study.run("densedepth-best", 1)
    for place, run in enumerate(runs_of(study, "batches")):
        shutil.copytree(template.folder, run.folder)
        log = pd.read_csv(run.diagnostics)
        memory = pd.DataFrame({"step": [1, 2], "name": "peak_memory_mib", "value": [100.0, 200.0 + place]})
        pd.concat([log, memory] if place else [log]).to_csv(run.diagnostics, index=False)
        run.provenance.write_text(json.dumps(json.loads(run.provenance.read_text()) | {"seconds": 10.0 + place}))
    gather(study, "batches")
    rows = read_csv(paths.gathered(study.scale, "batches") / "variants.csv")
    assert rows["seconds"].tolist() == [10.0 + place for place in range(24)]
    assert np.isnan(rows["peak_memory_mib"][0])
    assert rows["peak_memory_mib"].tolist()[1:] == [200.0 + place for place in range(1, 24)]


def test_of_pairs_it_keeps_operations_and_knows_where_the_second_camera_stood(study):
    template = study.run("densedepth-best", 1)
    for run in runs_of(study, "pairs"):
        shutil.copytree(template.folder, run.folder)
        variant = study.variant(run.variant)
        found = json.loads(run.provenance.read_text()) | {"params": digest(variant)}
        found |= {"variant": run.variant, "seed": run.seed} | ({"second_camera": 0.2} if variant.stereo else {})
        run.provenance.write_text(json.dumps(found))
        measured = json.loads(run.evaluation.read_text()) | {"forward_gflops": 1.0 + variant.stereo}
        run.evaluation.write_text(json.dumps(measured))
    gather(study, "pairs")
    operations = read_gathered(study, "pairs", "variants").set_index("variant")["forward_gflops"]
    assert operations[["packnet-one-camera", "packnet-two-cameras"]].tolist() == [1.0, 2.0]
    assert kept(study, "pairs").keys() == set(runs_of(study, "pairs"))
    data = study.data.model_copy(update={"stereo": 0.5})
    scale = study.active_scale.model_copy(update={"data": data})
    elsewhere = study.model_copy(update={"scales": study.scales | {study.scale: scale}})
    assert {run.variant for run in kept(elsewhere, "pairs")} == {
        name for name in study.groups.pairs.variants if not study.variant(name).stereo
    }
