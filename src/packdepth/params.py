"""The schema of params.yaml, and how one variant's settings are resolved from it.

A setting is looked up in this order, the later one winning: `training` (the defaults of the study), the scale's
`training`, the variant's `training`. Whatever is wrong in the file is told in one line that names the key, what
it got and what it may be.
"""

import hashlib
import json
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator

from packdepth.errors import InputError, nearest

PARAMS_FILE = Path("params.yaml")
FIGURES = Path(__file__).parent / "figures"
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


class Strict(BaseModel):
    """A section of params.yaml: unknown keys are refused, values never change after loading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ImageSize(Strict):
    """What every data set is stored as."""

    size: tuple[int, int] = Field(description="height and width of the stored images, px, multiples of 32")

    @field_validator("size")
    @classmethod
    def _multiples_of_32(cls, size: tuple[int, int]) -> tuple[int, int]:
        if any(side <= 0 or side % 32 for side in size):
            raise ValueError("height and width must be multiples of 32 (the networks halve five times)")
        return size


class RoomsData(ImageSize):
    """The embedded data set: ray-cast rooms."""

    dataset: Literal["rooms"]
    train: int = Field(gt=0, description="training frames")
    test: int = Field(gt=0, description="test frames")
    seed: int = Field(0, ge=0, description="which rooms")


class FolderData(ImageSize):
    """Anyone's RGB-D images in a folder."""

    dataset: Literal["folder"]
    source: Path = Field(description="the folder")
    rgb: str = Field("rgb/*", description="RGB images, without the ending; * is the frame's name")
    depth: str = Field("depth/*", description="16-bit depth PNGs, without the ending; * is the frame's name")
    depth_unit: Positive = Field(description="metres per count of the depth PNGs")
    intrinsics: tuple[Positive, Positive, float, float] = Field(description="fx, fy, cx, cy of the RGB images, px")
    test: Share | Path = Field(0.2, description="share of the frames held out, or a file with their names, one a line")

    @field_validator("rgb", "depth")
    @classmethod
    def _one_star(cls, pattern: str) -> str:
        if pattern.count("*") != 1 or Path(pattern).is_absolute() or ".." in Path(pattern).parts:
            raise ValueError("must lie in the folder and hold exactly one * (the frame's name)")
        return pattern


Data = Annotated[RoomsData | FolderData, Field(discriminator="dataset")]


class LossWeights(Strict):
    """Weights of the DenseDepth loss's terms, on max_depth / depth."""

    l1: float = Field(ge=0)
    ssim: float = Field(ge=0)
    gradient: float = Field(ge=0)


class Training(Strict):
    """How a network is trained."""

    epochs: int = Field(gt=0)
    batch_size: int = Field(gt=0)
    optimizer: Literal["adam", "adamw"]
    learning_rate: float = Field(ge=0, description="0 for what is fitted before training (the constant)")
    weight_decay: float = Field(ge=0)
    flip: Share = Field(description="probability of a horizontal flip")
    channel_swap: Share = Field(description="probability of a random order of the colour channels")
    max_depth: Positive = Field(description="m; targets are max_depth / depth")
    loss: LossWeights
    precision: Literal["fp32", "bf16"]
    channels_last: bool
    compile: bool = Field(description="torch.compile")
    workers: int = Field(ge=0, description="loader processes")
    save_every: int = Field(gt=0, description="steps between resume states")
    instruments_every: int = Field(gt=0, description="steps between gradient norms, spread and throughput")


class PackNetNetwork(Strict):
    """PackNet, arXiv 1905.02693."""

    architecture: Literal["packnet"]
    size: Literal["slim", "full"] = "slim"
    skips: Literal["sum", "concat", "none"] = "sum"
    head: Literal["inverse-sigmoid", "sigmoid", "leaky-relu"] = "inverse-sigmoid"
    width: Positive = 1.0


class DenseDepthNetwork(Strict):
    """DenseDepth, arXiv 1812.11941."""

    architecture: Literal["densedepth"]
    pretrained: bool = Field(False, description="start the encoder from ImageNet; needs width 1")
    width: Positive = 1.0


class ConstantNetwork(Strict):
    """The best single depth."""

    architecture: Literal["constant"]


Network = Annotated[PackNetNetwork | DenseDepthNetwork | ConstantNetwork, Field(discriminator="architecture")]
TAGGED: dict[str, type[Strict]] = {  # sections told apart by a key's value, which pydantic puts into an error's path
    "rooms": RoomsData,
    "folder": FolderData,
    "packnet": PackNetNetwork,
    "densedepth": DenseDepthNetwork,
    "constant": ConstantNetwork,
}


class Evaluation(Strict):
    """How predictions are held against truth."""

    protocol: Literal["indoor", "nyu-eigen"] = Field(description="a row of evaluation/protocols.py")
    flip: bool = Field(description="average with the flipped image's prediction")


