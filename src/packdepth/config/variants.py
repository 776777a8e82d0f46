"""The `network` and `training` sections of params.yaml: what a variant is."""

from typing import Annotated, Any, ClassVar, Literal, get_args

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from packdepth.config.losses import LossSettings
from packdepth.config.schema import Count, Few, Grown, Positive, Share, Strict, Width

KindInTime = Literal["recorded", "synthetic"]
StereoKind = Literal["stereo", "synthetic-stereo"]
Kind = Literal[KindInTime, StereoKind]
Implementation = Literal["auto", "cpu", "gpu", "plain"]
Architecture = Literal["packnet", "densedepth", "constant", "autoencoder"]
PackNetSize = Literal["slim", "full"]
Skips = Literal["sum", "concat", "none", "none-and-no-shortcuts"]
Head = Literal["inverse-sigmoid", "sigmoid", "leaky-relu", "inverse-leaky-relu", "scaled-sigmoid", "log", "linear"]
DenseDepthVersion = Literal["paper", "handout"]
DenseDepthSkips = Literal["concat", "none"]
Norm = Literal["batch", "group"]
OutputUnit = Literal["max_depth/m", "1/m"]
Sampling = Literal["packing", "space-to-depth", "strided", "pooling"]
INVERSE_HEADS = ("inverse-sigmoid", "inverse-leaky-relu")
MIN_DEPTH = 0.5  # of PackNet's published head
STEREO = get_args(StereoKind)


class Photometric(Strict):
    """The loss between an image and its reconstruction from its neighbours."""

    ssim: Share = Field(description="share of SSIM in the dissimilarity; the rest is L1")
    smoothness: float = Field(ge=0, description="weight of the edge-aware smoothness of inverse depth")


class Velocity(Strict):
    """The velocity loss, and the sensor that measures speed for it (all 0: no errors)."""

    weight: float = Field(ge=0, description="of | |translation| - speed * time | in m")
    noise: float = Field(0.0, ge=0, description="standard deviation of a reading, m/s")
    bias: float = Field(0.0, gt=-1, description="share that every reading is too high by")
    lag: float = Field(0.0, ge=0, description="s that readings come late by")
    drop_out: Share = Field(0.0, description="share of the readings that are 0")


class Computing(Grown):
    """How a device computes: these settings change only time, memory and rounding."""

    newer: ClassVar[tuple[str, ...]] = ("graph", "threads")

    precision: Literal["fp32", "bf16"] = Field(description="of the networks' convolutions; losses are always in fp32")
    implementation: Implementation = Field(
        description="plain: as the papers have it; cpu, gpu: what such a device does well, always; auto: where it pays"
    )
    channels_last: bool = Field(description="the channels of a pixel side by side in memory")
    compile: bool = Field(description="torch.compile")
    checkpointing: bool = Field(description="make activations again in the backward pass: less memory, more time")
    threads: int = Field(1, ge=1, le=1024, description="on a CPU: how many compute; the same bits need as many")
    graph: bool = Field(False, description="on a GPU: record an update's kernels once and start them together")

    @model_validator(mode="after")
    def _compiled_code_decides_itself(self) -> "Computing":
        if self.compile and self.checkpointing:
            raise ValueError("compile and checkpointing exclude one another; compiled code keeps what it decides")
        return self


def whole(number: Any) -> Any:
    """1 for 1.0, so that both are the same training."""
    return int(number) if isinstance(number, float) and number.is_integer() else number


Epochs = Annotated[
    int | float, BeforeValidator(whole), Field(gt=0, le=10**6, description="how often each frame is seen")
]


def _listed(kinds: Any) -> Any:
    return [kinds] if isinstance(kinds, str) else kinds


def _in_time_first(kinds: list[Kind]) -> list[Kind]:
    """In one order, so that `[stereo, recorded]` and `[recorded, stereo]` are the same training."""
    stereo = sum(kind in STEREO for kind in kinds)
    if stereo > 1 or len(kinds) - stereo > 1:
        in_time, side = (" or ".join(get_args(literal)) for literal in (KindInTime, StereoKind))
        raise ValueError(f"may have one kind in time ({in_time}) and one of a second camera ({side})")
    return sorted(kinds, key=lambda kind: kind in STEREO)


