"""Whether one scale predicts another, from gathered tables."""

import shutil

import pandas as pd
import pytest

from packdepth import paths
from packdepth.analysis.agreement import write_agreement
from packdepth.errors import InputError


@pytest.fixture
def both(study):
    """The study by hand, and at scale `small` the same but for one network that is better there."""
    for group in ("contest", "diagnosis"):
        shutil.copytree(paths.gathered("smoke", group), paths.gathered("small", group))
    paths.floors("small").write_bytes(paths.floors("smoke").read_bytes())
    path = paths.gathered("small", "contest") / "losses.csv"
    table = pd.read_csv(path)
    better = [name for name in table if name.startswith("packnet-best/")]
    table.assign(**{name: table[name] - 0.2 for name in better}).to_csv(path, index=False)
    return study


def test_order_flips_and_signs(both):
    text = write_agreement(both, "small")
    assert "# Does `smoke` predict `small`?" in text
    assert "Kendall's tau of 4 variants" in text
    assert "Fewer than 8 variants say little." in text
    assert "| `densedepth-best` | `packnet-best` | yes |" in text
    assert "| `packnet-best` to `densedepth-best` | 0.102 | -0.298 | no |" in text
    assert (paths.verdict("smoke") / "agreement_small.md").read_text() == text
    table = pd.read_csv(paths.verdict("smoke") / "agreement_small.csv", index_col="effect")
    assert not table.loc["`packnet-best` to `densedepth-best`", "agree"]


def test_only_seeds_that_all_variants_have_count(both):
    def order():
        return write_agreement(both, "small").split("|")[0]

    path = paths.gathered("small", "contest") / "losses.csv"
    table = pd.read_csv(path)
    usual = order()
    table["packnet-best/2"] += 100
    table.to_csv(path, index=False)
    assert order() != usual
    table.drop(columns="densedepth-best/2").to_csv(path, index=False)
    assert order() == usual


def test_one_seed_has_no_interval(both):
    for group in ("contest", "diagnosis"):
        path = paths.gathered("small", group) / "losses.csv"
        table = pd.read_csv(path)
        table.drop(columns=[name for name in table if "/" in name and not name.endswith("/1")]).to_csv(
            path, index=False
        )
    text = write_agreement(both, "small")
    assert "With one seed at a scale it has no interval." in text
    assert "nan" not in text


def test_the_same_results_agree(study):
    for group in ("contest", "diagnosis"):
        shutil.copytree(paths.gathered("smoke", group), paths.gathered("small", group))
    paths.floors("small").write_bytes(paths.floors("smoke").read_bytes())
    assert "No pair is in another order." in write_agreement(study, "small")


def test_a_scale_without_tables_or_the_same_one_is_refused(study):
    with pytest.raises(InputError, match=r"results/small/gathered/contest/losses\.csv: not there yet"):
        write_agreement(study, "small")
    with pytest.raises(InputError, match="name another"):
        write_agreement(study, "smoke")
