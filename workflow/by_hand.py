"""Groups of runs on a machine without Snakemake and DVC, within a time limit.

    python workflow/by_hand.py GROUP... [--minutes 8] [--together 3] [--keep results.tar.gz]

Makes the data that is missing, then trains and evaluates every run without an evaluation, seed by seed and
several together, which fills a GPU that one small network does not. When the time is up it stops, and gathers the
seeds with which every variant is done: a verdict or an agreement then rests on these. Called again it goes on: a
training from its last state, and not at all if its evaluation is there, or what it measured among the gathered tables.
`--keep` packs the scale's results, without weights, into one small file; unpacked elsewhere they count as done.
"""

import argparse
import signal
import subprocess
import sys
import tarfile
import time
from pathlib import Path

from packdepth import paths
from packdepth.analysis.gathered import AUTOENCODER, gather, kept, runs_of
from packdepth.config.load import load_study
from packdepth.config.study import Study
from packdepth.errors import explained, one_of

PACKDEPTH = [sys.executable, "-m", "packdepth"]
WEIGHTS = ".safetensors"


def make_data(study: Study, groups: list[str]) -> None:
    """Make the stores, the neighbouring frames if a group learns from them, and the floors, where they are missing."""
    if not paths.archives(study.scale).is_file():
        _packdepth("data", "download")
    for split in ("train", "test"):
        if not paths.store(study.scale, split).is_file():
            _packdepth("data", "make", split)
    variants = [study.variant(name) for group in groups for name in study.by_group[group].variants]
    if any(variant.training.uses_context for variant in variants) and not paths.context(study.scale).is_file():
        _packdepth("context")
    if not paths.floors(study.scale).is_file():
        _packdepth("floors")


def unfinished(study: Study, groups: list[str]) -> list[paths.Run]:
    """The runs neither evaluated nor gathered, seed by seed, so that what is there when time is up can be compared."""
    done = {run for group in groups for run in kept(study, group)}
    of_groups = [run for group in groups for run in runs_of(study, group)]
    return sorted(
        (run for run in of_groups if not run.evaluation.is_file() and run not in done), key=lambda run: run.seed
    )


def make_runs(waiting: list[paths.Run], together: int, end: float) -> list[paths.Run]:
    """Train and evaluate, so many side by side, until all are done or `end`, a time of `time.monotonic`.

    Returns the runs that failed.
    """
    going: list[tuple[subprocess.Popen[bytes], paths.Run, str]] = []
    failed = []
    try:
        while (waiting or going) and time.monotonic() < end:
            while waiting and len(going) < together:
                run = waiting.pop(0)
                going.append((_start("train", run), run, "train"))
            time.sleep(0.2)
            for entry in [entry for entry in going if entry[0].poll() is not None]:
                going.remove(entry)
                process, run, command = entry
                if process.returncode:
                    failed.append(run)
                elif command == "train":
                    judge = "reconstruct" if run.group == AUTOENCODER else "evaluate"
                    going.append((_start(judge, run), run, judge))
                else:
                    print(f"done: {run}", flush=True)
    finally:  # also when this is stopped: a training would go on without anybody to evaluate it
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for process, _, _ in going:
            process.terminate()
        for process, _, _ in going:
            process.wait()
    return failed


def _start(command: str, run: paths.Run) -> "subprocess.Popen[bytes]":
    return subprocess.Popen([*PACKDEPTH, command, "--variant", run.variant, "--seed", str(run.seed)])


def keep(scale: str, file: Path) -> None:
    """Pack the scale's results, without weights."""
    with tarfile.open(file, "w:gz") as packed:
        packed.add(paths.results(scale), filter=lambda member: None if member.name.endswith(WEIGHTS) else member)


def _packdepth(*arguments: str) -> None:
    if subprocess.run([*PACKDEPTH, *arguments]).returncode:
        sys.exit(2)


def main() -> None:
    """Do it, and say what is left."""
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("groups", nargs="+")
    arguments.add_argument("--minutes", type=float, default=float("inf"))
    arguments.add_argument("--together", type=int, default=1)
    arguments.add_argument("--keep", type=Path)
    given = arguments.parse_args()
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    end = time.monotonic() + 60 * given.minutes
    study = load_study()
    for group in given.groups:
        one_of(group, study.by_group, "group")
    make_data(study, given.groups)
    failed = make_runs(unfinished(study, given.groups), given.together, end)
    for group in given.groups:
        torn = {run.seed for run in unfinished(study, [group])}
        if whole := [run for run in runs_of(study, group) if run.seed not in torn]:
            gather(study, group, whole)
    if given.keep:
        keep(study.scale, given.keep)
    waiting = len(unfinished(study, given.groups))
    print(f"{waiting} runs are left" if waiting else "all runs are done")
    if failed:
        sys.exit(f"failed: {', '.join(map(str, failed))}")


if __name__ == "__main__":
    try:
        main()
    except Exception as error:
        if not (line := explained(error)):
            raise
        print(f"packdepth: {line}", file=sys.stderr)
        sys.exit(2)
