"""What a second camera buys: gains by hand, and what readers see."""

from collections.abc import Callable

import pandas as pd
import pytest

from packdepth import paths
from packdepth.analysis.pairs import finding, pairs_text, summarise
from packdepth.analysis.results import floors
from packdepth.config.study import Study
from packdepth.errors import InputError
from tests.support.pairs import LOSSES, length

MakeStudy = Callable[..., Study]


def test_gains_are_against_the_same_network_trained_as_long_with_one_camera(make_study: MakeStudy) -> None:
    study = make_study(seeds=(0, 1))
    floor = floors(study, "test").loc["fixed map", "loss"]
    table = summarise(study).set_index("variant")
    assert len(table) == 8
    for name, row in table.iterrows():
        of_one, of_two = LOSSES[length(str(name))]
        stereo = "two-cameras" in str(name)
        assert row["cameras"] == 1 + stereo
        assert row["skill"] == pytest.approx(1 - (of_two if stereo else of_one) / floor, abs=0.003)
        if stereo:
            assert row["gain"] == pytest.approx((of_one - of_two) / floor, abs=0.003)
            assert row["gain_low"] < row["gain"] < row["gain_high"]
        else:
            assert row[["gain", "gain_low", "gain_high"]].isna().all()


def test_readers_see_what_it_gains_at_last_and_what_it_costs(make_study: MakeStudy) -> None:
    study = make_study(seeds=(0, 1))
    table = summarise(study)
    text = pairs_text(table, study).markdown()
    floor = floors(study, "test").loc["fixed map", "loss"]
    of_packnet, of_densedepth = (LOSSES[f"{name}-long"] for name in ("packnet", "densedepth"))
    assert finding(table) == (
        f"What a second camera adds to skill: packnet {(of_packnet[0] - of_packnet[1]) / floor:+.2f}"
        f" and densedepth {(of_densedepth[0] - of_densedepth[1]) / floor:+.2f}"
    )
    assert f"**{finding(table)}.**" in text
    assert "seeds: 2." in text
    of_two = next(line for line in text.splitlines() if line.startswith("| densedepth-two-cameras |"))
    assert [cell.strip() for cell in of_two.split("|")][2:4] == ["500", "0.510 G"]


def test_without_pairs_no_gain_is_told(make_study: MakeStudy) -> None:
    table = summarise(make_study())
    assert finding(table[table["cameras"] == 1]) == "No network sees two cameras next to one that sees one"


def test_a_variant_that_was_not_gathered_is_named(make_study: MakeStudy) -> None:
    study = make_study()
    path = paths.gathered("smoke", "pairs") / "losses.csv"
    pd.read_csv(path).drop(columns="packnet-two-cameras/0").to_csv(path, index=False)
    with pytest.raises(InputError, match="without packnet-two-cameras;"):
        summarise(study)
