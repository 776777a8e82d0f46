"""The command line as a user meets it: one clear line and exit code 2 for a mistake."""

import os
import resource
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
from PIL import Image

from packdepth import paths
from tests.support.stores import slopes, write_store


def packdepth(*arguments: str, most_bytes: int | None = None) -> subprocess.CompletedProcess[str]:
    """Run the real command in a wide terminal; `most_bytes` a file stand for a full disk (an OSError at the write)."""
    limit = (lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most_bytes, most_bytes))) if most_bytes else None
    command = [sys.executable, "-m", "packdepth", *arguments]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(command, capture_output=True, text=True, preexec_fn=limit, env=environment)


def refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    last = done.stderr.splitlines()[-1]
    assert done.returncode == 2, done.stderr
    assert last.startswith("packdepth: ")
    assert "Traceback" not in done.stderr
    for word in words:
        assert word in last


@pytest.mark.slow
def test_the_usual_mistakes(stores):
    stores()
    refused(packdepth("train", "--variant", "packnt", "--seed", "0"), "variant 'packnt'", "'packnet'")
    refused(packdepth("figure", "curve"), "figure 'curve'", "'curves'")
    refused(packdepth("evaluate", "--variant", "packnet", "--seed", "0"), "model.safetensors: no such checkpoint")
    refused(packdepth("data", "show", "nothing.h5"), "nothing.h5: no such store")
    refused(
        packdepth("predict", "image.png", "--checkpoint", "nothing.safetensors"),
        "nothing.safetensors: no such checkpoint",
    )
    Path("params.yaml").unlink()
    refused(packdepth("tables", "report"), "params.yaml: not found")


@pytest.mark.slow
def test_a_page_replaces_nobody_elses_file(stores):
    stores()
    Path("notes.html").write_text("mine")
    refused(packdepth("show", "--output", "notes.html"), "notes.html: already there; --force overwrites")
    assert Path("notes.html").read_text() == "mine"


@pytest.mark.slow
def test_letters_that_the_terminal_has_not_are_no_fault(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "latin-1")
    monkeypatch.chdir(tmp_path)
    Image.new("RGB", (64, 64)).save("\u5199\u771f.png")
    done = packdepth("predict", "\u5199\u771f.png")
    assert done.returncode == 0, done.stderr
    assert "\\u5199\\u771f_depth.png" in done.stdout
    assert Path("predictions/\u5199\u771f_depth.png").is_file()


@pytest.mark.slow
def test_data_show_prints_and_draws(stores, tmp_path, monkeypatch):
    stores()
    monkeypatch.setenv("MPLBACKEND", "module://no_such_backend")  # as a notebook's child processes may have
    done = packdepth("data", "show", str(paths.store("tiny", "train")), "--output", "sheet.png")
    assert done.returncode == 0
    for word in ("slopes", "12 of 64x64 px", "50 %:", "none"):
        assert word in done.stdout
    assert (tmp_path / "sheet.png").read_bytes().startswith(b"\x89PNG")
    refused(packdepth("data", "show", str(paths.store("tiny", "train")), "--output", "sheet.png"), "already there")


@pytest.mark.slow
@pytest.mark.parametrize("most_bytes", [20_000, 4_000_000])
def test_a_full_disk_while_training(stores, most_bytes):
    """The smaller one stops at the resume state, the larger one at the checkpoint's end or the state's."""
    stores()
    before = set(Path().rglob("*"))
    done = packdepth("train", "--variant", "packnet", "--seed", "0", most_bytes=most_bytes)
    refused(done, "no space left on the disk")
    left = {path for path in set(Path().rglob("*")) - before if path.is_file()}
    assert not [path for path in left if ".part" in path.name or path.name == "model.safetensors"]


@pytest.mark.slow
def test_a_full_disk_while_making_data(project):
    project(lambda raw: raw["scales"]["tiny"]["data"].update(train=64))
    packdepth("data", "download")
    done = packdepth("data", "make", "train", most_bytes=100_000)
    refused(done, "no space left on the disk")
    assert len(done.stderr.splitlines()) == 1
    assert [path.name for path in Path("data/tiny").iterdir()] == ["archives.json"]
    assert not list(Path(".packdepth").rglob("*.h5"))


@pytest.mark.slow
def test_a_full_disk_keeps_an_older_file(stores):
    stores()
    packdepth("data", "download")
    path = paths.store("tiny", "test")
    older = path.read_bytes()
    write_store(path, slopes(3, seed=1))
    refused(packdepth("data", "make", "test", most_bytes=10_000), "no space left on the disk")
    assert path.read_bytes() == older


@pytest.mark.slow
def test_context_of_another_scale_than_the_one_switched_on(stores):
    def edit(raw):
        raw["scale"] = "smoke"
        raw["scales"]["tiny"]["context"]["kinds"] = ["synthetic"]

    stores(edit)
    done = packdepth("context", "--scale", "tiny")
    assert done.returncode == 0, done.stderr
    assert paths.context("tiny").is_file()


def test_help_names_every_command():
    text = packdepth("--help").stdout
    for command in ("data", "train", "evaluate", "figure", "tables", "transfer", "predict", "reconstruct", "verdict"):
        assert command in text


def test_the_version_and_the_scale(project):
    project()
    assert packdepth("--version").stdout == f"packdepth {version('packdepth')}\n"
    assert packdepth("scale").stdout == "tiny\n"


@pytest.mark.slow
def test_the_nearest_right_name_is_suggested(project):
    project()
    refused(packdepth("data", "make", "tain"), "unknown split 'tain'; did you mean 'train'?")
    refused(packdepth("data", "make", "train", "--scale", "tyni"), "unknown scale 'tyni'; did you mean 'tiny'?")
    refused(packdepth("verdict-figure", "conclusions"), "did you mean 'conclusion'?")
    for arguments, right in (
        (("trian",), "'train'"),
        (("data", "mke"), "'make'"),
        (("train", "--varint"), "--variant"),
    ):
        done = packdepth(*arguments)
        assert done.returncode == 2
        assert right in done.stderr


def test_help_shows_what_an_option_is_without_being_given():
    for arguments, words in (
        (("data", "show"), "the store's path, but .png"),
        (("data", "make"), "the one switched on"),
        (("predict",), "predictions"),
    ):
        text = packdepth(*arguments, "--help").stdout
        assert f"[default: {words}]" in text.replace("(", "").replace(")", "")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("packdepth tr", ["train", "transfer"]),
        ("packdepth train --variant packnet-d", ["packnet-direct"]),
        ("packdepth evaluate --data ti", ["tiny"]),
        ("packdepth data make te", ["test"]),
        ("packdepth figure curv", ["curves"]),
        ("packdepth verdict-figure con", ["conclusion"]),
    ],
)
@pytest.mark.slow
def test_a_shell_completes_names(project, typed, offered):
    project()
    assert completions(typed) == offered


def test_a_shell_completes_nothing_where_there_is_no_study(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert completions("packdepth train --variant pack") == []


def completions(typed: str) -> list[str]:
    asked = {"_PACKDEPTH_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    program = "import sys; sys.argv[0] = 'packdepth'; from packdepth.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", program], env={**os.environ, **asked}, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.split()
