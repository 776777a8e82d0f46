"""Make Snakemake and DVC agree on which outputs are current. Runs no stage.

    python workflow/sync.py         both ways: as below, then record in dvc.lock what Snakemake has made
    python workflow/sync.py pull    tell Snakemake what dvc.lock proves current; the Snakefile does this by itself

DVC judges by content, against the dvc.lock beside each dvc.yaml. Snakemake judges by modification times and by a record
it keeps of every output it made. So what `dvc pull`, `dvc checkout` and `dvc repro` put in place looks old, new or made
with other parameters to Snakemake, and what Snakemake made is unknown to DVC.
"""

import base64
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

if TYPE_CHECKING:
    from dvc.repo import Repo
    from dvc.stage import Stage

LOCKS = (Path("dvc.lock"), Path("workflow/temporal/dvc.lock"), Path("workflow/diagnosis/dvc.lock"))
SEEN = Path(".snakemake/dvc.lock.seen")
TARGETS = ("all", "temporal", "diagnosis", "verdict")
LONG_AGO = (1, 1)  # seconds since 1970; 0 reads as "no time" to Snakemake


def main() -> None:
    """Sync, and say what is left to be made; for `pull`, silently and only if there is something to do."""
    only_pull = sys.argv[1:] == ["pull"]
    if only_pull and settled():
        return
    from dvc.repo import Repo  # takes a second, and most times there is nothing to do

    with Repo() as repo:
        pull(repo)
        if only_pull:
            return
        commit(repo)
    with Repo() as repo:
        left = ", ".join(stage.addressing for stage, files in outdated(repo).items() if wanted(stage, files))
        print(f"sync: still to be made: {left}" if left else "sync: Snakemake and DVC agree")


def settled() -> bool:
    """Whether every dvc.lock is as last seen, and Snakemake knows every file they list."""
    locks = [lock for lock in LOCKS if lock.exists()]
    if not locks:
        return True
    if not SEEN.exists() or SEEN.read_text() != _digest():
        return False
    stages = [stage for lock in locks for stage in yaml.load(lock.read_text(), yaml.CSafeLoader)["stages"].values()]
    files = [Path(out["path"]) for stage in stages for out in stage["outs"]]
    return all(known(file) for file in files if file.exists())


def known(file: Path) -> bool:
    """Whether Snakemake's record is of this very file: Snakemake made it, or `pull` touched it, and none since."""
    record = _record(file)
    return record.exists() and json.loads(record.read_text())["endtime"] == file.lstat().st_mtime


def outdated(repo: "Repo") -> dict["Stage", list[Path]]:
    """Stages whose command, inputs, parameters or outputs differ from dvc.lock, and their outputs."""
    changed = repo.status()
    stages = [stage for stage in repo.index.stages if stage.addressing in changed]
    return {stage: [Path(out.def_path) for out in stage.outs] for stage in stages}


def wanted(stage: "Stage", files: list[Path]) -> bool:
    """Whether a stage is to be made without being asked for: the report's always, a group's if it was made before."""
    return stage.relpath == "dvc.yaml" or any(file.exists() for file in files)


def pull(repo: "Repo") -> None:
    """Make new to Snakemake what dvc.lock proves current, and old what DVC put in place but is not current."""
    old = [file for files in outdated(repo).values() for file in files]
    omitted: list[str | Path] = ["--omit-from", *old] if old else []
    snakemake(*TARGETS, "--touch", "--forceall", "--ignore-incomplete", *omitted)
    strange = [file for file in old if file.exists() and not known(file)]
    recorded = [file for file in strange if _record(file).exists()]
    if recorded:  # of another file that stood here: its parameters and inputs would be taken for this one's
        snakemake("--cleanup-metadata", *recorded)
    for file in strange:
        os.utime(file, LONG_AGO, follow_symlinks=False)
    SEEN.write_text(_digest())


def commit(repo: "Repo") -> None:
    """Record in dvc.lock the stages that Snakemake has made anew, as `dvc commit` does, but all in one go."""
    rows = [row.split("\t") for row in snakemake(*TARGETS, "--summary").splitlines()[1:]]
    current = {Path(row[0]) for row in rows if row[-2:] == ["ok", "no update"]}
    made = [stage for stage, files in outdated(repo).items() if all(file in current and known(file) for file in files)]
    if made:
        with repo.lock:
            for stage in made:
                stage.save()
                stage.commit()
            for path in {stage.path for stage in made}:
                of_file = [stage for stage in made if stage.path == path]
                of_file[0].dvcfile.dump_stages(of_file, update_pipeline=False)
        SEEN.write_text(_digest())


def snakemake(*arguments: str | Path) -> str:
    """What snakemake prints. Ends this program, in one line, where snakemake fails: as when its directory is locked."""
    command = [sys.executable, "-m", "snakemake", "--cores=1", *map(str, arguments)]
    run = subprocess.run(command, env={**os.environ, "PACKDEPTH_SYNC": "1"}, text=True, capture_output=True)
    if run.returncode:
        sys.exit(f"sync: snakemake {' '.join(map(str, arguments[:3]))}: {' '.join(run.stderr.split()[-60:])}")
    return run.stdout


def _record(file: Path) -> Path:
    """Where Snakemake keeps what it knows of an output."""
    return Path(".snakemake/metadata", base64.urlsafe_b64encode(str(file).encode()).decode())


def _digest() -> str:
    return hashlib.sha256(b"".join(lock.read_bytes() for lock in LOCKS if lock.exists())).hexdigest()


if __name__ == "__main__":
    main()
