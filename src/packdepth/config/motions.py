"""Motion models, `motions` in params.yaml: how the camera moves around a frame.

A motion is smooth: a position quadratic in time, and a rotation about one axis with a linearly changing rate. The
camera frame is x right, y down, z ahead.
"""

from typing import Annotated

from pydantic import Field, field_validator, model_validator

from packdepth.config.schema import Positive, Strict

AtLeast0 = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Finite = Annotated[float, Field(allow_inf_nan=False)]


class MotionModel(Strict):
    """What the motions of a kind share; everything else is drawn for every frame."""

    frequency: Positive = Field(description="Hz; the frames before and after are one period away")
    speed: tuple[AtLeast0, AtLeast0] = Field(description="m/s, lowest and highest, at the frame")
    acceleration: AtLeast0 = Field(description="m/s^2 at most, in any direction")
    mean_direction: tuple[Finite, Finite, Finite] = Field(description="right, down, ahead; any length")
    direction_spread: tuple[AtLeast0, AtLeast0, AtLeast0] = Field(
        description="right, down, ahead: the direction is mean_direction + direction_spread * normal draws, normalised"
    )
    turn: AtLeast0 = Field(description="degrees/s at most, at the frame")
    turn_acceleration: AtLeast0 = Field(description="degrees/s^2 at most, about the same axis")
    turn_axes: tuple[AtLeast0, AtLeast0, AtLeast0] = Field(
        description="pitch, yaw, roll: the axis is turn_axes * normal draws, normalised"
    )

    @field_validator("speed")
    @classmethod
    def _lowest_first(cls, speed: tuple[float, float]) -> tuple[float, float]:
        if speed[0] > speed[1]:
            raise ValueError("must be the lowest speed, then the highest")
        return speed

    @field_validator("turn_axes")
    @classmethod
    def _some_axis(cls, axes: tuple[float, float, float]) -> tuple[float, float, float]:
        if not any(axes):
            raise ValueError("one of the three must be above 0 (for no rotation set turn and turn_acceleration to 0)")
        return axes

    @model_validator(mode="after")
    def _some_direction(self) -> "MotionModel":
        if not any((*self.mean_direction, *self.direction_spread)):
            raise ValueError("mean_direction and direction_spread are all 0: there is no direction to move in")
        return self
