"""`packdepth.load`, `packdepth.list_models` and `packdepth.create_model`."""

import inspect
import os
import re
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

from packdepth.errors import InputError, nearest, one_of
from packdepth.inference.depth_model import CHECKPOINT, DepthModel
from packdepth.inference.load import open_file, ready
from packdepth.zoo.trained import located, trained_models

# By name what DepthModel takes. Widths, heads and other options are changed by `create_model`'s keywords.
MODELS: dict[str, dict[str, Any]] = {
    # The study's: half the image's resolution, max_depth / depth.
    "packnet": {"network": {"architecture": "packnet"}},
    "packnet-concat": {"network": {"architecture": "packnet", "skips": "concat"}},
    "densedepth": {"network": {"architecture": "densedepth", "version": "handout"}},
    "densedepth-paper": {"network": {"architecture": "densedepth"}},
    # PackNet as its authors published it (PackNet01, version A): the image's resolution, 1 / m.
    "packnet01": {
        "network": {"architecture": "packnet", "size": "full", "skips": "concat", "full_resolution": True},
        "max_depth": 80.0,
        "output_unit": "1/m",
        "limited": False,
    },
}
OWN = tuple(inspect.signature(DepthModel).parameters)[1:]  # settings of the model, not of its network
REPOSITORY = re.compile(r"[\w.-]+/[\w.-]+")  # of the Hugging Face Hub


def list_models(pattern: str = "*", trained: bool = False) -> list[str]:
    """The names that match a pattern such as `packnet*`, sorted.

    They are of architectures, for `create_model`, or of the trained networks of this package, for `load`.
    """
    return sorted(name for name in (trained_models() if trained else MODELS) if fnmatch(name, pattern))


def create_model(name: str, **settings: Any) -> DepthModel:
    """A new model with random weights, in training mode.

    Settings are options of its network (`width=0.25`, `head="linear"`) or of the model itself (`size`, `max_depth`,
    `output_unit`, `focal_length`, `limited`). Raises InputError for an unknown name, option or value, and for
    `pretrained`: a training alone starts from ImageNet's weights.
    """
    if settings.get("pretrained"):
        raise InputError("create_model gives random weights; `load` gives a trained model, by a name or a file")
    chosen = MODELS[one_of(name, MODELS, "model", "create_model")]
    own = {key: value for key, value in settings.items() if key in OWN}
    options = {key: value for key, value in settings.items() if key not in OWN}
    return DepthModel(**{**chosen, **own, "network": {**chosen["network"], **options}})


def load(source: str | os.PathLike[str], device: str | None = None) -> DepthModel:
    """A trained model, in evaluation mode, accelerated, on `device`: by default a GPU if there is one.

    `source` is the name of a trained network of this package, a checkpoint of packdepth, a .ckpt published with
    packnet-sfm, a folder that `save_pretrained` wrote, or a repository of the Hugging Face Hub, as OWNER/NAME. Nothing
    in a file is executed. Raises InputError (a ValueError), in one line, if there is no such thing, it is broken, or
    it holds no depth network.
    """
    return ready(load_plain(source), device)


def load_plain(source: str | os.PathLike[str]) -> DepthModel:
    """The same as the papers have it: not accelerated, on the CPU."""
    path = Path(located(os.fspath(source)))
    if path.is_dir():
        return open_file(path / CHECKPOINT)
    if not path.exists() and not path.suffix and len(path.parts) == 1:
        known = f"{', '.join(trained_models())}{nearest(str(source), trained_models())}"
        raise InputError(f"{source}: no such file, nor a trained network (those are {known})")
    if path.exists() or path.suffix or path.parent.is_dir() or not REPOSITORY.fullmatch(str(source)):
        return open_file(path)
    try:
        return DepthModel.from_pretrained(str(source))
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{source}: no such file, and not had from the Hugging Face Hub ({reason})") from None
