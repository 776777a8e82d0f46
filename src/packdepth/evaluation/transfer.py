"""Evaluates any checkpoint on any scale's test data, by its protocol: `packdepth evaluate --checkpoint X --data Y`."""

from pathlib import Path

from packdepth import paths
from packdepth.config.study import Study
from packdepth.data.store.frames import Store
from packdepth.evaluation.evaluate import uncertainties
from packdepth.evaluation.measure import measure
from packdepth.inference.load import load_file
from packdepth.utils.download import Remote, fetch
from packdepth.utils.files import write_json, write_text
from packdepth.utils.fingerprint import digest
from packdepth.utils.threads import threads_on_cpu


def evaluate_pair(study: Study, checkpoint: str, data: str) -> None:
    """Write metrics.json and per_image.csv of one checkpoint on the test store of scale `data`.

    `checkpoint` is a path, or an address that is downloaded first: of a model.safetensors of ours, or of a checkpoint
    published with packnet-sfm. Raises InputError for an unknown scale, or if the store or checkpoint is not available.
    """
    name = paths.checkpoint_name(checkpoint)
    settings = study.at(data).active_scale.evaluation
    store = Store(paths.store(data, "test"))
    model = load_file(_local(checkpoint))
    with threads_on_cpu(study.training.cpu.threads, model.device):  # other numbers of threads round otherwise
        tally, doubts, _ = measure(model, store, settings, f"{name} on {data}")
    folder = paths.transfer(study.scale) / data / name
    table = tally.per_image().join(uncertainties(doubts), on="id")
    write_text(folder / "per_image.csv", table.to_csv(index=False, float_format="%.6g"))
    write_json(folder / "metrics.json", {"checkpoint": name, "data": data, **tally.summary()})


def _local(checkpoint: str) -> Path:
    if "://" not in checkpoint:
        return Path(checkpoint)
    folder = paths.downloads("checkpoints") / digest(checkpoint)  # other addresses may end in the same name
    return fetch(Remote(paths.checkpoint_file(checkpoint).name, (checkpoint,)), folder)
