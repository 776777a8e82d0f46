"""The schema of params.yaml, and how one variant's settings are resolved from it.

A setting is looked up in this order, the later one winning: `training` (the defaults of the study), the scale's
`training`, for temporal variants the scale's `temporal`, the variant's `training`. Then the variant's `scale_by`
multiplies.
Whatever is wrong in the file is told in one line that names the key, what it got and what it may be.
"""

from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import AfterValidator, Field

from packdepth import paths
from packdepth.config import datasets, names
from packdepth.config.datasets import Data
from packdepth.config.hypotheses import Verdict
from packdepth.config.motions import MotionModel
from packdepth.config.protocols import PROTOCOLS
from packdepth.config.schema import Positive, Strict, Tagged, validated
from packdepth.config.variants import (
    AutoencoderNetwork,
    ConstantNetwork,
    DenseDepthNetwork,
    Kind,
    LossWeights,
    Network,
    PackNetNetwork,
    Training,
    Variant,
    VariantEntry,
)
from packdepth.errors import InputError, one_of

PARAMS_FILE = Path("params.yaml")
SCALABLE = ("learning_rate", "epochs", "batch_size")  # settings of trainings that a variant can multiply


TAGGED: Tagged = {
    "rooms": datasets.RoomsData,
    "folder": datasets.FolderData,
    "nyu-labelled": datasets.NyuLabelledData,
    "nyu-50k": datasets.Nyu50kData,
    "make3d": datasets.Make3dData,
    "kitti": datasets.KittiData,
    "ddad": datasets.DdadData,
    "packnet": PackNetNetwork,
    "densedepth": DenseDepthNetwork,
    "constant": ConstantNetwork,
    "autoencoder": AutoencoderNetwork,
}


def _known_protocol(name: str) -> str:
    if name not in PROTOCOLS:
        raise ValueError(f"must be one of {', '.join(PROTOCOLS)}")
    return name


class Evaluation(Strict):
    """How predictions are held against truth."""

    protocol: Annotated[str, AfterValidator(_known_protocol)] = Field(description="a row of config/protocols.py")
    flip: bool = Field(description="average with the flipped image's prediction")


class Context(Strict):
    """The neighbouring frames that temporal variants learn from."""

    kinds: list[Kind] = Field(min_length=1, description="recorded: the data set's own; synthetic: the generator's")
    motion: str = Field(description="one of `motions`; data sets that were filmed have their own")
    seed: int = Field(0, ge=0, description="of the motions")


class Scale(Strict):
    """One rung of the ladder."""

    data: Data
    context: Context | None = None
    width: Positive = Field(description="width factor of every network")
    training: dict[str, Any] = Field(description="what differs from the defaults")
    temporal: dict[str, Any] | None = Field(None, description="what differs for temporal variants from all that")
    evaluation: Evaluation


class Transfer(Strict):
    """Which checkpoints `snakemake transfer` holds against which data sets."""

    data: list[str] = Field(description="scales, for their data sets and protocols")
    checkpoints: list[str] = Field(description="beside the scale's own: paths, or addresses of published ones")


Variants = dict[Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]*$")], VariantEntry]


def _once(seeds: list[int]) -> list[int]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("each seed may stand once")
    return seeds


Seeds = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=1), AfterValidator(_once)]


class Group(Strict):
    """Variants beside the report's, with files of their own: `snakemake NAME` makes them."""

    variants: Variants


class DrawnGroup(Group):
    """Those with figures of their own."""

    figures: list[str]


class RepeatedGroup(Group):
    """Those with seeds of their own."""

    seeds: Seeds


