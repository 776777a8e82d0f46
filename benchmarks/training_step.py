"""What a step of a training costs as `packdepth train` makes it: with its frames, loss, optimizer and records.

    python benchmarks/training_step.py [--size 192 256] [--batch 4] [--cases eager graph] [--rounds 3] [--steps 40]

Cases name settings of a device, joined by `+`: `bf16`, `channels_last`, `compile`, `graph`; `eager` is none of them.
All cases of both networks alternate in one process. Rooms are rendered first. A line is printed for every case, and
FOLDER/training_steps.csv has every round.
"""

import argparse
import csv
import statistics
import tempfile
import time
from collections.abc import Iterator
from itertools import chain, repeat
from pathlib import Path

import torch
from networks import machine

from packdepth.config.datasets import RoomsData
from packdepth.config.load import load_study
from packdepth.config.study import Study
from packdepth.data.datasets.convert import make_store
from packdepth.data.store.frames import Store
from packdepth.training.augmentation import Item
from packdepth.training.loader import CountedBatches, TrainingFrames
from packdepth.training.loop import Trainer
from packdepth.utils.files import atomic_write, write_json

FRAMES = 64
WARM_UP = 8  # steps: a graph is recorded in the fourth
SETTINGS = {"compile": True, "graph": True, "channels_last": True, "bf16": "bf16", "eager": True}
NETWORKS = ("packnet-own-unit", "densedepth")


class Steps:
    """A training that can be made to go on by some steps."""

    def __init__(self, study: Study, name: str, case: str, given: argparse.Namespace, store: Store) -> None:
        device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        chosen = {"precision" if key == "bf16" else key: SETTINGS[key] for key in case.split("+") if key != "eager"}
        variant = study.variant(name)
        training = variant.training
        settings = training.on(device.type).model_copy(update=chosen)
        update = {device.type: settings, "batch_size": given.batch, "diagnostics_every": 10**9, "save_every": 10**9}
        variant = variant.model_copy(update={"training": training.model_copy(update=update)})
        frames = TrainingFrames(store, 0, training.flip, training.channel_swap)
        folder = Path(tempfile.mkdtemp())
        self.trainer = Trainer(variant, study.run(name, 0), frames, device, folder)
        order = CountedBatches(len(frames), given.batch, 1, 0)
        self.batches: Iterator[Item] = chain.from_iterable(self.trainer.batches(order) for _ in repeat(None))
        self.device = device

    def run(self, steps: int) -> float:
        """Seconds a step."""
        self._wait()
        begin = time.perf_counter()
        for _ in range(steps):
            since = time.perf_counter()
            self.trainer.train_step(next(self.batches), 0, since, 0.0)
        self.trainer.readings.fetch()
        self._wait()
        return (time.perf_counter() - begin) / steps

    def _wait(self) -> None:
        if self.device.type == "cuda":
            torch.cuda.synchronize()


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser()
    arguments.add_argument("--size", type=int, nargs=2, default=(192, 256))
    arguments.add_argument("--batch", type=int, default=4)
    arguments.add_argument("--scale", default="medium", help="whose widths are taken")
    arguments.add_argument("--cases", nargs="+", default=["eager"])
    arguments.add_argument("--networks", nargs="+", default=NETWORKS)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--steps", type=int, default=40)
    arguments.add_argument("--folder", type=Path, default=Path("results/bench"))
    given = arguments.parse_args()
    torch.backends.cudnn.benchmark = True
    study = load_study().at(given.scale)
    with tempfile.TemporaryDirectory() as folder:
        data = RoomsData(dataset="rooms", size=tuple(given.size), train=FRAMES, test=1, seed=0)
        make_store(data, "train", Path(folder) / "archives.json", Path(folder) / "train.h5")
        store = Store(Path(folder) / "train.h5")
        trainings = {
            (name, case): Steps(study, name, case, given, store) for name in given.networks for case in given.cases
        }
        rows = []
        for key, training in trainings.items():
            print("warm-up", *key, flush=True)
            training.run(WARM_UP)
        for number in range(given.rounds):
            for (name, case), training in trainings.items():
                seconds = training.run(given.steps)
                rows.append(
                    {
                        "network": name,
                        "case": case,
                        "height": given.size[0],
                        "width": given.size[1],
                        "batch": given.batch,
                        "round": number,
                        "seconds": seconds,
                    }
                )
    given.folder.mkdir(parents=True, exist_ok=True)
    write_json(given.folder / "training_steps.json", machine("cuda" if torch.cuda.is_available() else "cpu"))
    with atomic_write(given.folder / "training_steps.csv") as part, part.open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    for name, case in trainings:
        seen = [1000 * row["seconds"] for row in rows if (row["network"], row["case"]) == (name, case)]
        print(f"{name}, {case}: {statistics.median(seen):.2f} ms a step ({min(seen):.2f} to {max(seen):.2f})")


if __name__ == "__main__":
    main()
