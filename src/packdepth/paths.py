"""Where the study's files stand, relative to the project's top. The workflow states the same paths as outputs."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from packdepth.errors import InputError

TEMPORAL = "temporal"  # the group of variants that learn from neighbouring frames
GROUPS = (TEMPORAL, "diagnosis", "contest", "autoencoder")  # of variants, beside the report's
COMPARED = ("", "diagnosis", "contest")  # those that learn depth and that the verdict compares, the report's first


def store(scale: str, split: str) -> Path:
    """The HDF5 store of one split ("train" or "test")."""
    return Path("data") / scale / f"{split}.h5"


def archives(scale: str) -> Path:
    """Which archives a scale's stores are made from."""
    return Path("data") / scale / "archives.json"


def downloads(dataset: str) -> Path:
    """The folder that a data set is downloaded to, outside data/ so that a clean-up does not cost 175 GB."""
    return Path("downloads") / dataset


def context(scale: str) -> Path:
    """The HDF5 file of the training frames' neighbours."""
    return Path("data") / scale / "context.h5"


def figure(scale: str, name: str, group: str = "") -> Path:
    """One figure, of the report's variants or of a group."""
    return Path("results") / scale / group / "figures" / f"{name}.png"


def transfer(scale: str, data: str, checkpoint: str) -> Path:
    """The folder of one checkpoint's evaluation on the data of scale `data`."""
    return Path("results") / scale / "transfer" / data / checkpoint


def checkpoint_file(checkpoint: str) -> PurePosixPath:
    """The path of a checkpoint, or the path in its address. Raises InputError if it ends in no file's name."""
    path = urlsplit(checkpoint).path if "://" in checkpoint else checkpoint
    if path.endswith("/") or not path:
        raise InputError(f"{checkpoint!r} names no file; expected the path or the address of a checkpoint")
    return PurePosixPath(path)


def checkpoint_name(checkpoint: str) -> str:
    """What a checkpoint (a path or an address) is called in results.

    Ours by scale, variant and seed, others by their file. Raises InputError as `checkpoint_file` does.
    """
    path = checkpoint_file(checkpoint)
    match path.parts[-5:]:
        case (scale, "checkpoints", variant, seed, "model.safetensors"):
            return f"{scale}-{variant}-{seed}"
    return path.stem


def tables(scale: str, group: str = "") -> Path:
    """The folder of the tables and the provenance, of the report's variants or of a group."""
    return Path("results") / scale / group / "tables"


def verdict(scale: str) -> Path:
    """What came of the hypotheses, for people; it refers to files of `findings`."""
    return Path("results") / scale / "verdict" / "verdict.md"


def findings(scale: str) -> Path:
    """The folder of the tables and figures that the verdict rests on."""
    return verdict(scale).parent / "verdict"


def context_quality(scale: str) -> Path:
    """How near synthetic neighbours come to the true ones: method, period_s, id, offset, displacement_px, ..."""
    return Path("results") / scale / TEMPORAL / "context" / "quality.csv"


def context_examples(scale: str) -> Path:
    """A few synthetic neighbours beside the true ones."""
    return Path("results") / scale / TEMPORAL / "context" / "examples.npz"


@dataclass(frozen=True)
class Run:
    """The files of one variant trained with one seed."""

    scale: str
    variant: str
    seed: int
    group: str = ""  # of variants, a folder of its own; "" for the report's

    def __str__(self) -> str:
        return f"{self.scale}/{self.variant}/seed {self.seed}"

    def _file(self, phase: str, name: str) -> Path:
        return Path("results") / self.scale / self.group / phase / self.variant / f"seed{self.seed}" / name

    @property
    def checkpoint(self) -> Path:
        """The weights."""
        return self._file("checkpoints", "model.safetensors")

    @property
    def train_log(self) -> Path:
        """Loss, the depth network's learning rate and time of every step."""
        return self._file("training", "train_log.csv")

    @property
    def diagnostics(self) -> Path:
        """Gradient norms, spread and throughput at intervals: step, name, value."""
        return self._file("training", "diagnostics.csv")

    @property
    def provenance(self) -> Path:
        """Where the checkpoint comes from, and what it cost."""
        return self._file("training", "provenance.json")

    @property
    def per_image(self) -> Path:
        """Metrics of every test image."""
        return self._file("evaluation", "per_image.csv")

    @property
    def metrics(self) -> Path:
        """Metrics of the whole test split, with the protocol."""
        return self._file("evaluation", "metrics.json")

    @property
    def error_by_distance(self) -> Path:
        """Mean errors in bins of true distance."""
        return self._file("evaluation", "error_by_distance.csv")

    @property
    def samples(self) -> Path:
        """A few test images with truth and prediction."""
        return self._file("evaluation", "samples.npz")