def _as_before(kinds: list[Kind]) -> Kind | list[Kind]:
    """A single kind as a word: what was trained before there could be several has the same digest."""
    return kinds[0] if len(kinds) == 1 else kinds


Kinds = Annotated[
    list[Kind],
    BeforeValidator(_listed),
    Field(min_length=1),
    AfterValidator(_in_time_first),
    PlainSerializer(_as_before),
]


class Training(Grown):
    """How a network is trained."""

    newer: ClassVar[tuple[str, ...]] = ("pose",)

    mode: Literal["supervised", "self-supervised", "semi-supervised", "reconstruction"] = Field(
        description="learn from true depth, from neighbouring frames, or from both (these two in `temporal`,"
        " `supervision` and `sensors` only); or, for autoencoders, reconstruct the image"
    )
    context: Kinds = Field(
        description="where neighbouring frames come from: a kind in time, one of a second camera, or both"
    )
    pose: Literal["predicted", "known"] = Field(
        "predicted",
        description="how the camera moved to frames at other times: by a second network, or as the data say",
    )
    photometric: Photometric
    velocity: Velocity
    epochs: Epochs
    batch_size: Few = Field(description="frames a step, of all devices and micro_batches together")
    devices: Few = Field(description="GPUs, or processes on a CPU, that share every batch")
    micro_batches: Few = Field(
        description="micro_batches in which a step is taken, each with an equal part of its frames"
    )
    optimizer: Literal["adam", "adamw"]
    epsilon: Positive = Field(1e-8, description="added to the root mean square that Adam divides a gradient by")
    learning_rate: float = Field(ge=0, description="0 for what is fitted before training (the constant)")
    pose_learning_rate: Positive = Field(description="of the network that says how the camera moved")
    schedule: Literal["constant", "cosine"] = Field(
        description="of both rates: as they are, or falling to 0 along half a cosine"
    )
    warmup: Share = Field(description="share of the steps in which both rates rise from 0")
    weight_decay: float = Field(ge=0)
    flip: Share = Field(description="probability of a horizontal flip")
    channel_swap: Share = Field(description="probability of a random order of the colour channels")
    max_depth: Positive = Field(description="m; targets are max_depth / depth")
    output_unit: OutputUnit = Field(
        "max_depth/m", description="what sigmoid heads predict: inverse depth as in targets, or in 1/m, as published"
    )
    held_out: Share = Field(
        0.0, description="share of the training frames, the last ones, that are evaluated in place of the test split"
    )
    first_output: Literal["unbiased", "best-constant"] | Positive = Field(
        description="what heads predict before they have learned: as drawn, or by their bias the best constant, or this"
    )
    loss: str = Field(description="one of `losses`")
    cpu: Computing = Field(description="how it is computed where there is no GPU")
    cuda: Computing = Field(description="how it is computed on GPUs")
    workers: int = Field(ge=0, le=1000, description="loader processes of each device")
    save_every: Count = Field(description="steps between resume states")
    diagnostics_every: Count = Field(description="steps between gradient norms, spread and throughput")
    tensorboard: bool = Field(False, description="write what the logs hold for TensorBoard, too, while it trains")

    @property
    def uses_context(self) -> bool:
        """Whether it learns from neighbouring frames."""
        return self.mode in ("self-supervised", "semi-supervised")

    @property
    def sees_other_times(self) -> bool:
        """Whether it learns from frames at other times."""
        return self.uses_context and self.context[0] not in STEREO

    @property
    def predicts_motion(self) -> bool:
        """Whether a second network must predict how the camera moved to them."""
        return self.sees_other_times and self.pose == "predicted"

    def trained_on(self, frames: int) -> range:
        """Which of so many training frames are trained on."""
        return range(frames - round(self.held_out * frames))

    def evaluated_on(self, frames: int) -> range:
        """Which of so many training frames are held out."""
        return range(len(self.trained_on(frames)), frames)

    @model_validator(mode="after")
    def _one_gpu_records(self) -> "Training":
        if self.cpu.graph:
            raise ValueError("cpu.graph: only a GPU records graphs")
        if self.cuda.graph and self.devices > 1:
            raise ValueError("cuda.graph is for one device")
        return self

    def on(self, device: str) -> Computing:
        """How a device of this type, cpu or cuda, computes."""
        return self.cuda if device == "cuda" else self.cpu


MinDepth = Annotated[Positive, Field(description="what the inverse heads divide by; 1 / min_depth is the ceiling")]


