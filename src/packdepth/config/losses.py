"""The `losses` section of params.yaml: the losses of predicted depth, by name."""

from typing import Literal

from pydantic import Field

from packdepth.config.schema import Positive, Strict

TargetKind = Literal["known", "eight-bit"]
SsimBorder = Literal["inside", "zeros"]


class LossSettings(Strict):
    """The weights of the terms, the target, and how SSIM is computed: losses/depth.py and losses/targets.py."""

    target: TargetKind = Field(
        "known", description="known: means over known pixels; eight-bit: resized in 8 bits, a hole is the nearest depth"
    )
    l1: float = Field(0.0, ge=0)
    ssim: float = Field(0.0, ge=0)
    gradient: float = Field(0.0, ge=0)
    silog: float = Field(0.0, ge=0)
    ssim_range: Positive = Field(100.0, description="the range of values that SSIM's constants C1 and C2 are shares of")
    ssim_border: SsimBorder = Field(
        "inside", description="inside: windows stay within the map; zeros: it is surrounded by zeros"
    )
