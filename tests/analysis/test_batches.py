"""What batches of other sizes give: skills and gains by hand, and what readers see."""

from collections.abc import Callable

import pandas as pd
import pytest

from packdepth import paths
from packdepth.analysis.batches import batches_text, finding, summarise
from packdepth.analysis.results import floors
from packdepth.config.study import Study
from packdepth.errors import InputError
from tests.support.batches import LOSSES, WORSE

MakeStudy = Callable[..., Study]


def test_gains_are_against_the_same_network_with_batches_of_four(make_study: MakeStudy) -> None:
    study = make_study(seeds=(0, 1))
    floor = floors(study, "test").loc["fixed map", "loss"]
    table = summarise(study).set_index("variant")
    assert len(table) == 8
    for name, row in table.iterrows():
        loss = LOSSES[row["batch_size"]] + WORSE * str(name).startswith("packnet")
        assert row["skill"] == pytest.approx(1 - loss / floor, abs=0.003)
        assert row["skill_low"] < row["skill"] < row["skill_high"]
        if row["batch_size"] == 4:
            assert row[["gain", "gain_low", "gain_high"]].isna().all()
        else:
            assert row["gain"] == pytest.approx((LOSSES[4] - LOSSES[row["batch_size"]]) / floor, abs=0.003)
            assert row["gain_low"] < row["gain"] < row["gain_high"]


def test_readers_see_the_finding_and_what_a_training_costs(make_study: MakeStudy) -> None:
    study = make_study(seeds=(0, 1))
    table = summarise(study)
    text = batches_text(table, study).markdown()
    floor = floors(study, "test").loc["fixed map", "loss"]
    best = [1 - (LOSSES[8] + more) / floor for more in (WORSE, 0)]
    assert finding(table) == (
        f"Best batch size at equal frames (skill): packnet 8 ({best[0]:.2f}) and densedepth 8 ({best[1]:.2f})"
    )
    assert f"**{finding(table)}.**" in text
    assert "seeds: 2." in text
    of_sixteen = next(line for line in text.splitlines() if line.startswith("| densedepth-batch-16 "))
    assert [cell.strip() for cell in of_sixteen.split("|")][2:4] == ["16", "250"]
    assert of_sixteen.endswith("| 64 s | 8.00 GiB |")


def test_a_variant_that_was_not_gathered_is_named(make_study: MakeStudy) -> None:
    study = make_study()
    folder = paths.gathered("smoke", "batches")
    for name in ("losses", "variants"):
        table = pd.read_csv(folder / f"{name}.csv")
        of_it = table["variant"] != "packnet-batch-8" if name == "variants" else slice(None)
        table.drop(columns="packnet-batch-8/0", errors="ignore")[of_it].to_csv(folder / f"{name}.csv", index=False)
    with pytest.raises(InputError, match="without packnet-batch-8"):
        summarise(study)
