"""What killed commands have left: parts of files, and states that no training will go on from."""

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
from packdepth.utils.files import PART

PLACES = (Path("results"), Path("data"))
AT_WORK = 3600.0  # s: what changed since then may still be written


@dataclass(frozen=True)
class Litter:
    """A file or folder that nothing needs."""

    path: Path
    why: str

    @property
    def size(self) -> int:
        """Bytes, of everything in it."""
        files = self.path.rglob("*") if self.path.is_dir() else [self.path]
        return sum(file.lstat().st_size for file in files)

    def remove(self) -> None:
        """Remove it, and everything in it."""
        if self.path.is_dir():
            shutil.rmtree(self.path)
        else:
            self.path.unlink()


def litter(study: Study) -> list[Litter]:
    """All of it, sorted by path; nothing that changed within the last hour."""
    found = [*_parts(), *_states(study)]
    idle = [one for one in found if time.time() - one.path.lstat().st_mtime > AT_WORK]
    return sorted(idle, key=lambda one: one.path)


def _parts() -> Iterator[Litter]:
    for place in PLACES:
        for path in place.rglob(".*"):
            if PART.fullmatch(path.name) and path.is_file():
                yield Litter(path, "part of a file that was never finished")


def _states(study: Study) -> Iterator[Litter]:
    for folder in resume.FOLDER.glob("*/*/seed*/*/"):
        scale, variant, seed = folder.parts[-4:-1]
        if folder.name.endswith(resume.FINISHED):
            yield Litter(folder, "state of a finished training")
        elif folder.name != _key(study, scale, variant, int(seed.removeprefix("seed"))):
            yield Litter(folder, "state of a training with other settings, data or code than today's")
        else:
            yield from (Litter(path, "broken state, set aside") for path in folder.glob(f"*{resume.BROKEN}"))


def _key(study: Study, scale: str, variant: str, seed: int) -> str:
    """What the folder of this run's state is called today; nothing where there is no such run, or no data for it."""
    try:
        of_scale = study.at(scale)
        run = of_scale.run(variant, seed)
        settings = of_scale.variant(variant)
        frames = training_frames(settings, run)
    except InputError:
        return ""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    return run_key(settings, run.seed, frames.fingerprint, device)
