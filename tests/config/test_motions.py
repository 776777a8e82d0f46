import pytest
import yaml
from pydantic import ValidationError

from packdepth.config.motions import MotionModel
from tests.support.stores import TOP

STILL = {
    "frequency": 10.0,
    "speed": [0.0, 0.0],
    "acceleration": 0.0,
    "mean_direction": [0.0, 0.0, 1.0],
    "direction_spread": [0.0, 0.0, 0.0],
    "turn": 0.0,
    "turn_acceleration": 0.0,
    "turn_axes": [0.0, 1.0, 0.0],
}


def shipped_models() -> dict[str, MotionModel]:
    """Those of the project's params.yaml."""
    models = yaml.safe_load((TOP / "params.yaml").read_text())["motions"]
    return {name: MotionModel.model_validate(model) for name, model in models.items()}


def test_the_shipped_models():
    models = shipped_models()
    assert set(models) == {"handheld", "cart", "vehicle"}
    assert (models["handheld"].frequency, models["vehicle"].frequency) == (30, 10)
    assert models["vehicle"].speed == (3, 15)


def test_a_camera_may_stand_still():
    assert MotionModel.model_validate(STILL).speed == (0, 0)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"speed": [2.0, 1.0]}, "speed\n.*the lowest speed, then the highest"),
        ({"speed": [-1.0, 1.0]}, "speed.0\n.*greater than or equal to 0"),
        ({"speed": [1.0]}, "speed.1\n.*Field required"),
        ({"acceleration": -1.0}, "acceleration\n.*greater than or equal to 0"),
        ({"acceleration": float("inf")}, "acceleration\n.*finite"),
        ({"frequency": 0.0}, "frequency\n.*greater than 0"),
        ({"mean_direction": [0.0, 0.0, 0.0]}, "no direction to move in"),
        ({"mean_direction": [0.0, float("nan"), 0.0]}, "mean_direction.1\n.*finite"),
        ({"direction_spread": [0.0, -0.1, 0.0]}, "direction_spread.1\n.*greater than or equal to 0"),
        ({"turn": -5.0}, "turn\n.*greater than or equal to 0"),
        ({"turn_axes": [0.0, 0.0, 0.0]}, "turn_axes\n.*one of the three must be above 0"),
        ({"jerk": 1.0}, "jerk\n.*not permitted"),
    ],
)
def test_an_impossible_model_is_named(change, words):
    with pytest.raises(ValidationError, match=words):
        MotionModel.model_validate(STILL | change)
