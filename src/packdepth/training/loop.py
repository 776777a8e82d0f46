"""The training loop.

    packdepth train --variant packnet --seed 0

trains one variant at the scale of params.yaml. Randomness is counted, not carried: step k depends only on
(seed, k) and the state. So a run killed at any moment and started again ends with the same bits on a CPU.
"""

import contextlib
import math
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from packdepth import distributed, paths
from packdepth.checkpoints.native import CheckpointInfo, save_checkpoint
from packdepth.config.study import Study
from packdepth.config.variants import Variant
from packdepth.data.store.context import ContextStore
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.training import computing, diagnostics, resident, resume, start
from packdepth.training.augmentation import Item, augment_batch
from packdepth.training.events import Events
from packdepth.training.loader import CountedBatches, Frames, TrainingFrames, batches
from packdepth.training.objective import TERMS, Objective, Outcome
from packdepth.training.readings import Reading, Readings
from packdepth.training.temporal_frames import TemporalFrames
from packdepth.training.update import RecordedUpdate, Update
from packdepth.utils.files import read_object, write_json
from packdepth.utils.fingerprint import code_digest, digest
from packdepth.utils.progress import track
from packdepth.utils.threads import threads_on_cpu

CODE = (
    "data/store",
    "geometry",
    "losses",
    "models",
    "training",
    "distributed",
)  # rooms that decide a training's result
LOG_COLUMNS = ("step", "epoch", "loss", *TERMS, "learning_rate", "waited", "seconds")
LOGS = {"train_log.csv": LOG_COLUMNS, "diagnostics.csv": diagnostics.COLUMNS}


def train(study: Study, run: paths.Run) -> None:
    """Train one variant with one seed, going on from a killed run's state, and write its checkpoint and logs.

    Raises InputError if the store is missing, broken or without depth to learn from, or the loss is no longer finite.
    """
    variant = study.variant(run.variant)
    frames = training_frames(variant, run)
    start.require_depth(frames.store, variant)
    start.require_pairs(study, frames.store, variant)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    key = run_key(variant, run.seed, frames.fingerprint, device)
    with resume.locked(run) as waited:
        if waited and is_finished(run, key):
            return  # the process that was waited for has done it
        with resume.state_folder(run, key) as folder:
            distributed.run(variant.training.devices, train_in, folder, key, variant, run, device)


def train_in(folder: Path, key: str, variant: Variant, run: paths.Run, device: torch.device) -> None:
    """Train as one of the processes that share every batch; the first one keeps the records."""
    writes = distributed.rank() == 0
    written = resume.written(run) if writes else contextlib.nullcontext()
    with written, threads_on_cpu(variant.training.cpu.threads, device), computing.one_shape():
        trainer = Trainer(variant, run, training_frames(variant, run), device, folder)
        trainer.run()
        if writes:
            trainer.write_results(key)


def training_frames(variant: Variant, run: paths.Run) -> Frames:
    """What the variant learns from. Raises InputError for a missing or broken store, or context of other frames."""
    settings = variant.training
    store = Store(paths.store(run.scale, "train"))
    count = len(settings.trained_on(len(store)))
    frames = TrainingFrames(store, run.seed, settings.flip, settings.channel_swap, count, variant.stereo)
    if not settings.uses_context:
        return frames
    contexts = [ContextStore(paths.context(run.scale), kind, store) for kind in settings.context]
    return TemporalFrames(frames, contexts, settings.velocity)


def run_key(variant: Variant, seed: int, frames: str, device: torch.device) -> str:
    """Names everything that determines a training's result; `frames` is their fingerprint."""
    return digest(variant, seed, frames, code_digest(*CODE), torch.__version__, device.type)


def is_finished(run: paths.Run, key: str) -> bool:
    """Whether the run's files are there, from a training with this key."""
    files = (run.checkpoint, run.train_log, run.diagnostics, run.provenance)
    return all(file.is_file() for file in files) and read_object(run.provenance).get("key") == key


