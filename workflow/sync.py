"""Make Snakemake and DVC agree on which outputs are current. Runs no stage and touches no file of data/ or results/.

    python workflow/sync.py         both directions: `pull`, then record in dvc.lock what Snakemake has made
    python workflow/sync.py pull    tell Snakemake about files that DVC put in place; the Snakefile does this by itself
    python workflow/sync.py note    remember the content of what Snakemake has made; the Snakefile does this, too

DVC judges by content, against the dvc.lock next to each dvc.yaml. Snakemake judges by modification times and by a
record that it keeps of every output it made: parameters, code, and checksums of the inputs. A record knows nothing of a
file that DVC has put there since. So this module keeps a ledger of the content that each record stands for. Where DVC
has placed other content, the record is replaced. The new one calls the file current where dvc.lock proves it, or else
outdated. A file of the same content with a new date counts as unchanged.
"""

import base64
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pooch
import yaml

from packdepth.config.load import load_study
from packdepth.config.settings import stale_settings, write_settings
from packdepth.errors import InputError, explained
from packdepth.utils.files import read_object, write_json

if TYPE_CHECKING:
    from dvc.repo import Repo
    from dvc.stage import Stage

TOP = Path(__file__).resolve().parents[1]
LOCKS = (Path("dvc.lock"), Path("workflow/everything/dvc.lock"))
RWLOCK = Path(".dvc/tmp/rwlock")
BROKEN = (yaml.YAMLError, LookupError, TypeError, AttributeError, ValueError)  # what reading half a file raises
METADATA = Path(".snakemake/metadata")  # Snakemake's records
LEDGER = Path(".snakemake/packdepth-ledger.json")
TARGETS = ("all", "everything")
OUTDATED = "made from other inputs or settings than today's, as dvc.lock tells"


def main() -> None:
    """Run the command line; a user's mistake ends in one line and exit code 2."""
    try:
        match sys.argv[1:]:
            case ["pull"]:
                pull()
            case ["note"]:
                Ledger().save()
            case []:
                sync()
            case _:
                raise InputError(f"expected pull, note or nothing, got {' '.join(sys.argv[1:])}")
    except Exception as error:
        of_dvc = type(error).__module__.startswith("dvc.")  # no git repository, or one that is locked
        if not (line := str(error) if of_dvc else explained(error)):
            raise
        if "is outside of" in line:
            line += "; DVC follows no links out of the project, so use Snakemake alone, or keep the files here"
        print(f"sync: {line}", file=sys.stderr)
        sys.exit(2)


def sync() -> None:
    """Sync both directions, and print what is left to make."""
    from dvc.repo import Repo

    write_settings(load_study())
    repair()
    pull()
    with Repo() as repo:
        commit(repo)
    with Repo() as repo:
        changed = repo.status()
        left = [stage.addressing for stage in repo.index.stages if stage.addressing in changed and wanted(stage)]
    print(f"sync: still to be made: {', '.join(left)}" if left else "sync: Snakemake and DVC agree")


def repair() -> None:
    """Set aside what a kill has torn of the files that DVC writes in place. What they said comes back by itself."""
    readers: dict[Path, Callable[[Path], object]] = {lock: _outputs_in for lock in LOCKS}
    readers[RWLOCK] = lambda file: [entry.get("read") for entry in json.loads(file.read_text()).values()]
    for file, read in readers.items():
        try:
            if file.is_file():
                read(file)
        except BROKEN:
            aside = file.rename(file.with_name(f"{file.name}.broken"))
            print(f"sync: {file}: broken, by a kill perhaps; set aside as {aside}")


def wanted(stage: "Stage") -> bool:
    """Whether a stage is made without a request: the default ones always, others if they were made before."""
    return stage.relpath == "dvc.yaml" or any(Path(out.def_path).exists() for out in stage.outs)


