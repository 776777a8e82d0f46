"""What cascades of the group `widths` gain, from tables made by hand."""

import numpy as np
import pandas as pd
import pytest

from packdepth import paths
from packdepth.analysis.cascades import CASCADE, NETWORK, UNCERTAINTY, finding, read_widths, summarise
from packdepth.analysis.group_table import write_group_table
from packdepth.config.study import Study
from packdepth.errors import InputError
from tests.support.verdicts import FLOOR
from tests.support.widths import DIFFICULT, EASY, GFLOPS, write_widths


def rows(study: Study, kind: str, predictor: str = "disagreement") -> pd.DataFrame:
    table = summarise(study)
    return table[(table["kind"] == kind) & table["predictor"].isin([predictor, np.nan])].set_index("name")


def test_networks_stand_in_the_order_of_their_operations(study):
    write_widths(study)
    widths = read_widths(study)
    assert list(widths.gflops) == list(GFLOPS)
    assert widths.gflops == pytest.approx(GFLOPS)
    assert widths.pairs[0] == ("width-half", "width-fourfold")
    assert len(widths.pairs) == len(set(widths.pairs)) == 6
    networks = rows(study, NETWORK)
    mean = (2 * EASY["width-double"] + DIFFICULT["width-double"]) / 3
    assert networks.loc["width-double", "skill"] == pytest.approx(1 - mean / FLOOR, abs=0.01)
    assert networks.loc["width-double", "skill_low"] < networks.loc["width-double", "skill"]


def test_a_cascade_by_hand(study):
    """Half of 6.4 leaves 3.2 - 2 * 0.19 for the big network: 44 % of the images, all difficult ones among them."""
    write_widths(study)
    row = rows(study, CASCADE).loc["width-half, then width-fourfold"]
    assert row["gflops"] == pytest.approx(3.2)
    assert row["share"] == pytest.approx(2.82 / 6.4)
    easy_sent = 2.82 / 6.4 - 1 / 3
    loss = 1 / 3 * 0.25 + easy_sent * 0.23 + (2 / 3 - easy_sent) * 0.24
    assert row["skill"] == pytest.approx(1 - loss / FLOOR, abs=0.01)
    alone = np.mean([1 / 3 * (DIFFICULT[name] + 2 * EASY[name]) for name in ("width-double", "width-fourfold")])
    assert row["advantage"] == pytest.approx((alone - loss) / FLOOR, abs=0.01)  # 3.2 is in the middle of 1.6 and 6.4
    assert row["advantage_low"] > 0
    assert row["captured"] == pytest.approx(0.95, abs=0.05)
    assert row["perfect"] >= row["advantage"]
    assert row["oracle"] > row["skill"]
    assert finding(summarise(study)).startswith("A cascade pays: +0.0")


def test_a_disagreement_that_knows_nothing_captures_nothing(study):
    write_widths(study, known=0.0)
    row = rows(study, CASCADE).loc["width-half, then width-fourfold"]
    assert abs(row["captured"]) < 0.2
    assert row["advantage"] < row["perfect"]


def test_a_cheap_network_that_leaves_nothing_for_the_big_one_is_no_cascade(study):
    write_widths(study)
    judged = rows(study, CASCADE)
    assert "width-half, then width-whole" not in judged.index  # twice 0.19 is more than half of 0.39
    assert judged.loc["width-whole, then width-double", "share"] == pytest.approx(0.02 / 1.6)


def test_a_head_needs_no_second_pass(study):
    write_widths(study)
    by_head = rows(study, CASCADE, "error_head")
    assert by_head.loc["width-half, then width-whole", "share"] == pytest.approx((0.39 / 2 - 0.19) / 0.39)
    assert abs(by_head.loc["width-half, then width-fourfold", "captured"]) < 0.2


def test_no_cascade_at_all_is_told(study):
    write_widths(study)
    table = summarise(study)
    assert finding(table[table["kind"] != CASCADE]).startswith("No cascade is judged")


@pytest.mark.parametrize(
    ("low", "high", "verdict"), [(0.01, 0.03, "pays"), (-0.03, -0.01, "does not pay"), (-0.01, 0.03, "may pay or not")]
)
def test_the_interval_decides(study, low, high, verdict):
    write_widths(study)
    table = summarise(study)
    table.loc[table["kind"] == CASCADE, ["advantage", "advantage_low", "advantage_high"]] = [
        (low + high) / 2,
        low,
        high,
    ]
    assert finding(table).startswith(f"A cascade {verdict}: ")
    assert f"({low:+.3f} to {high:+.3f})" in finding(table)


def test_what_an_uncertainty_knows(study):
    write_widths(study)
    row = rows(study, UNCERTAINTY).loc["width-half"]
    assert row["known"] == pytest.approx(0.5, abs=0.01)
    assert row["correlation"] > 0.6
    assert row["correlation_low"] < row["correlation"] < row["correlation_high"]
    write_widths(study, known=0.0)
    assert abs(rows(study, UNCERTAINTY).loc["width-half", "correlation"]) < 0.2


def test_the_table_tells_the_finding_and_every_number(study):
    write_widths(study)
    text = write_group_table(study, "widths")
    assert "**A cascade pays" in text
    assert "| *fixed map* | - | 0.000 | - | 0.000 |" in text
    assert "| width-half | disagreement |" in text
    table = pd.read_csv(paths.table("smoke", "widths", "csv"))
    assert table["kind"].value_counts().to_dict() == {NETWORK: 4, CASCADE: 5 + 6, UNCERTAINTY: 8, "floor": 2}
    assert "<table>" in paths.table("smoke", "widths", "html").read_text()


def test_seeds_that_one_network_lacks_are_left_out(study):
    write_widths(study)
    path = paths.gathered("smoke", "widths") / "losses.csv"
    pd.read_csv(path).drop(columns="width-whole/2").to_csv(path, index=False)
    assert [list(table) for table in read_widths(study).losses.values()] == [[1, 3]] * 4
    pd.read_csv(path).drop(columns=["width-whole/1", "width-double/3"]).to_csv(path, index=False)
    with pytest.raises(InputError, match="a cascade takes two networks that have a seed in common"):
        summarise(study)


def test_an_image_without_a_prediction_of_its_difficulty_is_told(study):
    write_widths(study)
    path = paths.gathered("smoke", "widths") / "uncertainty.csv"
    pd.read_csv(path).iloc[1:].to_csv(path, index=False)
    with pytest.raises(InputError, match=r"uncertainty\.csv: lacks the disagreement of width-half for some image"):
        summarise(study)


def test_a_missing_table_is_named(study):
    write_widths(study)
    (paths.gathered("smoke", "widths") / "uncertainty.csv").unlink()
    with pytest.raises(InputError, match=r"gathered/widths/uncertainty\.csv: not there yet"):
        summarise(study)