def _check_min_depth(head: Head, min_depth: float) -> None:
    if min_depth != MIN_DEPTH and head not in INVERSE_HEADS:
        raise ValueError(f"min_depth is a setting of heads {' and '.join(INVERSE_HEADS)}, not of {head}")


class DepthNetwork(Grown):
    """What networks have in common that predict depth from what they see."""

    newer: ClassVar[tuple[str, ...]] = ("stereo",)

    stereo: bool = Field(False, description="see a second camera's image as well")


class PackNetNetwork(DepthNetwork):
    """PackNet, arXiv 1905.02693."""

    architecture: Literal["packnet"]
    size: PackNetSize = "slim"
    skips: Skips = "sum"
    head: Head = "inverse-sigmoid"
    min_depth: MinDepth = MIN_DEPTH
    full_resolution: bool = Field(False, description="build the decoder's last level, as published")
    sampling: Sampling = Field("packing", description="way down and up; packing as published")
    width: Width = Field(1.0, description="factor on all channels, rounded to eighths")

    @model_validator(mode="after")
    def _head_divides(self) -> "PackNetNetwork":
        _check_min_depth(self.head, self.min_depth)
        return self


class DenseDepthNetwork(DepthNetwork):
    """DenseDepth, arXiv 1812.11941."""

    architecture: Literal["densedepth"]
    version: DenseDepthVersion = Field("paper", description="the paper's, or that of the report's class")
    pretrained: bool = Field(False, description="start the encoder from ImageNet; needs width 1")
    head: Head = "linear"
    min_depth: MinDepth = MIN_DEPTH
    norm: Norm = "batch"
    skips: DenseDepthSkips = "concat"
    width: Width = 1.0

    @model_validator(mode="after")
    def _is_imagenets_network(self) -> "DenseDepthNetwork":
        if self.pretrained and self.norm != "batch":
            raise ValueError("ImageNet's weights are of norm batch")
        if self.pretrained and self.stereo:
            raise ValueError("ImageNet's weights see one image, so a stereo network cannot start from them")
        return self

    @model_validator(mode="after")
    def _head_divides(self) -> "DenseDepthNetwork":
        _check_min_depth(self.head, self.min_depth)
        return self


class ConstantNetwork(Strict):
    """The best single depth."""

    architecture: Literal["constant"]


class AutoencoderNetwork(Strict):
    """An autoencoder, which reconstructs its image."""

    architecture: Literal["autoencoder"]
    sampling: Sampling = "packing"
    width: Width = 1.0


Network = Annotated[
    PackNetNetwork | DenseDepthNetwork | ConstantNetwork | AutoencoderNetwork, Field(discriminator="architecture")
]


class ScaleBy(Strict):
    """Factors on what the scale has, so that a variant means the same at every scale."""

    width: Width = 1.0
    learning_rate: Positive = 1.0
    epochs: Positive = 1.0
    batch_size: Positive = 1.0


class VariantEntry(Strict):
    """What differs from the defaults."""

    network: dict[str, Any]
    training: dict[str, Any] = Field(default_factory=dict)
    scale_by: ScaleBy = Field(default_factory=ScaleBy, description="factors on what the scale has")


class Level(Strict):
    """What a factor's level changes in a variant."""

    network: dict[str, Any] = Field(default_factory=dict)
    training: dict[str, Any] = Field(default_factory=dict)
    scale_by: ScaleBy = Field(default_factory=ScaleBy)

    def changes(self) -> dict[str, dict[str, Any]]:
        """Its sections, without defaults."""
        return self.model_dump(exclude_defaults=True)

    def sets(self) -> list[str]:
        """The keys that it sets, as `section.key`."""
        return [f"{section}.{key}" for section, content in self.changes().items() for key in content]


class Variant(Strict):
    """One variant at one scale, every setting resolved."""

    name: str
    network: Network
    training: Training
    loss: LossSettings

    @property
    def stereo(self) -> bool:
        """Whether its network sees two cameras' images."""
        return isinstance(self.network, DepthNetwork) and self.network.stereo

    @model_serializer(mode="wrap")
    def _what_decides(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """Without `tensorboard`, which changes no result: nothing is trained anew to be watched."""
        dumped: dict[str, Any] = dump(self)
        dumped.get("training", {}).pop("tensorboard", None)
        return dumped
