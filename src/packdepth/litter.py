"""What killed commands have left: parts of files, and states that no training will go on from."""

import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from packdepth.config.study import Study
from packdepth.errors import InputError
from packdepth.training import resume
from packdepth.training.loop import run_key, training_frames
from packdepth.utils.files import PART, is_locked

PLACES = (Path("results"), Path("data"), resume.FOLDER)
TORN = ("dvc.lock.broken", "workflow/everything/dvc.lock.broken", ".dvc/tmp/rwlock.broken")  # by workflow/sync.py
DEVICES = ("cpu", "cuda")  # a state fits one kind; the other may be another machine's that shares this folder
AT_WORK = 3600.0  # s: what changed since then may still be written


@dataclass(frozen=True)
class Litter:
    """A file or folder that nothing needs."""

    path: Path
    why: str

    @property
    def size(self) -> int:
        """Bytes, of everything in it."""
        return sum(file.lstat().st_size for file in self._all())

    @property
    def changed(self) -> float:
        """When it, or anything in it, was last written, in seconds since 1970."""
        return max(file.lstat().st_mtime for file in self._all())

    def _all(self) -> list[Path]:
        return [self.path, *self.path.rglob("*")] if self.path.is_dir() else [self.path]

    def remove(self) -> None:
        """Remove it, and everything in it."""
        if self.path.is_dir():
            shutil.rmtree(self.path)
        else:
            self.path.unlink()


def litter(study: Study) -> list[Litter]:
    """All of it, sorted by path; nothing that changed within the last hour, and nothing of a training that runs."""
    found = [*_parts(), *_states(study)]
    found += [Litter(path, "torn by a kill, set aside") for path in map(Path, TORN) if path.is_file()]
    idle = [one for one in found if time.time() - one.changed > AT_WORK]
    inside = {one.path for one in idle}
    return sorted((one for one in idle if not inside & set(one.path.parents)), key=lambda one: one.path)


def _parts() -> Iterator[Litter]:
    for place in PLACES:
        for path in place.rglob(".*"):
            if PART.fullmatch(path.name) and path.is_file():
                yield Litter(path, "part of a file that was never finished")
    for path in resume.FOLDER.rglob(resume.UNNAMED):
        yield Litter(path, "state that was never finished")


def _states(study: Study) -> Iterator[Litter]:
    for of_run in resume.FOLDER.glob("*/*/*/"):
        seed = re.fullmatch(r"seed(\d+)", of_run.name)
        if not seed or any(map(is_locked, resume.locks(of_run))):
            continue
        keys = _keys(study, of_run.parts[-3], of_run.parts[-2], int(seed[1]))
        for folder in of_run.glob("*/"):
            if folder.name.endswith(resume.FINISHED):
                yield Litter(folder, "state of a finished training")
            elif keys is not None and folder.name not in keys:
                yield Litter(folder, "state of a training with other settings, data or code than today's")
            else:
                yield from (Litter(path, "broken state, set aside") for path in folder.glob(f"*{resume.BROKEN}"))


def _keys(study: Study, scale: str, variant: str, seed: int) -> set[str] | None:
    """What folders of this run's state are called today: none where there is no such run; None if its data are away."""
    try:
        of_scale = study.at(scale)
        run, settings = of_scale.run(variant, seed), of_scale.variant(variant)
    except InputError:
        return set()
    try:
        frames = training_frames(settings, run)
    except InputError:
        return None
    return {run_key(settings, run.seed, frames.fingerprint, torch.device(device)) for device in DEVICES}
