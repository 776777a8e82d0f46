from collections.abc import Callable

import pytest

from packdepth.config.study import Study
from packdepth.errors import InputError
from packdepth.figures._temporal import settings, sound, taught_by

MakeStudy = Callable[..., Study]


def test_variants_with_a_faulty_sensor_are_left_out(make_study: MakeStudy) -> None:
    assert sound(make_study()) == ["packnet-supervised", "packnet-selfsup", "packnet-velocity"]


def test_nothing_to_draw_is_told(make_study: MakeStudy) -> None:
    with pytest.raises(InputError, match=r"^params\.yaml: temporal\.variants has none without a faulty sensor"):
        sound(make_study(temporal=("sensor-noise",)))


def test_mode_context_and_network_can_be_read_off(make_study: MakeStudy) -> None:
    study = make_study(temporal=("packnet-supervised", "densedepth-selfsup", "packnet-velocity-synthetic"))
    assert [settings(study, variant) for variant in study.temporal.variants] == [
        "packnet, supervised",
        "densedepth, self-supervised, recorded",
        "packnet, self-supervised + velocity, synthetic",
    ]
    assert taught_by(study, "packnet-velocity-synthetic") == "self-supervised + velocity"
