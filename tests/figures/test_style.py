import itertools
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.figure import Figure

from packdepth.config.load import load_study
from packdepth.config.study import Study
from packdepth.figures import _style
from tests.support.stores import with_variants

MakeStudy = Callable[..., Study]
STUDY = load_study(Path(__file__).parents[2] / "params.yaml")


def test_every_variant_looks_different() -> None:
    styles = _style.styles(STUDY)
    assert list(styles) == list(STUDY.variants)
    assert len({tuple(style.values()) for style in styles.values()}) == len(styles)


def test_twenty_more_variants_change_no_style_and_repeat_none() -> None:
    more = {f"more-{i}": STUDY.variants["packnet"] for i in range(20)}
    styles = _style.styles(with_variants(STUDY, "report", STUDY.variants | more))
    assert styles == styles | _style.styles(STUDY)
    assert len({tuple(style.values()) for style in styles.values()}) == len(styles)


def test_the_constant_is_told_by_its_architecture() -> None:
    variants = {"floor": STUDY.variants["constant"], "packnet": STUDY.variants["packnet"]}
    study = with_variants(STUDY, "report", variants)
    assert _style.is_constant(study, "floor")
    assert _style.networks(study) == ["packnet"]
    assert _style.styles(study)["floor"] == _style.CONSTANT


def test_seeds_are_drawn_as_their_mean_and_range() -> None:
    axes = Figure().add_subplot()
    table = pd.DataFrame({0: [1.0, 2.0], 1: [3.0, 6.0]}, index=[10, 20])
    _style.plot_seeds(axes, table, "packnet", _style.CONSTANT)
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), [[10, 2], [20, 4]])
    (band,) = axes.collections
    assert {tuple(corner) for corner in band.get_paths()[0].vertices} == {(10, 1), (10, 3), (20, 2), (20, 6)}


def test_one_seed_has_no_band() -> None:
    axes = Figure().add_subplot()
    _style.plot_seeds(axes, pd.DataFrame({0: [1.0, 2.0]}), "packnet", _style.CONSTANT)
    assert not axes.collections


def test_a_failing_block_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), _style.canvas(tmp_path / "figure.png", "title", "note"):
        1 / 0  # noqa: B018
    assert not list(tmp_path.iterdir())


def test_the_user_s_own_look_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(_style.matplotlib.rcParams, "font.size", 31.0)
    with _style.canvas(tmp_path / "figure.png", "title", "note") as figure:
        assert figure.add_subplot().title.get_fontsize() == 10
    assert _style.matplotlib.rcParams["font.size"] == 31


@pytest.mark.parametrize(
    ("variant", "lines"),
    [
        ("constant", "constant"),
        ("packnet-leaky-relu", "packnet-\nleaky-relu"),
        ("packnet-velocity-synthetic", "packnet-\nvelocity-\nsynthetic"),
        ("densedepth-pretrained", "densedepth-\npretrained"),
    ],
)
def test_names_are_broken_at_hyphens_alone(variant: str, lines: str) -> None:
    assert _style.broken(variant) == lines


def test_a_long_note_takes_several_lines(tmp_path):
    note = "From where all these numbers come. " * 8
    with _style.canvas(tmp_path / "figure.png", "Title", note) as figure:
        lines = figure.get_supxlabel().splitlines()
    assert len(lines) == 3
    assert " ".join(lines) == note.strip()


@pytest.mark.parametrize(
    ("heights", "apart"),
    [
        ([0.1, 0.5], [0.1, 0.5]),
        ([0.5, 0.5], [0.45, 0.55]),
        ([0.5, 0.52, 0.9], [0.46, 0.56, 0.9]),
        ([0.2, 0.2, 0.2], [0.1, 0.2, 0.3]),
    ],
)
def test_labels_are_spread_by_hand(heights: list[float], apart: list[float]) -> None:
    assert _style.spread(heights, 0.1) == pytest.approx(apart)


@given(st.lists(st.floats(0, 1), max_size=20).map(sorted))
def test_spread_labels_keep_their_order_their_mean_and_a_gap(heights: list[float]) -> None:
    apart = _style.spread(heights, 0.05)
    assert len(apart) == len(heights)
    assert sum(apart) == pytest.approx(sum(heights))
    assert all(high - low > 0.05 - 1e-9 for low, high in itertools.pairwise(apart))