class Scale(Strict):
    """One rung of the ladder."""

    data: Data
    width: Positive = Field(description="width factor of every network")
    training: dict[str, Any] = Field(description="what differs from the defaults")
    evaluation: Evaluation


class VariantEntry(Strict):
    """What differs from the defaults."""

    network: dict[str, Any]
    training: dict[str, Any] = {}


class Variant(Strict):
    """One variant at one scale, every setting resolved."""

    name: str
    network: Network
    training: Training


class Study(Strict):
    """params.yaml."""

    scale: str
    seeds: Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1)]
    figures: list[str]
    training: Training
    scales: dict[str, Scale]
    variants: dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")], VariantEntry] = Field(min_length=1)

    @field_validator("seeds")
    @classmethod
    def _each_once(cls, seeds: list[int]) -> list[int]:
        if len(set(seeds)) < len(seeds):
            raise ValueError("each seed may stand once")
        return seeds

    @property
    def rung(self) -> Scale:
        """The scale that is switched on."""
        return self.scales[self.scale]

    @property
    def data(self) -> RoomsData | FolderData:
        """The data set of the scale that is switched on."""
        return self.rung.data

    def variant(self, name: str) -> Variant:
        """The settings of one variant at this scale. Raises InputError for an unknown name or a bad setting."""
        entry = self.variants[one_of(name, self.variants, "variant")]
        where = f"variants.{name}"
        width = {} if entry.network.get("architecture") == "constant" else {"width": self.rung.width}
        network: Network = _validated(Network, {**width, **entry.network}, f"{where}.network")
        if isinstance(network, DenseDepthNetwork) and network.pretrained and network.width != 1:
            raise InputError(f"params.yaml: {where}: ImageNet's weights are of width 1, not {network.width}")
        settings = _merged(self.training.model_dump(), self.rung.training, entry.training)
        return Variant(name=name, network=network, training=_validated(Training, settings, f"{where}.training"))


def load(path: Path = PARAMS_FILE) -> Study:
    """Read and check params.yaml, every variant of it. Raises InputError, in one line."""
    if not path.is_file():
        raise InputError(f"{path}: not found; run this where params.yaml stands")
    try:
        raw = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    study: Study = _validated(Study, raw, "", str(path))
    one_of(study.scale, study.scales, "scale", str(path))
    drawn = sorted(file.stem for file in FIGURES.glob("[a-z]*.py"))
    for name in study.figures:
        one_of(name, drawn, "figure", str(path))
    for name, scale in study.scales.items():
        _validated(Training, _merged(study.training.model_dump(), scale.training), f"scales.{name}.training", str(path))
    for name in study.variants:
        study.variant(name)
    return study


def one_of(name: str, known: Any, what: str, where: str = "params.yaml") -> str:
    """`name` if it is one of `known`; else InputError with the nearest right one."""
    if name in known:
        return name
    raise InputError(f"{where}: unknown {what} {name!r}{nearest(name, known)}; known: {', '.join(known)}")


def digest(*values: Any) -> str:
    """Sixteen hex digits that name these settings (models or JSON values)."""
    plain = [value.model_dump(mode="json") if isinstance(value, BaseModel) else value for value in values]
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:16]


def _merged(*layers: dict[str, Any]) -> dict[str, Any]:
    """The layers laid over one another, nested sections too."""
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            old = merged.get(key)
            merged[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _validated(schema: Any, raw: Any, where: str, file: str = "params.yaml") -> Any:
    try:
        return TypeAdapter(schema).validate_python(raw)
    except ValidationError as error:
        raise InputError(f"{file}: {_in_one_line(error, schema, where)}") from None


def _in_one_line(error: ValidationError, schema: Any, where: str) -> str:
    """The first fault of a pydantic error: key, what it got, what it may be."""
    fault = error.errors()[0]
    keys, known = _way(schema, fault["loc"])
    key = ".".join([where, *keys] if where else keys)
    if fault["type"] == "extra_forbidden":
        return f"{key}: unknown key{nearest(keys[-1], known)}"
    got = "" if fault["type"] == "missing" else f" (got {fault['input']!r})"
    return f"{key or 'the file'}: {fault['msg']}{got}"


def _way(schema: Any, loc: tuple[int | str, ...]) -> tuple[list[str], list[str]]:
    """The keys that lead to a fault, and the keys that may stand where the last of them stands.

    pydantic's location of a fault also names the member of a union that was tried, and the key of a mapping twice.
    """
    keys: list[str] = []
    known: list[str] = []
    for part in map(str, loc):
        if get_origin(schema) in (Annotated, Union, UnionType):
            schema = TAGGED.get(part, schema)
        elif part != "[key]":
            fields = schema.model_fields if isinstance(schema, type) and issubclass(schema, Strict) else {}
            keys, known = [*keys, part], list(fields)
            of_mapping = get_args(schema)[-1] if get_origin(schema) is dict else None
            schema = fields[part].annotation if part in fields else of_mapping
    return keys, known
