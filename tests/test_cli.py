"""The command line as a user meets it: one clear line and exit code 2 for a mistake."""

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from packdepth import paths
from tests.support.stores import slopes, write_store


def packdepth(*arguments: str, most_bytes: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run the real command; `most_bytes` a file stand for a full disk (the write fails with an OSError)."""
    limit = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))) if most_bytes else None
    command = [sys.executable, "-m", "packdepth", *arguments]
    return subprocess.run(command, capture_output=True, text=True, preexec_fn=limit)


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 2, done.stderr
    assert last.startswith("packdepth: ")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in last


def test_the_usual_mistakes(stores):
    stores()
    refused(packdepth("train", "--variant", "packnt", "--seed", "0"), "variant 'packnt'", "'packnet'")
    refused(packdepth("figure", "curve"), "figure 'curve'", "'curves'")
    refused(packdepth("evaluate", "--variant", "packnet", "--seed", "0"), "model.safetensors: no such checkpoint")
    refused(packdepth("data", "show", "nothing.h5"), "nothing.h5: no such store")
    refused(packdepth("predict", "nothing.safetensors", "image.png"), "nothing.safetensors: no such checkpoint")
    Path("params.yaml").unlink()
    refused(packdepth("tables", "report"), "params.yaml: not found")


def test_data_show_prints_and_draws(stores, tmp_path):
    stores()
    done = packdepth("data", "show", str(paths.store("tiny", "train")), "--output", "sheet.png")
    assert done.returncode == 0
    for word in ("slopes", "12 of 64x64 px", "50 %:", "none"):
        assert word in done.stdout
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("most_bytes", [20_000, 4_000_000])
def test_a_full_disk_while_training(stores, most_bytes):
    """The smaller one stops at the resume state, the larger one at the checkpoint's end or the state's."""
    stores()
    before = set(Path().rglob("*"))
    done = packdepth("train", "--variant", "packnet", "--seed", "0", most_bytes=most_bytes)
    refused(done, "no space left on the disk")
    left = {path for path in set(Path().rglob("*")) - before if path.is_file()}
    assert not [path for path in left if ".part" in path.name or path.name == "model.safetensors"]


def test_a_full_disk_while_making_data(project):
    project(lambda raw: raw["scales"]["tiny"]["data"].update(train=64))
    packdepth("data", "download")
    done = packdepth("data", "make", "train", most_bytes=100_000)
    refused(done, "no space left on the disk")
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in Path("data/tiny").iterdir()] == ["archives.json"]
    assert not list(Path(".packdepth").rglob("*.h5"))


def test_a_full_disk_keeps_an_older_file(stores):
    stores()
    packdepth("data", "download")
    path = paths.store("tiny", "test")
    older = path.read_bytes()
    write_store(path, slopes(3, seed=1))
    refused(packdepth("data", "make", "test", most_bytes=10_000), "no space left on the disk")
    assert path.read_bytes() == older


def test_help_names_every_command():
    text = packdepth("--help").stdout
    for command in ("data", "train", "evaluate", "figure", "tables", "transfer", "predict", "reconstruct", "verdict"):
        assert command in text
