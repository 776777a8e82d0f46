"""The training loop.

    packdepth train --variant packnet --seed 0

trains one variant at the scale of params.yaml. Randomness is counted, not carried: what happens at step k depends on
(seed, k) and the state alone, so that a run killed at any moment, started again, ends with the same bits on a CPU.
"""

import json
import math
import subprocess
import time
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from packdepth import layout, parallel
from packdepth.code import code_digest
from packdepth.context.frames import TemporalFrames
from packdepth.context.store import ContextStore
from packdepth.data.augment import Item, augmented
from packdepth.data.loader import CountedBatches, TrainingFrames, batches
from packdepth.data.store import Store
from packdepth.errors import InputError
from packdepth.files import write_json
from packdepth.params import Study, digest
from packdepth.progress import track
from packdepth.training import checkpoint, computing, instruments, resume, start
from packdepth.training.objective import TERMS, Objective, Outcome
from packdepth.variants import Variant

CODE = ("context", "data", "geometry", "losses", "models", "training")  # packages that decide a training's result
Frames = TrainingFrames | TemporalFrames
LOG_COLUMNS = ("step", "epoch", "loss", *TERMS, "learning_rate", "waited", "seconds")


def train(study: Study, run: layout.Run) -> None:
    """Train one variant with one seed, going on from a killed run's state, and write its checkpoint and logs.

    Raises InputError if the store is missing or broken, or the loss is no longer finite.
    """
    variant = study.variant(run.variant)
    frames = training_frames(variant, run)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    key = run_key(variant, run.seed, frames.fingerprint, device)
    with resume.locked(run) as waited:
        if waited and is_published(run, key):
            return  # by the process that was waited for
        with resume.state_folder(run, key) as folder:
            parallel.run(variant.training.devices, train_in, folder, key, variant, run, device)


def train_in(folder: Path, key: str, variant: Variant, run: layout.Run, device: torch.device) -> None:
    """Train as one of the processes that share every batch; the first one keeps the records."""
    trainer = Trainer(variant, run, training_frames(variant, run), device, folder)
    trainer.run()
    if parallel.rank() == 0:
        trainer.publish(key)


def training_frames(variant: Variant, run: layout.Run) -> Frames:
    """What the variant learns from. Raises InputError if a store is missing, broken, or its context of other frames."""
    settings = variant.training
    store = Store(layout.store(run.scale, "train"))
    frames = TrainingFrames(store, run.seed, settings.flip, settings.channel_swap)
    if not settings.by_neighbours:
        return frames
    return TemporalFrames(frames, ContextStore(layout.context(run.scale), settings.context, store), settings.velocity)


def run_key(variant: Variant, seed: int, frames: str, device: torch.device) -> str:
    """Names everything that determines a training's result; `frames` is their fingerprint."""
    return digest(variant, seed, frames, code_digest(*CODE), torch.__version__, device.type)


def is_published(run: layout.Run, key: str) -> bool:
    """Whether the run's files are there, from a training with this key."""
    files = (run.checkpoint, run.train_log, run.instruments, run.provenance)
    return all(file.is_file() for file in files) and json.loads(run.provenance.read_text())["key"] == key


