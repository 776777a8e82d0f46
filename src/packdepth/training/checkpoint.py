"""Published weights: safetensors, with the network's specification in the file's own metadata."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from packdepth import models
from packdepth.errors import InputError
from packdepth.files import whole
from packdepth.models.checks import check_state_dict
from packdepth.models.network import DepthNetwork


@dataclass(frozen=True)
class Card:
    """What a checkpoint says of itself."""

    network: dict[str, Any]  # arguments of models.build
    size: tuple[int, int]  # height and width it was trained at, px
    max_depth: float  # m; metric depth = max_depth / output


def save(path: Path, model: DepthNetwork, card: Card) -> None:
    """Write the weights and the card, whole or not at all."""
    weights = {name: value.detach().cpu().contiguous() for name, value in model.state_dict().items()}
    with whole(path) as part:
        save_file(weights, part, metadata={"packdepth": json.dumps(vars(card))})


def load(path: Path) -> tuple[DepthNetwork, Card]:
    """The network in evaluation mode, and its card.

    Raises InputError, in one line, if the file is missing, is not a checkpoint of packdepth, or holds the weights of
    another architecture than its card says.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such checkpoint")
    try:
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata() or {}
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a dict)
    except SafetensorError as error:
        raise InputError(f"{path}: truncated or not safetensors ({error})") from None
    if "packdepth" not in metadata:
        raise InputError(f"{path}: not a checkpoint of packdepth (its metadata name no network)")
    fields = json.loads(metadata["packdepth"])
    card = Card(network=fields["network"], size=tuple(fields["size"]), max_depth=fields["max_depth"])
    model = models.build(**card.network)
    check_state_dict(f"{path}: weights of another architecture than {card.network}", weights, model.state_dict())
    model.load_state_dict(weights)
    return model.eval(), card
