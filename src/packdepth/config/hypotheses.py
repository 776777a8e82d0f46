"""The `verdict` section of params.yaml: what may explain that a network loses, and which effect decides."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from packdepth.config.schema import Name, Share, Strict

Names = Name | list[Name]  # a variant, or several whose mean is taken
Change = tuple[Names, Names]  # from, to


class Hypothesis(Strict):
    """A claim of why a network loses, and the one effect on skill that decides on it.

    The claim is that the effect is larger than the margin.
    """

    claim: str
    kind: Literal["structure", "environment", "resources"] = Field(description="what the loss would be due to")
    gain: Change | None = Field(None, description="the skill that a change gains")
    interaction: tuple[Change, Change] | None = Field(
        None, description="the skill that a change gains in one network, minus what it gains in the other"
    )
    factor: Name | None = Field(
        None,
        description="one of `groups.factors`: what going to its second level gains in the network's second level, minus"
        " what it gains in the first",
    )
    sign: Literal[1, -1] = Field(1, description="-1: the claim is that the effect lies below minus the margin")
    shown_with: list[Change] = Field(default_factory=list, description="changes that are told with it")
    panel: Literal["gradients", "curves", "ceilings", "structures", "autoencoders"] | None = Field(
        None, description="what its figure shows next to the effects"
    )

    @model_validator(mode="after")
    def _one_effect(self) -> "Hypothesis":
        if sum(effect is not None for effect in (self.gain, self.interaction, self.factor)) != 1:
            raise ValueError("takes exactly one of gain, interaction and factor")
        return self

    @property
    def changes(self) -> list[Change]:
        """All changes that it names, the deciding ones first."""
        return [*([self.gain] if self.gain else []), *(self.interaction or ()), *self.shown_with]


class Verdict(Strict):
    """What to explain, and by what."""

    gap: tuple[Name, Name] = Field(description="as reported: the network that loses, and the one that wins")
    contest: tuple[Name, Name] = Field(description="the same two at their best, each with seeds")
    margin: Annotated[Share, Field(gt=0)] = Field(
        description="the share of the better network's skill that an effect has to exceed to matter"
    )
    hypotheses: dict[Annotated[str, Field(pattern=r"^H[0-9]+$")], Hypothesis]


def names_of(changes: list[Change]) -> list[str]:
    """The variants of changes, each once."""
    sides = [side for change in changes for side in change]
    return list(dict.fromkeys(name for side in sides for name in ([side] if isinstance(side, str) else side)))
