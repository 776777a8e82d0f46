"""The schema of params.yaml, and how one variant's settings are resolved from it.

A setting is looked up in this order, the later one winning: `training` (the defaults of the study), the scale's
`training`, the group's, the scale's settings for that group, the variant's `training`. Then its `scale_by` multiplies.
Any fault in the file gives one line that names the key, what it got and what it may be.
"""

from functools import cached_property
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from packdepth import paths
from packdepth.config.datasets import Data
from packdepth.config.factorial import Design, find_design
from packdepth.config.hypotheses import Verdict
from packdepth.config.losses import LossSettings
from packdepth.config.motions import MotionModel
from packdepth.config.protocols import PROTOCOLS
from packdepth.config.schema import Name, Positive, Seed, Strict, Tagged, Width, validated
from packdepth.config.variants import (
    ConstantNetwork,
    DenseDepthNetwork,
    DepthNetwork,
    Kind,
    Level,
    Network,
    Training,
    Variant,
    VariantEntry,
    whole,
)
from packdepth.errors import InputError, nearest, one_of

PARAMS_FILE = "params.yaml"
PUBLISHED_HEADS = ("inverse-sigmoid", "sigmoid")  # their range was made for inverse depth in 1/m
FIGURES_OF_FLOORS = ("ceilings",)  # modules of figures/ that need no run
SCALABLE = ("learning_rate", "epochs", "batch_size")  # settings of trainings that a variant can multiply


def _members(union: Any, tag: str) -> Tagged:
    """The sections of a union by the value of their key `tag`, which distinguishes them."""
    return {get_args(section.model_fields[tag].annotation)[0]: section for section in get_args(get_args(union)[0])}


DATASETS = _members(Data, "dataset")
TAGGED = DATASETS | _members(Network, "architecture")


def _known_protocol(name: str) -> str:
    if name not in PROTOCOLS:
        raise ValueError(f"must be one of {', '.join(PROTOCOLS)}{nearest(name, PROTOCOLS)}")
    return name


def _once(seeds: list[int]) -> list[int]:
    if len(set(seeds)) < len(seeds):
        raise ValueError("each seed may stand once")
    return seeds


Seeds = Annotated[list[Seed], Field(min_length=1), AfterValidator(_once)]
Variants = dict[Name, VariantEntry]


class Evaluation(Strict):
    """How predictions are compared with truth."""

    protocol: Annotated[str, AfterValidator(_known_protocol)] = Field(description="a row of config/protocols.py")
    flip: bool = Field(description="average with the flipped image's prediction")


