"""The variants that learn from neighbouring frames: a group of its own, under both tools."""

from collections.abc import Callable

from tests.support.clones import OF_TEMPORAL, OF_VERDICT, STUDY, TARGETS, Clone

GROUP = "workflow/temporal/dvc.yaml"
OF_SELFSUP = {command for command in OF_TEMPORAL if "--variant selfsup" in command}
SHOWN = {"packdepth figure scale_factor", "packdepth temporal-tables"}
RESULT = "results/tiny/temporal/evaluation/selfsup/seed0/metrics.json"


def outdated(clone: Clone) -> set[str]:
    """The commands that DVC would run for the group, apart from those that only wait for their results."""
    lines = clone.run("dvc", "repro", "--dry", GROUP).splitlines()
    return {line.removeprefix("> ") for line in lines if line.startswith("> ")}


def test_the_group_is_made_when_asked_for_and_then_nothing(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("everything")
    assert clone.ran().keys() == STUDY | OF_TEMPORAL | OF_VERDICT
    assert not clone.planned(*TARGETS)
    assert "agree" in clone.sync()
    assert not clone.outdated()
    assert not outdated(clone)

    clone.edit("params.yaml", "mode: self-supervised", "mode: self-supervised, velocity: {weight: 0.5}")
    assert clone.planned("all", "temporal") == OF_SELFSUP | SHOWN
    assert outdated(clone) == {command for command in OF_SELFSUP if "train" in command} | SHOWN
    before = (clone.path / RESULT).read_bytes()
    clone.run("dvc", "repro", GROUP)
    assert clone.ran().keys() == OF_SELFSUP | SHOWN
    assert (clone.path / RESULT).read_bytes() != before
    assert not clone.planned("all", "temporal")


def test_dvc_makes_the_group_alone_and_snakemake_agrees(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("dvc")
    clone.ran()
    assert not clone.outdated()
    assert clone.planned("all", "temporal") == OF_TEMPORAL
    clone.run("dvc", "repro", GROUP)
    assert clone.ran().keys() == OF_TEMPORAL
    assert not clone.planned("all", "temporal")
    assert not clone.outdated()


def test_another_motion_makes_the_context_again_and_no_variant_of_the_report(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("everything")
    clone.edit("params.yaml", "turn: 3.0", "turn: 6.0")
    assert clone.planned("all", "temporal") == OF_TEMPORAL - {"packdepth context-quality"}
