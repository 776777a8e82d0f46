"""What `dvc repro`, `pull`, `checkout`, `metrics` and a remote do, and that Snakemake agrees."""

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.clones import AFTER_PACKNET, ANOTHER_HEAD, SETTINGS, STUDY, Clone

WIDTH = 100  # columns of a terminal
EVERYTHING = "workflow/everything/dvc.yaml"


def test_everything_is_made_and_then_nothing(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("dvc")
    assert clone.ran().keys() == STUDY | SETTINGS
    assert "up to date" in clone.run("dvc", "repro")
    assert not clone.ran()
    assert not clone.planned()
    cached = {file.read_bytes() for file in (clone.path / ".dvc/cache/files").rglob("*") if file.is_file()}
    assert set(clone.results().values()) <= cached


def test_a_clone_needs_no_run_after_a_pull(made_by: Callable[[str], Clone], tmp_path: Path) -> None:
    origin = made_by("dvc")
    for command in ("remote add --default --local store ../remote", "push"):
        origin.run("dvc", *command.split())
    clone = clone_of(origin, tmp_path / "clone")
    for command in ("remote add --default --local store ../remote", "pull --allow-missing"):
        clone.run("dvc", *command.split())
    needs_no_run(clone, origin)


def needs_no_run(clone: Clone, origin: Clone) -> None:
    """Behaviour 5: neither tool wants to train; a figure that is deleted is made again, and only that."""
    assert clone.results() == origin.results()
    before = clone.stamps()
    assert not clone.planned()
    assert clone.stamps() == before  # what Snakemake learned stands in its own folder
    assert not clone.outdated()
    figure = clone.path / "results/tiny/figures/curves.png"
    figure.unlink()
    assert clone.outdated() == {"packdepth figure curves"}
    clone.run("snakemake")
    assert clone.ran().keys() == {"packdepth figure curves"}
    assert figure.exists()


def clone_of(origin: Clone, path: Path) -> Clone:
    clone = Clone(path)
    origin.run("git", "clone", "--quiet", ".", str(path))
    return clone


def test_a_remote_on_s3_gives_all_back(made_by: Callable[[str], Clone], tmp_path: Path) -> None:
    pytest.importorskip("dvc_s3")
    boto3 = pytest.importorskip("boto3")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    address = f"http://{host}:{port}"
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}
    boto3.client("s3", endpoint_url=address, region_name="us-east-1", **keys).create_bucket(Bucket="study")
    try:
        origin = made_by("dvc")
        clone = clone_of(origin, tmp_path / "clone")
        for repository, command in ((origin, "push"), (clone, "pull --allow-missing")):
            repository.run("dvc", "remote", "add", "--default", "--local", "store", "s3://study/packdepth")
            settings = {"endpointurl": address, "access_key_id": "test", "secret_access_key": "test"}
            for key, value in settings.items():
                repository.run("dvc", "remote", "modify", "--local", "store", key, value)
            repository.run("dvc", *command.split())
        needs_no_run(clone, origin)
    finally:
        server.stop()


def test_old_results_come_back_and_none_is_made_again(made_by: Callable[[str], Clone]) -> None:
    """One variant's parameter changes: exactly that variant and what shows it is made again. Then back, and forth."""
    clone = made_by("dvc")
    old = clone.results()
    clone.ran()
    clone.edit(*ANOTHER_HEAD)
    clone.run("dvc", "repro")
    assert clone.ran().keys() == AFTER_PACKNET | SETTINGS
    assert not clone.planned()
    clone.commit("another head")
    new = clone.results()
    assert new.keys() == old.keys()

    told = clone.run("dvc", "metrics", "diff", "HEAD~1")
    assert "packnet" in told
    assert max(map(len, told.splitlines())) <= WIDTH
    for commit, results in (("HEAD~1", old), ("-", new)):
        clone.run("git", "checkout", "--quiet", commit)
        clone.run("dvc", "checkout", "--allow-missing")
        assert clone.results() == results
        assert not clone.planned()
        assert not clone.outdated()


def test_metrics_are_a_few_numbers_a_run(made_by: Callable[[str], Clone]) -> None:
    told = made_by("dvc").run("dvc", "metrics", "show").splitlines()
    assert max(map(len, told)) <= WIDTH
    assert told[0].split() == ["Path", "abs_rel", "delta1", "loss", "rmse"]
    assert [line.split()[0] for line in told[1:]] == [
        f"results/tiny/metrics/{name}.0.json" for name in ("report/constant", "report/packnet", "temporal/photometric")
    ]


def test_what_a_kill_leaves_next_to_a_result_is_not_seen(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("dvc")
    (clone.path / "results/tiny/runs/report/packnet/seed0/.train_log.abc.part.csv").write_text("step")
    assert not clone.outdated()


def test_a_file_of_other_content_that_dvc_restores_is_not_taken_for_snakemakes(made_by: Callable[[str], Clone]) -> None:
    """Snakemake trains anew, and DVC puts the old file back: its record must not vouch for it."""
    clone = made_by("dvc")
    clone.ran()
    clone.edit(*ANOTHER_HEAD)
    clone.run("snakemake")
    assert clone.ran().keys() == AFTER_PACKNET
    clone.run("dvc", "checkout", "--force", "--allow-missing")
    assert clone.planned() == AFTER_PACKNET


@pytest.mark.parametrize("name", ["$(touch PWNED)", "../../../PWNED"])
def test_no_name_reaches_a_shell_or_leaves_the_folder(fresh: Clone, name: str) -> None:
    """Whatever is asked for: each stage waits for the settings of its run, which only a checked params.yaml gets."""
    fresh.edit(
        "params.yaml",
        "packnet: {network: {architecture: packnet}}",
        f"{name!r}: {{network: {{architecture: packnet}}}}",
    )
    for arguments in ((), ("--single-item", f"train@report-{name}-0")):
        assert "PWNED" in fresh.run("dvc", "repro", *arguments, code=255)
    assert not [path for path in fresh.path.parent.rglob("*PWNED*") if ".dvc" not in path.parts]


def test_without_git_there_is_nothing_to_sync_with(fresh: Clone) -> None:
    shutil.rmtree(fresh.path / ".git")
    told = fresh.run(sys.executable, "workflow/sync.py", code=2)
    assert "sync: " in told.splitlines()[-1]
    assert "not a git repository" in told.splitlines()[-1]
    assert "Traceback" not in told
