"""What `dvc repro`, `dvc pull` and `dvc checkout` do, and that Snakemake agrees."""

from collections.abc import Callable
from pathlib import Path

from tests.support.clones import AFTER_PACKNET, ANOTHER_HEAD, STUDY, Clone


def test_everything_is_made_and_then_nothing(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("dvc")
    assert clone.ran().keys() == STUDY
    assert "up to date" in clone.run("dvc", "repro")
    assert not clone.ran()
    assert not clone.planned()
    cached = {file.read_bytes() for file in (clone.path / ".dvc/cache/files").rglob("*") if file.is_file()}
    assert set(clone.results().values()) <= cached


def test_a_clone_needs_no_run_after_a_pull(made_by: Callable[[str], Clone], tmp_path: Path) -> None:
    origin = made_by("dvc")
    for command in ("remote add --default --local store ../remote", "push"):
        origin.run("dvc", *command.split())
    clone = Clone(tmp_path / "clone")
    origin.run("git", "clone", "--quiet", ".", str(clone.path))
    for command in ("remote add --default --local store ../remote", "pull --allow-missing"):
        clone.run("dvc", *command.split())
    assert clone.results() == origin.results()
    assert not clone.planned()
    assert not clone.outdated()

    figure = clone.path / "results/tiny/figures/curves.png"
    figure.unlink()
    assert clone.outdated() == {"packdepth figure curves"}
    clone.run("snakemake")
    assert clone.ran().keys() == {"packdepth figure curves"}
    assert figure.exists()


def test_old_results_come_back_and_none_is_made_again(made_by: Callable[[str], Clone]) -> None:
    """One variant's parameter changes: exactly that variant and what shows it is made again. Then back, and forth."""
    clone = made_by("dvc")
    old = clone.results()
    clone.ran()
    clone.edit(*ANOTHER_HEAD)
    clone.run("dvc", "repro")
    assert clone.ran().keys() == AFTER_PACKNET
    assert not clone.planned()
    clone.commit("another head")
    new = clone.results()
    assert new.keys() == old.keys()

    for commit, results in (("HEAD~1", old), ("-", new)):
        clone.run("git", "checkout", "--quiet", commit)
        clone.run("dvc", "checkout", "--allow-missing")
        assert clone.results() == results
        assert not clone.planned()
        assert not clone.outdated()


def test_what_a_kill_leaves_beside_a_result_is_not_seen(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("dvc")
    (clone.path / "results/tiny/training/packnet/seed0/.train_log.abc.part.csv").write_text("step")
    assert not clone.outdated()