@dataclass(frozen=True)
class Record:
    """What Snakemake keeps of an output, in a file of its own."""

    path: Path
    content: dict[str, Any]

    @classmethod
    def of(cls, output: str, folder: Path = METADATA) -> "Record | None":
        """The record of an output, or None."""
        name = base64.urlsafe_b64encode(output.encode()).decode()
        most = os.pathconf(".", "PC_NAME_MAX")
        parts = [name[start : start + most - 1] for start in range(0, len(name), most - 1)]
        path = folder.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1])  # as Snakemake splits long names
        with contextlib.suppress(FileNotFoundError, ValueError):  # Snakemake makes a torn one anew
            return cls(path, json.loads(path.read_text()))
        return None

    @property
    def endtime(self) -> float:
        """The output's modification time when it was made."""
        return float(self.content["endtime"])


class Ledger:
    """The content (MD5, as DVC names it) that each record stands for, and the state of every dvc.lock by then."""

    def __init__(self) -> None:
        kept = read_object(LEDGER)
        self.locks: str = kept.get("locks", "")
        self._entries: dict[str, dict[str, Any]] = kept.get("entries", {})

    def md5(self, output: str) -> str:
        """The MD5 of a file's content, from the ledger if its size and date are as they were then."""
        entry, state = self._entries.get(output, {}), _state(output)
        return entry["md5"] if entry.get("state") == state else pooch.file_hash(output, alg="md5")

    def knows(self, output: str, record: Record | None) -> bool:
        """Whether the record stands for the file that is there."""
        if record is None:
            return False
        if record.endtime == Path(output).lstat().st_mtime:
            return True
        entry = self._entries.get(output, {})
        return entry.get("endtime") == record.endtime and entry["md5"] == self.md5(output)

    def note(self, output: str, endtime: float) -> None:
        """Remember that the record of this time stands for the file that is there."""
        self._entries[output] = {"endtime": endtime, "md5": self.md5(output), "state": _state(output)}

    def save(self) -> None:
        """Keep it, with all that the records stand for now. What every dvc.lock proves must have been looked at."""
        if not METADATA.is_dir():
            return
        for output in _recorded():
            record = Record.of(output)
            if record and Path(output).is_file() and self.knows(output, record):
                self.note(output, record.endtime)
        write_json(LEDGER, {"locks": _locks(), "entries": self._entries})