class Study(Strict):
    """params.yaml."""

    scale: str
    seeds: Seeds
    figures: list[str]
    training: Training
    scales: dict[str, Scale]
    transfer: Transfer = Transfer(data=[], checkpoints=[])
    variants: Annotated[Variants, Field(min_length=1)]
    motions: dict[str, MotionModel] = Field(default_factory=dict)
    temporal: DrawnGroup = Field(description="what learns from neighbouring frames")
    diagnosis: Group = Field(description="what shows why a network loses, one change a variant")
    contest: RepeatedGroup = Field(description="both networks at their best, over several seeds")
    autoencoder: RepeatedGroup = Field(description="what ways of going down and up keep of an image")
    verdict: Verdict = Field(description="what the three before are to tell")

    def at(self, scale: str | None) -> "Study":
        """This study with another scale switched on, or as it is for None. Raises InputError for an unknown one."""
        return self if scale is None else self.model_copy(update={"scale": one_of(scale, self.scales, "scale")})

    @property
    def active_scale(self) -> Scale:
        """The scale that is switched on."""
        return self.scales[self.scale]

    @property
    def data(self) -> Data:
        """The data set of the scale that is switched on."""
        return self.active_scale.data

    @property
    def groups(self) -> dict[str, Group]:
        """The groups of variants by the folder of their results, the report's ("") first."""
        return {"": Group(variants=self.variants)} | {name: getattr(self, name) for name in paths.GROUPS}

    @property
    def drawn(self) -> dict[str, str]:
        """The group of variants that each figure shows."""
        return dict.fromkeys(self.figures, "") | dict.fromkeys(self.temporal.figures, paths.TEMPORAL)

    def group_of(self, variant: str) -> str:
        """The name of the group that a variant belongs to. Raises InputError for an unknown variant."""
        groups = {name: group for group, content in self.groups.items() for name in content.variants}
        return groups[one_of(variant, groups, "variant")]

    def seeds_of(self, variant: str) -> list[int]:
        """The seeds that a variant is trained with."""
        group = self.groups[self.group_of(variant)]
        return group.seeds if isinstance(group, RepeatedGroup) else self.seeds

    @property
    def loss(self) -> LossWeights:
        """What the scale trains with, unless a variant says otherwise."""
        settings = _merged(self.training.model_dump(), self.active_scale.training)
        of_scale: Training = _validated(Training, settings, f"scales.{self.scale}.training")
        return of_scale.loss

    def variant(self, name: str) -> Variant:
        """The settings of one variant at this scale. Raises InputError for an unknown name or a bad setting."""
        group = self.group_of(name)
        entry = self.groups[group].variants[name]
        where = f"{group}.variants.{name}" if group else f"variants.{name}"
        constant = entry.network.get("architecture") == "constant"
        width = {} if constant else {"width": self.active_scale.width}
        network: Network = _validated(Network, {**width, **entry.network}, f"{where}.network")
        if not isinstance(network, ConstantNetwork):
            network = network.model_copy(update={"width": network.width * entry.scale_by.width})
        if isinstance(network, DenseDepthNetwork) and network.pretrained and network.width != 1:
            raise InputError(f"params.yaml: {where}: ImageNet's weights are of width 1, not {network.width}")
        of_group = (self.active_scale.temporal or {}) if group == paths.TEMPORAL else {}
        settings = _merged(self.training.model_dump(), self.active_scale.training, of_group, entry.training)
        training: Training = _validated(Training, settings, f"{where}.training")
        multiplied = {key: round(getattr(training, key) * getattr(entry.scale_by, key), 9) for key in SCALABLE}
        training = _validated(Training, training.model_dump() | multiplied, f"{where}.scale_by")
        if training.batch_size % (training.devices * training.micro_batches):
            parts = f"{training.devices} devices in {training.micro_batches} micro-batches"
            raise InputError(f"params.yaml: {where}: a batch of {training.batch_size} makes no equal parts for {parts}")
        if training.uses_context and group != paths.TEMPORAL:
            raise InputError(f"params.yaml: {where}: mode {training.mode!r} is for variants under `temporal`")
        if (training.mode == "reconstruction") != (network.architecture == "autoencoder"):
            raise InputError(f"params.yaml: {where}: mode 'reconstruction' is an autoencoder's, and its only one")
        return Variant(name=name, network=network, training=training)

    def run(self, variant: str, seed: int) -> paths.Run:
        """The files of one variant trained with one seed. Raises InputError for an unknown variant."""
        return paths.Run(self.scale, variant, seed, self.group_of(variant))


def load_study(path: Path = PARAMS_FILE) -> Study:
    """Read and check params.yaml, every variant of it. Raises InputError, in one line."""
    if not path.is_file():
        raise InputError(f"{path}: not found; run this where params.yaml stands")
    try:
        raw = yaml.safe_load(path.read_text())
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    study: Study = _validated(Study, raw, "", str(path))
    names.check_names(study, str(path))
    names.check_verdict(study, str(path))
    for name, scale in study.scales.items():
        for key, settings in (("training", scale.training), ("temporal", scale.temporal or {})):
            where = f"scales.{name}.{key}"
            _validated(Training, _merged(study.training.model_dump(), settings), where, str(path))
    for name in (name for group in study.groups.values() for name in group.variants):
        study.variant(name)
    names.name_checkpoints(study, f"{path}: transfer.checkpoints")
    return study


def _merged(*layers: dict[str, Any]) -> dict[str, Any]:
    """The layers laid over one another, nested sections too."""
    merged: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            old = merged.get(key)
            merged[key] = _merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _validated(schema: Any, raw: Any, where: str, file: str = "params.yaml") -> Any:
    return validated(schema, raw, where, file, TAGGED)
