import math
from collections.abc import Callable

import pytest

from packdepth.config.study import Study
from packdepth.errors import InputError
from packdepth.figures._temporal import finding, settings, sound, taught_by
from tests.support.stores import with_variants

MakeStudy = Callable[..., Study]


def test_variants_with_a_faulty_sensor_are_left_out(make_study: MakeStudy) -> None:
    pair = ["photometric", "photometric-velocity"]
    study = make_study()
    assert sound(study, "temporal") == pair
    assert sound(study, "supervision") == [*pair, "packnet-supervised", "packnet-selfsup", "packnet-velocity"]


def test_nothing_to_draw_is_told(make_study: MakeStudy) -> None:
    with pytest.raises(InputError, match=r"^params\.yaml: groups\.temporal\.variants has none without a faulty sensor"):
        sound(with_variants(make_study(), "temporal", {}), "temporal")


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
