from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from packdepth.config.load import load_study
from packdepth.config.study import Study
from packdepth.figures.speed_sensor import by_reference, finding

MakeStudy = Callable[..., Study]


def with_variants(more: dict[str, dict[str, Any]]) -> Study:
    """The study in this folder with more variants of the sensor, each PackNet's with these settings of it."""
    content = yaml.safe_load(Path("params.yaml").read_text())
    variants = content["groups"]["sensors"]["variants"]
    for name, sensor in more.items():
        variants[name] = {"network": variants["sensor-perfect"]["network"], "training": {"velocity": sensor}}
    Path("params.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    return load_study()


def test_amounts_stand_in_order_from_the_perfect_sensor(make_study: MakeStudy) -> None:
    make_study()
    study = with_variants({"less-noise": {"noise": 0.1}, "too-low": {"bias": -0.2}})
    noise = {0.0: "sensor-perfect", 0.1: "less-noise", 0.3: "noise-30"}
    assert by_reference(study, "noise") == {"sensor-perfect": noise}
    assert list(by_reference(study, "noise")["sensor-perfect"]) == [0.0, 0.1, 0.3]
    assert list(by_reference(study, "bias")["sensor-perfect"]) == [-0.2, 0.0, 0.25]
    assert by_reference(study, "lag") == {}


def test_only_what_differs_in_one_fault_is_drawn(make_study: MakeStudy) -> None:
    make_study(sensors=("sensor-perfect",))
    study = with_variants(
        {
            "two-faults": {"noise": 0.1, "lag": 0.2},
            "another-weight": {"noise": 0.1, "weight": 0.5},
            "one-fault": {"noise": 0.2},
        }
    )
    assert by_reference(study, "noise") == {"sensor-perfect": {0.0: "sensor-perfect", 0.2: "one-fault"}}


def test_another_network_has_a_reference_of_its_own(make_study: MakeStudy) -> None:
    make_study(sensors=("sensor-perfect", "noise-30"))
    content = yaml.safe_load(Path("params.yaml").read_text())
    variants = content["groups"]["sensors"]["variants"]
    densedepth = {"architecture": "densedepth", "head": "scaled-sigmoid"}
    variants |= {
        "other-perfect": {"network": densedepth},
        "other-noise": {"network": densedepth, "training": {"velocity": {"noise": 0.1}}},
    }
    Path("params.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    assert by_reference(load_study(), "noise") == {
        "sensor-perfect": {0.0: "sensor-perfect", 0.3: "noise-30"},
        "other-perfect": {0.0: "other-perfect", 0.1: "other-noise"},
    }


def test_without_a_perfect_sensor_there_is_no_reference(make_study: MakeStudy) -> None:
    assert by_reference(make_study(sensors=("noise-30",)), "noise") == {}


def test_the_finding_names_the_fault_that_raises_the_error_most() -> None:
    errors = pd.Series({"sound": 0.2, "biased": 0.3, "late": 0.25, "noisy": 0.19})
    lag, noise = {"sound": {0.0: "sound", 0.3: "late"}}, {"sound": {0.0: "sound", 0.1: "noisy"}}
    found = {"bias": {"sound": {0.0: "sound", 0.25: "biased"}}, "lag": lag, "noise": noise}
    assert finding(errors, found) == "Of these faults bias of 25 % harms most: abs_rel 0.30 instead of 0.20"
    assert finding(errors, {"lag": lag}) == "Of these faults lag of 0.3 s harms most: abs_rel 0.25 instead of 0.20"
    assert finding(errors, {"noise": noise}) == "No fault of the speed sensor raises abs_rel"
    assert finding(errors, {"bias": {}}) == "No speed sensor has a fault"
