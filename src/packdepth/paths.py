"""Where the study's files are, relative to the project's top. The workflow states the same paths as outputs."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from packdepth.errors import InputError

WITH_CONTEXT = ("temporal", "supervision", "sensors")  # groups whose variants may learn from neighbouring frames
COMPARED = ("report", "ceilings", "contest", "diagnosis", "durations")  # groups whose variants the verdict compares
TOLD = (*COMPARED, "tuning", "factors", "autoencoder")  # all that it rests on
WIDTHS = "widths"  # the group whose networks make cascades
BATCHES = "batches"  # the group whose networks see batches of other sizes
PAIRS = "pairs"  # the group whose networks see one camera's image, or two
GATHERED = (*TOLD, WIDTHS, BATCHES, PAIRS)  # groups whose runs are summed up in small tables


def store(scale: str, split: str) -> Path:
    """The HDF5 store of one split ("train" or "test")."""
    return Path("data") / scale / f"{split}.h5"


def archives(scale: str) -> Path:
    """Which archives a scale's stores are made from."""
    return Path("data") / scale / "archives.json"


def context(scale: str) -> Path:
    """The HDF5 file of the training frames' neighbours."""
    return Path("data") / scale / "context.h5"


def downloads(dataset: str) -> Path:
    """The folder that a data set is downloaded to, outside data/ so that a clean-up does not cost 175 GB."""
    return Path("downloads") / dataset


def results(scale: str) -> Path:
    """The folder of all results of a scale's study."""
    return Path("results") / scale


def settings(scale: str) -> Path:
    """The folder of the resolved settings."""
    return results(scale) / "settings"


def figure(scale: str, name: str) -> Path:
    """One figure."""
    return results(scale) / "figures" / f"{name}.png"


def floors(scale: str) -> Path:
    """What every loss comes to without a network: name, split, floor, loss, abs_rel, rmse, delta1."""
    return results(scale) / "floors.csv"


def table(scale: str, group: str, ending: str) -> Path:
    """The table of a group, as csv, md or html."""
    return results(scale) / "tables" / f"{group}.{ending}"


def table_provenance(scale: str, group: str) -> Path:
    """Where every run of a table comes from."""
    return results(scale) / "tables" / f"{group}_provenance.json"


def verdict(scale: str) -> Path:
    """The folder of the verdict: verdict.md, and a figure for each hypothesis."""
    return results(scale) / "verdict"


def gathered(scale: str, group: str) -> Path:
    """The folder of the tables that sum up the runs of a group."""
    return results(scale) / "gathered" / group


def findings(scale: str) -> Path:
    """The folder of the tables that the verdict rests on."""
    return verdict(scale) / "findings"


def context_quality(scale: str) -> Path:
    """How close synthetic neighbours come to the true ones: method, period_s, id, offset, displacement_px, ..."""
    return results(scale) / "context_quality.csv"


def context_examples(scale: str) -> Path:
    """A few synthetic neighbours next to the true ones."""
    return results(scale) / "context_examples.npz"


def transfer(scale: str) -> Path:
    """The folder of checkpoints evaluated on other scales' data: DATA/CHECKPOINT/, and the table of all."""
    return results(scale) / "transfer"


def checkpoint_file(checkpoint: str) -> PurePosixPath:
    """The path of a checkpoint, or the path in its address. Raises InputError if it does not end in a file's name."""
    path = urlsplit(checkpoint).path if "://" in checkpoint else checkpoint
    if path.endswith("/") or not path:
        raise InputError(f"{checkpoint!r} names no file; expected the path or the address of a checkpoint")
    return PurePosixPath(path)


def checkpoint_name(checkpoint: str) -> str:
    """What a checkpoint (a path or an address) is called in results.

    Ours are named by scale, variant and seed, others by their file. Raises InputError as `checkpoint_file` does.
    """
    path = checkpoint_file(checkpoint)
    match path.parts[-6:]:
        case (scale, "runs", _, variant, seed, "model.safetensors"):
            return f"{scale}-{variant}-{seed}"
    return path.stem


@dataclass(frozen=True)
class Run:
    """The files of one variant trained with one seed."""

    scale: str
    group: str
    variant: str
    seed: int

    def __str__(self) -> str:
        return f"{self.scale}/{self.variant}/seed {self.seed}"

    @property
    def folder(self) -> Path:
        """Where they are."""
        return results(self.scale) / "runs" / self.group / self.variant / f"seed{self.seed}"

    @property
    def checkpoint(self) -> Path:
        """The weights."""
        return self.folder / "model.safetensors"

    @property
    def train_log(self) -> Path:
        """Loss, the depth network's learning rate and time of every step."""
        return self.folder / "train_log.csv"

    @property
    def diagnostics(self) -> Path:
        """Gradient norms, spread and throughput at intervals: step, name, value."""
        return self.folder / "diagnostics.csv"

    @property
    def events(self) -> Path:
        """What TensorBoard shows, if asked for: apart from the results, since no other command reads it."""
        return results(self.scale) / "tensorboard" / self.group / self.variant / f"seed{self.seed}"

    @property
    def provenance(self) -> Path:
        """Where the checkpoint comes from, and the cost of its training."""
        return self.folder / "provenance.json"

    @property
    def metrics(self) -> Path:
        """A few headline numbers: with a short name, so that `dvc metrics show` fits a terminal."""
        return results(self.scale) / "metrics" / self.group / f"{self.variant}.{self.seed}.json"

    @property
    def evaluation(self) -> Path:
        """Every metric of the whole test split, with the protocol."""
        return self.folder / "evaluation.json"

    @property
    def per_image(self) -> Path:
        """Metrics of every test image."""
        return self.folder / "per_image.csv"

    @property
    def error_by_distance(self) -> Path:
        """Mean errors in bins of true distance."""
        return self.folder / "error_by_distance.csv"

    @property
    def samples(self) -> Path:
        """A few test images with truth and prediction."""
        return self.folder / "samples.npz"