class Trainer:
    """One run: its networks, optimizer, position and logs."""

    def __init__(self, variant: Variant, run: paths.Run, frames: Frames, device: torch.device, folder: Path) -> None:
        self.variant, self.run_files, self.frames, self.device, self.folder = variant, run, frames, device, folder
        self.settings, self.store = variant.training, frames.store
        self.computing = self.settings.on(device.type)
        self.objective = Objective(variant)
        self.networks = start.networks(variant, run.seed)
        self.step, sizes = self._restore()
        if distributed.rank():  # nobody reads the logs of these
            folder, sizes = folder / f"process{distributed.rank()}", {}
        self.log, self.diagnostics = (
            resume.Log(folder / name, columns, sizes.get(name, 0)) for name, columns in LOGS.items()
        )
        watched = self.settings.tensorboard and distributed.rank() == 0
        self.events = Events(run.events, self.step) if watched else None
        self.readings = Readings()
        self.pace, self.rate = math.nan, math.nan  # images a second; of the depth network
        self.average, self.fetched = 0.0, 0  # the mean loss of the last 50 of so many steps
        self.commit = _commit()
        self.eager_update = Update(self.networks, self.objective, self.optimizer, self.settings, device)
        recorded = self.computing.graph
        self.update = RecordedUpdate(self.eager_update, self.networks) if recorded else self.eager_update

    def _restore(self) -> tuple[int, dict[str, int]]:
        """Restore networks and optimizer to the last state saved, or to their start.

        Returns the steps done, and the bytes that each log had then.
        """
        state = resume.load_state(self.folder)
        if state:
            self.networks.load_state_dict(state["networks"])
        else:
            start.set_first_output(self.networks.depth, self.store, self.variant)
        self.networks.to(self.device).train()
        computing.configure(self.networks, self.computing)
        self.optimizer = start.optimizer(self.networks, self.settings, recorded=self.computing.graph)
        if state:
            start.restore_optimizer(self.optimizer, state["optimizer"])
        self.earlier: list[Tensor] = [gradient.to(self.device) for gradient in state["earlier"]] if state else []
        return (state["step"], {name: size for name, (size, _) in state["logs"].items()}) if state else (0, {})

    def run(self) -> None:
        """Run all remaining steps."""
        s = self.settings
        part = (distributed.rank(), distributed.size())
        order = CountedBatches(len(self.frames), s.batch_size, s.epochs, self.run_files.seed, self.step, part)
        steps = self.step + len(order)
        with track(f"train {self.run_files}", steps, self.step) as advance:
            since = time.perf_counter()
            for batch in self.batches(order):
                self.rate = start.set_learning_rates(self.optimizer, s, self.step / steps)
                waited = time.perf_counter() - since
                self.train_step(batch, self.step // order.steps_per_epoch, since, waited)
                if self.step == steps:
                    self._fetch()
                advance(1, f"loss {self.average:.4f}" if self.fetched else "")
                since = time.perf_counter()

    def batches(self, order: CountedBatches) -> Iterable[Item]:
        """Batches in this order, from the device itself where all frames fit."""
        if resident.fit(self.frames, self.device):
            return resident.ResidentFrames(self.frames, self.device, self.settings.workers).batches(order)
        return batches(self.frames, order, self.settings.workers)

    def train_step(self, batch: Item, epoch: int, since: float, waited: float) -> None:
        """One update on this process's part of a batch of frames, requested at `since`, received `waited` s later."""
        self.step += 1
        batch = augment_batch(batch, self.device)
        if self._measures(self.step):
            self._measured_update(batch, epoch, since, waited)
        else:
            self._record(epoch, self.update(batch), waited, time.perf_counter() - since)
        before_measuring, saves = self._measures(self.step + 1), self.step % self.settings.save_every == 0
        self.earlier = diagnostics.gradients(self.networks) if before_measuring else []
        if before_measuring or saves:  # a state is saved only after losses that are known to be finite
            self._fetch()
        if saves and distributed.rank() == 0:
            self._save()

    def _measures(self, step: int) -> bool:
        return step % self.settings.diagnostics_every == 0

    def _measured_update(self, batch: Item, epoch: int, since: float, waited: float) -> None:
        """The same update, looked at from inside."""
        stages = self.networks.stages()
        with diagnostics.activations(stages) as measured:
            outcomes = self.eager_update.backward(batch, observed=True)
        before = diagnostics.weights(stages)
        self.optimizer.step()
        self._record(epoch, self.eager_update.means(outcomes), waited, time.perf_counter() - since)
        measured |= diagnostics.gradient_norms(stages) | diagnostics.gradient_sizes(stages)
        measured |= diagnostics.update_ratios(stages, before)
        self._measure(measured, outcomes[-1])

    def _record(self, epoch: int, values: dict[str, Tensor], waited: float, seconds: float) -> None:
        self.readings.add(self.step, epoch, self.rate, waited, seconds, values)

    def _fetch(self) -> None:
        """Log the steps since the last call. Raises InputError if a loss is not finite."""
        for reading in self.readings.fetch():
            loss = reading.values["loss"]
            self._require_finite(reading)
            parts = [reading.values.get(name, "") for name in TERMS]
            self.log.write(
                reading.step, reading.epoch, loss, *parts, reading.learning_rate, reading.waited, reading.seconds
            )
            if self.events:
                self.events.write(reading.step, {"learning_rate": reading.learning_rate, **reading.values})
            self.fetched += 1
            self.average += (loss - self.average) / min(self.fetched, 50)
            self.pace = self.settings.batch_size / reading.seconds

    def _measure(self, values: dict[str, float], outcome: Outcome) -> None:
        """Record these values of a step, and more. The pace is that of the steps before: measuring takes time."""
        output = outcome.output.detach()
        values |= diagnostics.spread(output, outcome.target, outcome.mask)
        lowest, highest = self.networks.depth.limits
        limits = self.objective.unit * lowest, self.objective.unit * highest
        values |= diagnostics.saturation(output, outcome.mask, limits)
        values |= diagnostics.noise(self.earlier, self.networks) if self.earlier else {}
        if outcome.motion:
            values |= diagnostics.motion(outcome.motion)
        values["images_per_second"] = self.pace
        values["peak_memory_mib"] = diagnostics.peak_memory_mib(self.device)
        for name, value in values.items():
            self.diagnostics.write(self.step, name, value)
        if self.events:
            self.events.write(self.step, values)

    def _save(self) -> None:
        state = {
            "networks": self.networks.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "earlier": self.earlier,
            "step": self.step,
        }
        resume.save_state(self.folder, state, [self.log, self.diagnostics])

    def _require_finite(self, reading: Reading) -> None:
        loss, step = reading.values["loss"], reading.step
        if math.isfinite(loss):
            return
        saved = step - 1 - (step - 1) % self.settings.save_every
        kept = f"last state saved: step {saved}, in {self.folder}" if saved else "no state was saved before"
        raise InputError(
            f"{self.run_files}: loss is {loss} at step {step}, learning rate {reading.learning_rate:g}; {kept}"
        )

    def write_results(self, key: str) -> None:
        """Write the run's files under their final names, the checkpoint last."""
        if self.events:
            self.events.close()
        seconds = _column_sum(self.log, "seconds")
        self.log.copy_to(self.run_files.train_log)
        self.diagnostics.copy_to(self.run_files.diagnostics)
        write_json(self.run_files.provenance, self._provenance(seconds) | {"key": key})
        s, focal_length = self.settings, self.store.focal_length()
        info = CheckpointInfo(
            self.variant.network.model_dump(), self.store.size, s.max_depth, s.output_unit, focal_length
        )
        save_checkpoint(self.run_files.checkpoint, self.networks.depth, info, self.networks.pose)

    def _provenance(self, seconds: float) -> dict[str, Any]:
        gpu = self.device.type == "cuda"
        return {
            "variant": self.variant.name,
            "seed": self.run_files.seed,
            "parameters": sum(p.numel() for p in self.networks.depth.parameters()),
            "steps": self.step,
            "seconds": round(seconds, 1),
            "commit": self.commit,
            "params": digest(self.variant),
            "store": self.store.fingerprint[:16],
            "frames": self.store.made_of,
            **({"second_camera": self.store.baseline} if self.variant.stereo else {}),
            "torch": torch.__version__,
            "device": torch.cuda.get_device_name(self.device) if gpu else f"CPU, {torch.get_num_threads()} threads",
            "precision": self.computing.precision,
        }


def _column_sum(log: resume.Log, column: str) -> float:
    log.flush()
    index = LOG_COLUMNS.index(column)
    return sum(float(row.split(",")[index]) for row in log.path.read_text().splitlines()[1:])


def _commit() -> str:
    """The commit of the project, with a + where the work tree differs from it; "unknown" without git."""
    describe = ["git", "describe", "--always", "--exclude=*", "--dirty=+", "--abbrev=12"]
    try:
        return subprocess.run(describe, capture_output=True, text=True).stdout.strip() or "unknown"
    except FileNotFoundError:
        return "unknown"