def pull() -> None:
    """Give every file that DVC has put in place a record: that of a current file, or of an outdated one.

    A file that DVC made anew with the content it had before needs a new record, too: that is looked for where a
    dvc.lock has changed.
    """
    placed = _locked_outputs()
    if not placed:
        return
    ledger = Ledger()
    here = {output: ledger.knows(output, Record.of(output)) for output in placed if Path(output).is_file()}
    if ledger.locks == _locks() and all(here.values()):
        return
    here = {output: known for output, known in here.items() if ledger.md5(output) == placed[output]}
    if not here:
        return
    try:
        outdated = _outdated()
    except Exception as error:
        if "not a git repository" not in str(error):
            raise
        print("sync: no git repository here, which DVC needs; Snakemake goes by its own records", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory() as folder:
        for output, record in _records_of_all(Path(folder)):
            current = output not in outdated
            if output in here and (current or not here[output]):
                _adopt(output, record, current)
                ledger.note(output, Path(output).lstat().st_mtime)
    ledger.save()


def _outdated() -> set[str]:
    """The outputs that dvc.lock does not prove current, or whose settings are not those of params.yaml."""
    from dvc.repo import Repo  # takes a second, and most times there is nothing to do

    stale = {str(file) for file in stale_settings(load_study())}
    with Repo() as repo:
        changed = repo.status()
        return {
            out.def_path
            for stage in repo.index.stages
            if stage.addressing in changed or any(dep.def_path in stale for dep in stage.deps)
            for out in stage.outs
        }


def _adopt(output: str, record: Record, current: bool) -> None:
    inputs = [name for name in record.content["input"] if Path(name).is_file()]
    content = record.content | {
        "endtime": Path(output).lstat().st_mtime,
        "input_checksums": {name: f"sha256:{pooch.file_hash(name)}" for name in inputs},
    }
    if not current:
        content["params"] = [OUTDATED]
    write_json(METADATA / record.path, content)


def _records_of_all(folder: Path) -> Iterator[tuple[str, Record]]:
    """What Snakemake would record of every output: made elsewhere by --touch, on empty files."""
    for name in ("src", "params.yaml"):
        (folder / name).symlink_to(Path(name).resolve())
    run = _snakemake(*TARGETS, "--summary", folder=folder)
    outputs = [row.split("\t")[0] for row in run.splitlines()[1:]]
    for output in outputs:
        (folder / output).parent.mkdir(parents=True, exist_ok=True)
        (folder / output).touch()
    _snakemake(*TARGETS, "--touch", "--forceall", folder=folder)
    for output in outputs:
        if record := Record.of(output, folder / METADATA):
            yield output, Record(record.path.relative_to(folder / METADATA), record.content)


def commit(repo: "Repo") -> None:
    """Record in dvc.lock the stages that Snakemake has rerun, as `dvc commit` does, but all at once."""
    rows = [row.split("\t") for row in _snakemake(*TARGETS, "--summary").splitlines()[1:]]
    current = {row[0] for row in rows if row[-2:] == ["ok", "no update"]}
    ledger = Ledger()
    known = {output for output in current if ledger.knows(output, Record.of(output))}
    changed = repo.status()
    made = [
        stage
        for stage in repo.index.stages
        if stage.addressing in changed
        and (stage.name == "settings" or all(out.def_path in known for out in stage.outs))
    ]
    if made:
        with repo.lock:
            for stage in made:
                stage.save()
                stage.commit()
            for path in {stage.path for stage in made}:
                of_file = [stage for stage in made if stage.path == path]
                of_file[0].dvcfile.dump_stages(of_file, update_pipeline=False)
    ledger.save()


def _snakemake(*arguments: str, folder: Path = Path()) -> str:
    """What snakemake prints. Raises InputError where snakemake fails, for example if its directory is locked."""
    where = ["--snakefile", str(TOP / "Snakefile"), "--directory", str(folder), "--cores=1"]
    command = [sys.executable, "-m", "snakemake", *where, *arguments]
    run = subprocess.run(command, env={**os.environ, "PACKDEPTH_SYNC": "1"}, text=True, capture_output=True)
    if run.returncode:
        raise InputError(f"snakemake {' '.join(arguments[:3])}: {' '.join(run.stderr.split()[-60:])}")
    return run.stdout


def _locks() -> str:
    """Names the content of every dvc.lock."""
    return hashlib.md5(b"".join(lock.read_bytes() for lock in LOCKS if lock.exists())).hexdigest()


def _locked_outputs() -> dict[str, str]:
    """The MD5 of every file that a dvc.lock lists as an output. Raises InputError for a broken one."""
    outputs: dict[str, str] = {}
    for lock in LOCKS:
        if not lock.exists():
            continue
        try:
            outputs |= _outputs_in(lock)
        except BROKEN:
            raise InputError(f"{lock}: broken, by a kill perhaps; `make sync` sets it aside") from None
    return outputs


def _outputs_in(lock: Path) -> dict[str, str]:
    stages = yaml.load(lock.read_text(), yaml.CSafeLoader)["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage["outs"]}


def _recorded() -> Iterator[str]:
    """The outputs that Snakemake has records of."""
    for file in METADATA.rglob("*"):
        if file.is_file():
            parts = file.relative_to(METADATA).parts
            yield base64.urlsafe_b64decode("".join([*(part[1:] for part in parts[:-1]), parts[-1]])).decode()


def _state(file: str) -> list[int]:
    known = Path(file).stat()
    return [known.st_size, known.st_mtime_ns]


if __name__ == "__main__":
    main()
