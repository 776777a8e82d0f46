"""The `verdict` section of params.yaml: what may explain that a network loses, and which variants decide."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from packdepth.config.schema import Strict

Pair = tuple[str, str]  # a variant, and the same with one thing changed


class Hypothesis(Strict):
    """A claim of why the first network of the gap loses to the second, and the changes that decide on it."""

    claim: str
    kind: Literal["structure", "environment", "resources"] = Field(description="what the loss would be due to")
    rule: Literal["closes", "carries", "vanishes", "keeps"] = Field(
        description="closes: the change would close the gap; carries: the change, which takes something away, would"
        " cost as much; vanishes: the first variant's first stage would have a far smaller gradient than the second's;"
        " keeps: the second, an autoencoder, would say images again better than the first"
    )
    decisive: list[Pair] = Field(min_length=1, description="what the verdict follows from")
    beside: list[Pair] = Field(default_factory=list, description="what is told with it")
    panel: Literal["stages", "curves", "spread"] | None = Field(
        None,
        description="what its figure shows next to the losses: gradients by stage, training curves, or how far"
        " predictions vary, and whether with the truth",
    )

    @model_validator(mode="after")
    def _what_vanishes_is_one_pair(self) -> "Hypothesis":
        if self.rule == "vanishes" and len(self.decisive) != 1:
            raise ValueError("rule vanishes takes one decisive pair")
        return self


class Verdict(Strict):
    """What to explain, and by what."""

    gap: Pair = Field(description="the network that loses, and the one that wins")
    contest: Pair = Field(description="the two at their best, the one that won first")
    hypotheses: dict[Annotated[str, Field(pattern=r"^H[0-9]+$")], Hypothesis]

    @property
    def pairs(self) -> dict[str, list[Pair]]:
        """What is compared, by purpose: the gap first, the contest, every hypothesis."""
        of_hypotheses = {key: hypothesis.decisive + hypothesis.beside for key, hypothesis in self.hypotheses.items()}
        return {"gap": [self.gap], "contest": [self.contest], **of_hypotheses}