class Trainer:
    """One run: its networks, optimizer, position and logs."""

    def __init__(self, variant: Variant, run: layout.Run, frames: Frames, device: torch.device, folder: Path) -> None:
        self.variant, self.run_files, self.frames, self.device, self.folder = variant, run, frames, device, folder
        self.settings, self.store = variant.training, frames.store
        self.computing = self.settings.on(device.type)
        self.objective = Objective(self.settings)
        self.networks = start.networks(variant, run.seed)
        self.step = self._restore()
        kept = folder if parallel.rank() == 0 else folder / f"process{parallel.rank()}"  # the latter for nobody
        self.log = resume.Log(kept / "train_log.csv", LOG_COLUMNS, self.step)
        self.instruments = resume.Log(kept / "instruments.csv", instruments.COLUMNS, self.step)
        self.pace = math.nan  # images a second
        self.commit = _commit()
        self.forward = computing.compiled(self.networks.depth.forward_scales, self.computing)

    def _restore(self) -> int:
        """Bring networks and optimizer to the last state saved, or to their start; returns the steps done."""
        state = resume.load(self.folder)
        if state:
            torch.set_num_threads(state["threads"])  # sums, and so bits, depend on it
            self.networks.load_state_dict(state["networks"])
        else:
            start.set_first_output(self.networks.depth, self.store, self.settings)
        self.networks.to(self.device).train()
        computing.prepare(self.networks, self.computing)
        self.optimizer = start.optimizer(self.networks, self.settings)
        if state:
            self.optimizer.load_state_dict(state["optimizer"])
        self.earlier: list[Tensor] = [gradient.to(self.device) for gradient in state["earlier"]] if state else []
        return state["step"] if state else 0

    def run(self) -> None:
        """All steps that are left."""
        s = self.settings
        part = (parallel.rank(), parallel.size())
        order = CountedBatches(len(self.frames), s.batch_size, s.epochs, self.run_files.seed, self.step, part)
        steps = self.step + len(order)
        average, count = 0.0, 0
        with track(f"train {self.run_files}", steps, self.step) as advance:
            since = time.perf_counter()
            for batch in batches(self.frames, order, s.workers):
                start.set_learning_rates(self.optimizer, s, self.step / steps)
                waited = time.perf_counter() - since
                loss = self.train_step(batch, self.step // order.steps_per_epoch, since, waited)
                count += 1
                average += (loss - average) / min(count, 50)
                advance(1, f"loss {average:.4f}")
                since = time.perf_counter()

    def train_step(self, batch: Item, epoch: int, since: float, waited: float) -> float:
        """One update on this process's part of a batch of frames, asked for at `since` and there `waited` s later."""
        self.step += 1
        batch = augmented(batch, self.device)
        self.optimizer.zero_grad(set_to_none=True)
        turns = self._turns(batch)
        stages = self.networks.stages() if self._measures(self.step) else {}
        with instruments.activations(stages) as measured:
            outcomes = [self._backward(turn) for turn in turns]
        value, terms = self._means(outcomes)
        self._require_finite(value)
        parallel.average_gradients(self.networks.parameters())
        before = instruments.weights(stages)
        self.optimizer.step()
        seconds = time.perf_counter() - since
        self._record(epoch, value, terms, waited, seconds)
        if stages:
            measured |= instruments.gradient_norms(stages) | instruments.gradient_sizes(stages)
            measured |= instruments.update_ratios(stages, before)
            self._measure(measured, outcomes[-1], turns[-1])
        self.pace = self.settings.batch_size / seconds
        self.earlier = instruments.gradients(self.networks) if self._measures(self.step + 1) else []
        if self.step % self.settings.save_every == 0 and parallel.rank() == 0:
            self._save()
        return value

    def _measures(self, step: int) -> bool:
        return step % self.settings.instruments_every == 0

    def _turns(self, batch: Item) -> list[Item]:
        """Equal parts of a batch, after which a step is taken."""
        parts = {name: values.chunk(self.settings.accumulate) for name, values in batch.items()}
        return [{name: values[turn] for name, values in parts.items()} for turn in range(self.settings.accumulate)]

    def _backward(self, batch: Item) -> Outcome:
        """Add a turn's share to the gradients."""
        outcome = self._outcome(batch)
        torch.autograd.backward(outcome.loss / self.settings.accumulate)
        return outcome

    def _means(self, outcomes: list[Outcome]) -> tuple[float, dict[str, float]]:
        """Loss and terms of the whole batch: means over turns and processes."""
        rows = [torch.stack([outcome.loss, *outcome.terms.values()]).detach() for outcome in outcomes]
        loss, *terms = parallel.mean_of_all([torch.stack(rows).mean(dim=0)])[0].tolist()
        return loss, dict(zip(outcomes[0].terms, terms, strict=True))

    def _outcome(self, batch: Item) -> Outcome:
        """The networks' outputs in the precision asked for, their loss in float32."""
        image = computing.laid_out(batch["image"], self.computing)
        with computing.autocast(self.device, self.computing):
            # What is compiled tells nothing of its inside.
            forward = self.networks.depth.forward_scales if self._measures(self.step) else self.forward
            scales = [scale.float() for scale in forward(image)]
            pose = self.networks.pose(image, batch["context"]) if self.networks.pose else None
        return self.objective(scales, pose, batch)

    def _record(self, epoch: int, loss: float, terms: dict[str, float], waited: float, seconds: float) -> None:
        parts = [terms.get(name, "") for name in TERMS]
        self.log.write(self.step, epoch, loss, *parts, self.optimizer.param_groups[0]["lr"], waited, seconds)

    def _measure(self, values: dict[str, float], outcome: Outcome, batch: Item) -> None:
        """Write down these values of a step, and more. The pace is that of the step before: measuring takes time."""
        output = outcome.output.detach()
        values |= instruments.spread(output, outcome.target, outcome.mask)
        values |= instruments.saturation(output, outcome.mask, self.networks.depth.limits)
        values |= instruments.noise(self.earlier, self.networks) if self.earlier else {}
        if outcome.way is not None:
            values |= instruments.ways(outcome.way.detach(), batch["distance"])
        values["images_per_second"] = self.pace
        values["peak_memory_mib"] = instruments.peak_memory_mib(self.device)
        for name, value in values.items():
            self.instruments.write(self.step, name, value)

    def _save(self) -> None:
        """The logs first: a state never stands for rows that are not on the disk."""
        self.log.flush()
        self.instruments.flush()
        state = {
            "networks": self.networks.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "earlier": self.earlier,
            "step": self.step,
            "threads": torch.get_num_threads(),
        }
        resume.save(self.folder, state)

    def _require_finite(self, loss: float) -> None:
        if math.isfinite(loss):
            return
        saved = self.step - 1 - (self.step - 1) % self.settings.save_every
        kept = f"last state saved: step {saved}, {self.folder / 'state.pt'}" if saved else "no state was saved before"
        raise InputError(
            f"{self.run_files}: loss is {loss} at step {self.step}, "
            f"learning rate {self.optimizer.param_groups[0]['lr']:g}; {kept}"
        )

    def publish(self, key: str) -> None:
        """Write the run's files under their final names, the checkpoint last."""
        seconds = _column_sum(self.log, "seconds")
        self.log.publish(self.run_files.train_log)
        self.instruments.publish(self.run_files.instruments)
        write_json(self.run_files.provenance, self._provenance(seconds) | {"key": key})
        card = checkpoint.Card(self.variant.network.model_dump(), self.store.size, self.settings.max_depth)
        checkpoint.save(self.run_files.checkpoint, self.networks.depth, card, self.networks.pose)

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
