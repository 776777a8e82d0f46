import math
from collections.abc import Callable

import pytest

from packdepth.config.study import Study
from packdepth.errors import InputError
from packdepth.figures._temporal import drawn, finding, settings, taught_by
from tests.support.stores import with_variants

MakeStudy = Callable[..., Study]


def test_nothing_to_draw_is_told(make_study: MakeStudy) -> None:
    with pytest.raises(InputError, match=r"^params\.yaml: groups\.temporal\.variants is empty"):
        drawn(with_variants(make_study(), "temporal", {}), "temporal")


def test_mode_context_and_network_can_be_read_off(make_study: MakeStudy) -> None:
    study = make_study(supervision=("packnet-supervised", "densedepth-selfsup"))
    variants = ("packnet-supervised", "densedepth-selfsup", "photometric-velocity")
    assert [settings(study, variant) for variant in variants] == [
        "packnet, supervised",
        "densedepth, self-supervised, recorded",
        "packnet, self-supervised + velocity, synthetic",
    ]
    assert taught_by(study, "photometric-velocity") == "self-supervised + velocity"


def test_the_finding_names_the_nearest_to_metres_and_the_farthest() -> None:
    told = "b is nearest to metres (the truth is 0.90 times its depth)"
    assert finding({"a": 2.0, "b": 0.9, "c": 0.3, "unknown": math.nan}) == f"{told}, c the farthest (0.30)"
    assert finding({"b": 0.9}) == told
    assert finding({"unknown": math.nan, "none": 0.0}) == "No variant's depth can be compared with a truth"