class Context(Strict):
    """The neighbouring frames that temporal variants learn from."""

    kinds: list[Kind] = Field(
        min_length=1, description="recorded, stereo: the data set's own; synthetic, synthetic-stereo: the generator's"
    )
    motion: str = Field(description="one of `motions`; data sets that were filmed have their own")
    seed: Seed = Field(0, description="of the motions")
    baseline: Positive = Field(0.2, description="of synthetic-stereo: m from the camera to the second, to its right")

    @model_serializer(mode="wrap")
    def _what_decides(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without a baseline where no kind has one: it changes none of the others."""
        dumped: dict[str, Any] = dump(self)
        if "synthetic-stereo" not in self.kinds:
            dumped.pop("baseline", None)
        return dumped


class Scale(Strict):
    """The size of the study: a data set, the networks' width, and what their training needs there."""

    data: Data
    context: Context
    width: Width = Field(description="width factor of every network")
    training: dict[str, Any] = Field(description="what differs from the defaults")
    groups: dict[str, dict[str, Any]] = Field(default_factory=dict, description="what differs from that, by group")
    evaluation: Evaluation
    trainings_per_gpu: int = Field(1, ge=1, le=100, description="how many Snakemake runs side by side on each GPU")


class Transfer(Strict):
    """Which checkpoints `snakemake transfer` evaluates on which data sets."""

    data: list[str] = Field(description="scales, for their data sets and protocols")
    checkpoints: list[str] = Field(description="besides the scale's own: paths, or addresses of published ones")


class _Group(Strict):
    """What groups of every kind have."""

    seeds: Seeds | None = Field(None, description="what each variant is trained with, where not the study's")
    training: dict[str, Any] = Field(default_factory=dict, description="what all its variants differ in from the scale")
    figures: list[str] = Field(default_factory=list, description="modules of figures/ that show them")
    compared_with: list[str] = Field(default_factory=list, description="groups that its table and figures show, too")


class Group(_Group):
    """Variants that answer one question. They share tables and figures, and a folder of results."""

    variants: Variants


class FactorialGroup(_Group):
    """Variants that are the runs of a two-level design: many settings changed at once."""

    runs: list[Name] = Field(description="a name for each run; 2, 4, 8, ... of them")
    factors: dict[Name, Annotated[dict[Name, Level], Field(min_length=2, max_length=2)]] = Field(
        description="the two levels of each, the first being -1; the network comes first"
    )

    @model_validator(mode="after")
    def _is_a_design(self) -> "FactorialGroup":
        if len(set(self.runs)) < len(self.runs):
            raise ValueError("each run may stand once")
        set_by: dict[str, str] = {}
        for factor, levels in self.factors.items():
            for key in {key for level in levels.values() for key in level.sets()}:
                if set_by.setdefault(key, factor) != factor:
                    raise ValueError(f"factors {set_by[key]} and {factor} both set {key}; each needs keys of its own")
        try:
            self.design  # noqa: B018
        except InputError as error:
            raise ValueError(str(error)) from None
        return self

    @cached_property
    def design(self) -> Design:
        """Which levels every run has."""
        return find_design(list(self.factors), len(self.runs))

    @cached_property
    def levels(self) -> dict[str, dict[str, str]]:
        """The name of every factor's level, by run."""
        return {
            run: {factor: list(self.factors[factor])[sign > 0] for factor, sign in signs.items()}
            for run, signs in zip(self.runs, self.design.runs(), strict=True)
        }

    @cached_property
    def variants(self) -> Variants:
        """Every run as a variant: what the levels of all factors say, together."""
        return {run: self._entry(levels) for run, levels in self.levels.items()}

    def _entry(self, levels: dict[str, str]) -> VariantEntry:
        changes = [self.factors[factor][level].changes() for factor, level in levels.items()]
        return VariantEntry.model_validate({"network": {}} | merged(*changes))


class Groups(Strict):
    """Every group; `snakemake NAME` makes one."""

    report: Group = Field(description="the report's rows")
    temporal: Group = Field(description="a pair that learns from neighbouring frames, without and with velocity")
    supervision: Group = Field(description="other ways to learn from neighbouring frames")
    sensors: Group = Field(description="faults of the speed sensor, several amounts of each")
    ceilings: Group = Field(description="the published head with other ceilings")
    tuning: Group = Field(description="what the contest's rates follow from, judged by held-out training frames")
    contest: Group = Field(description="both networks at their best, and other ways down and up, over several seeds")
    diagnosis: Group = Field(description="one change to a network of the contest")
    durations: Group = Field(description="trainings of several lengths")
    factors: FactorialGroup = Field(description="many settings changed at once, in both networks")
    autoencoder: Group = Field(description="what ways of going down and up keep of an image")
    widths: Group = Field(description="one network at several widths: which images need the big one")
    batches: Group = Field(description="batches of other sizes at equal frames seen")
    pairs: Group = Field(description="networks that see one camera's image, or two")


class Study(Strict):
    """params.yaml."""

    scale: Name
    seeds: Seeds
    training: Training
    losses: dict[Name, LossSettings] = Field(min_length=1)
    groups: Groups
    scales: dict[Name, Scale]
    transfer: Transfer = Transfer(data=[], checkpoints=[])
    motions: dict[Name, MotionModel] = Field(default_factory=dict)
    verdict: Verdict = Field(description="what the groups are to tell")

    def at(self, scale: str | None) -> "Study":
        """This study with another scale selected, or unchanged for None. Raises InputError for an unknown one."""
        return self if scale is None else self.model_copy(update={"scale": one_of(scale, self.scales, "scale")})

    @property
    def active_scale(self) -> Scale:
        """The selected scale."""
        return self.scales[self.scale]

    @property
    def data(self) -> Data:
        """The data set of the selected scale."""
        return self.active_scale.data

    @property
    def by_group(self) -> dict[str, Group | FactorialGroup]:
        """The groups by their names, the report's first."""
        return {name: getattr(self.groups, name) for name in Groups.model_fields}

    @property
    def variants(self) -> Variants:
        """The report's variants."""
        return self.groups.report.variants

    @property
    def figures(self) -> dict[str, str]:
        """The group that each figure shows."""
        return {figure: name for name, group in self.by_group.items() for figure in group.figures}

    def shown(self, group: str) -> list[str]:
        """The variants that a group's table and figures show: those of `compared_with`, then its own."""
        chosen = self.by_group[group]
        return [name for other in (*chosen.compared_with, group) for name in self.by_group[other].variants]

    def group_of(self, variant: str) -> str:
        """The name of the group that a variant belongs to. Raises InputError for an unknown variant."""
        groups = {name: group for group, content in self.by_group.items() for name in content.variants}
        return groups[one_of(variant, groups, "variant")]

    def seeds_of(self, variant: str) -> list[int]:
        """The seeds that a variant is trained with."""
        return self.by_group[self.group_of(variant)].seeds or self.seeds

    @property
    def loss(self) -> LossSettings:
        """What the scale trains with, unless a variant sets something else."""
        return self._loss(self._of_scale, f"scales.{self.scale}.training")

    @property
    def loss_name(self) -> str:
        """The name of that loss in `losses`."""
        return self._of_scale.loss

    @property
    def max_depth(self) -> float:
        """The max_depth of the scale's targets, m, unless a variant sets something else."""
        return self._of_scale.max_depth

    @property
    def _of_scale(self) -> Training:
        settings = merged(self.training.model_dump(), self.active_scale.training)
        of_scale: Training = checked(Training, settings, f"scales.{self.scale}.training")
        return of_scale

    def _loss(self, training: Training, where: str) -> LossSettings:
        if training.loss not in self.losses:
            known = f"{', '.join(self.losses)}{nearest(training.loss, self.losses)}"
            raise InputError(f"{PARAMS_FILE}: {where}.loss: must be one of {known}, got {training.loss!r}")
        return self.losses[training.loss]

    def variant(self, name: str) -> Variant:
        """The settings of one variant at this scale. Raises InputError for an unknown name or a bad setting."""
        group = self.group_of(name)
        entry = self.by_group[group].variants[name]
        where = f"groups.{group}.variants.{name}"
        network = self._network(entry, where)
        training = self._training(entry, group, where)
        if training.uses_context and group not in paths.WITH_CONTEXT:
            raise InputError(
                f"params.yaml: {where}: mode {training.mode!r} is for variants of {', '.join(paths.WITH_CONTEXT)}"
            )
        if training.uses_context and training.held_out:
            raise InputError(f"params.yaml: {where}: held_out is for variants that learn without neighbouring frames")
        if training.uses_context and training.velocity.weight and not training.predicts_motion:
            why = f"context {training.context[0]} is of one instant; recorded or synthetic context has a velocity"
            if training.sees_other_times:
                why = "with known poses no translation is predicted that a speed could correct"
            raise InputError(
                f"params.yaml: {where}: velocity.weight must be 0, got {training.velocity.weight:g}: {why}"
            )
        if training.pose == "known" and not training.sees_other_times:
            raise InputError(
                f"params.yaml: {where}: pose 'known' is for variants that learn from frames at other times"
            )
        if (training.mode == "reconstruction") != (network.architecture == "autoencoder"):
            raise InputError(f"params.yaml: {where}: mode 'reconstruction' is an autoencoder's, and its only one")
        if isinstance(network, DepthNetwork) and network.stereo:
            _check_sees_pairs(training, where)
        training = self._in_own_unit(network, training, entry, where)
        loss = self._loss(training, f"{where}.training")
        return Variant(name=name, network=network, training=training, loss=loss)

    def _network(self, entry: VariantEntry, where: str) -> Network:
        constant = entry.network.get("architecture") == "constant"
        width = {} if constant else {"width": self.active_scale.width}
        network: Network = checked(Network, {**width, **entry.network}, f"{where}.network")
        if not isinstance(network, ConstantNetwork):
            network = network.model_copy(update={"width": network.width * entry.scale_by.width})
        if isinstance(network, DenseDepthNetwork) and network.pretrained and network.width != 1:
            raise InputError(f"params.yaml: {where}: ImageNet's weights are of width 1, not {network.width}")
        return network

    def _training(self, entry: VariantEntry, group: str, where: str) -> Training:
        scale = self.active_scale
        of_group = merged(self.by_group[group].training, scale.groups.get(group, {}))
        settings = merged(self.training.model_dump(), scale.training, of_group, entry.training)
        training: Training = checked(Training, settings, f"{where}.training")
        multiplied = {key: whole(round(getattr(training, key) * getattr(entry.scale_by, key), 9)) for key in SCALABLE}
        training = checked(Training, training.model_dump() | multiplied, f"{where}.scale_by")
        if training.batch_size % (training.devices * training.micro_batches):
            parts = f"{training.devices} devices in {training.micro_batches} micro-batches"
            raise InputError(f"params.yaml: {where}: a batch of {training.batch_size} makes no equal parts for {parts}")
        return training

    def _in_own_unit(self, network: Network, training: Training, entry: VariantEntry, where: str) -> Training:
        """The training with the unit that the network's head predicts in: only the published heads have the choice."""
        if getattr(network, "head", None) in PUBLISHED_HEADS:
            return training
        if "output_unit" in entry.training:
            heads = " and ".join(PUBLISHED_HEADS)
            raise InputError(f"{PARAMS_FILE}: {where}.training.output_unit: only heads {heads} have another unit")
        return training.model_copy(update={"output_unit": Training.model_fields["output_unit"].default})

    def run(self, variant: str, seed: int) -> paths.Run:
        """The files of one variant trained with one seed. Raises InputError for an unknown variant."""
        return paths.Run(self.scale, self.group_of(variant), variant, seed)


def _check_sees_pairs(training: Training, where: str) -> None:
    """Raise InputError unless a stereo network can be trained this way.

    In a mirrored pair the second camera is on the other side. The losses of neighbouring frames take single images.
    """
    where = f"{PARAMS_FILE}: {where}"
    if training.flip:
        told = f"flip must be 0, got {training.flip:g}"
        raise InputError(f"{where}: {told}: mirrored, a stereo network's second camera changes sides")
    if training.mode != "supervised":
        raise InputError(f"{where}: a stereo network learns from true depth, so its mode is not {training.mode!r}")


def merged(*layers: dict[str, Any]) -> dict[str, Any]:
    """The layers merged, later ones winning, nested sections too."""
    result: dict[str, Any] = {}
    for layer in layers:
        for key, value in layer.items():
            old = result.get(key)
            result[key] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def checked(schema: Any, raw: Any, where: str, file: str = PARAMS_FILE) -> Any:
    """`raw` as a section of params.yaml. Raises InputError, one line that names the key below `where` and the fault."""
    return validated(schema, raw, where, file, TAGGED)
