"""The table of all pairs, from made results."""

import pandas as pd
import pytest

from packdepth import paths
from packdepth.analysis.results import reported
from packdepth.analysis.transfer_table import write_transfer_table
from packdepth.errors import InputError
from packdepth.utils.files import write_json
from tests.support.stores import no_verdict

PUBLISHED = "https://example.org/models/PackNet01_MR_velsup_CStoK.ckpt"
CHECKPOINTS = ("tiny-constant-seed0", "tiny-packnet-seed0", "PackNet01_MR_velsup_CStoK")
AGGREGATES = {"tiny": "pooled", "kitti": "mean_over_images"}


@pytest.fixture
def study(project):
    def edit(raw):
        raw["groups"]["report"]["variants"] = {
            name: raw["groups"]["report"]["variants"][name] for name in ("constant", "packnet")
        }
        raw["verdict"] = no_verdict("packnet")
        raw["transfer"] = {"data": ["tiny", "kitti"], "checkpoints": [PUBLISHED]}

    study = project(edit)
    for row, checkpoint in enumerate(CHECKPOINTS):
        for column, (data, aggregate) in enumerate(AGGREGATES.items()):
            base = row + column / 10
            numbers = {
                scaling: {
                    aggregate: {"abs_rel": base + part, "delta1": base + part + 0.001},
                    "other": {"abs_rel": 99.0, "delta1": 99.0},
                }
                for scaling, part in {"metric": 0.01, "median_scaled": 0.02}.items()
            }
            content = {"checkpoint": checkpoint, "data": data, "images": 3, "protocol": {"name": f"of-{data}"}}
            content |= {"headline": {"aggregate": aggregate}} | numbers
            write_json(paths.transfer("tiny") / data / checkpoint / "metrics.json", content)
    return study


def test_cells(study):
    text = write_transfer_table(study)
    lines = text.splitlines()
    assert lines[:5] == [
        "| abs_rel | tiny | kitti |",
        "| --- | ---: | ---: |",
        "| tiny-constant-seed0 | 0.010 / 0.020 | 0.110 / 0.120 |",
        "| tiny-packnet-seed0 | 1.010 / 1.020 | 1.110 / 1.120 |",
        "| PackNet01_MR_velsup_CStoK | 2.010 / 2.020 | 2.110 / 2.120 |",
    ]
    assert "| tiny-packnet-seed0 | 1.011 / 1.021 | 1.111 / 1.121 |" in lines
    assert lines[-1] == "| PackNet01_MR_velsup_CStoK | KITTI | 0.108 | 0.887 |"
    assert text == (paths.transfer("tiny") / "table.md").read_text()


def test_numbers(study):
    write_transfer_table(study)
    table = pd.read_csv(paths.transfer("tiny") / "table.csv").set_index(["checkpoint", "data"])
    assert table.loc[("tiny-packnet-seed0", "kitti"), "abs_rel_scaled"] == pytest.approx(1.12)
    assert table.loc[("tiny-packnet-seed0", "kitti"), "protocol"] == "of-kitti"
    assert len(table) == 6


def test_without_a_published_checkpoint_nothing_published_is_told(study):
    text = write_transfer_table(
        study.model_copy(update={"transfer": study.transfer.model_copy(update={"checkpoints": []})})
    )
    assert "As published" not in text
    assert "tiny-packnet-seed0" in text


def test_a_missing_result_is_named(study):
    (paths.transfer("tiny") / "kitti" / "tiny-packnet-seed0" / "metrics.json").unlink()
    with pytest.raises(InputError, match=r"kitti/tiny-packnet-seed0/metrics\.json: not there yet"):
        write_transfer_table(study)


def test_every_reported_number_has_its_source():
    content = reported()
    assert all(result["source"] for name in ("nyu", "nyu-labelled") for result in content[name]["results"])
    assert all(content[part]["source"] for part in ("report", "packnet-sfm"))
    for numbers in content["packnet-sfm"]["checkpoints"].values():
        assert 0 < numbers["abs_rel"] < numbers["delta1"] < 1 < numbers["rmse"]
