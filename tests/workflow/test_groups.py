"""The groups that are made by name, and the verdict: under both tools."""

from collections.abc import Callable

import pytest

from tests.support.clones import (
    AUTOENCODER,
    BATCHES,
    CEILINGS_GROUP,
    CONTEST,
    CONTEXT,
    DATA,
    DIAGNOSIS,
    DURATIONS,
    EVALUATE,
    EVALUATE_TEMPORAL,
    EVERYTHING,
    FACTORS,
    FLOORS,
    JUDGE,
    OF_VERDICT,
    PAIRS,
    QUALITY,
    REPORT,
    SENSORS,
    SETTINGS,
    SUPERVISION,
    TARGETS,
    TEMPORAL,
    TRAIN,
    TRAIN_TEMPORAL,
    TUNING,
    VERDICT,
    WIDTHS,
    Clone,
    runs,
)

FILE = "workflow/everything/dvc.yaml"
LEAKY = "packnet-leaky-relu: {network: {architecture: packnet, head: leaky-relu}"
OF_LEAKY = runs("train", "packnet-leaky-relu") | runs("evaluate", "packnet-leaky-relu")
SEMISUP = "velocity: {weight: 0.5}"
TRAINED_PAIR = TRAIN_TEMPORAL | EVALUATE_TEMPORAL
GROUPS = {
    "report": DATA | REPORT,
    "temporal": DATA | CONTEXT | TEMPORAL,
    "supervision": DATA | CONTEXT | TRAINED_PAIR | SUPERVISION,
    "sensors": DATA | CONTEXT | SENSORS,
    "ceilings": DATA | CEILINGS_GROUP,
    "tuning": DATA - {"packdepth data make test --scale tiny"} | TUNING,
    "contest": DATA | CONTEST,
    "diagnosis": DATA | DIAGNOSIS,
    "durations": DATA | DURATIONS,
    "factors": DATA | FACTORS,
    "autoencoder": DATA | AUTOENCODER,
    "widths": DATA | WIDTHS,
    "batches": DATA | BATCHES,
    "pairs": DATA | PAIRS,
    "verdict": DATA | FLOORS | TRAIN | EVALUATE | OF_VERDICT | AUTOENCODER | VERDICT,
    "everything": EVERYTHING,
    "H7": DATA | runs("train", "packnet") | runs("evaluate", "packnet") | CEILINGS_GROUP,
}


@pytest.mark.parametrize("target", GROUPS)
def test_groups_and_single_hypotheses_are_targets(fresh: Clone, target: str) -> None:
    assert fresh.planned(target) == GROUPS[target]


def test_dvc_makes_everything_and_both_tools_agree_on_what_a_change_reaches(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("everything")
    assert clone.ran().keys() == EVERYTHING | SETTINGS
    assert not clone.planned(*TARGETS)
    assert not clone.outdated("--all-pipelines")

    judged = {"packdepth gather diagnosis"} | JUDGE
    clone.edit("params.yaml", LEAKY, f"{LEAKY}, training: {{warmup: 0.5}}")
    clone.run("snakemake", *TARGETS)
    assert clone.ran().keys() == OF_LEAKY | judged
    assert "agree" in clone.sync()
    assert not clone.outdated("--all-pipelines")

    clone.edit("params.yaml", LEAKY, f"{LEAKY}, scale_by: {{learning_rate: 2}}")
    clone.run("dvc", "repro", FILE)
    assert OF_LEAKY <= clone.ran().keys() <= OF_LEAKY | judged | SETTINGS  # what did not change is not drawn again
    assert not clone.planned(*TARGETS)

    clone.edit("params.yaml", SEMISUP, "velocity: {weight: 0.25}")
    assert clone.planned(*TARGETS) == SUPERVISION - FLOORS


def test_another_claim_trains_nothing(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("everything")
    clone.edit("params.yaml", "claim: It fades", "claim: It vanishes")
    assert clone.planned(*TARGETS) == JUDGE


def test_another_motion_makes_the_context_again_and_no_variant_of_the_report(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("everything")
    clone.edit("params.yaml", "turn: 3.0", "turn: 6.0")
    assert clone.planned(*TARGETS) == CONTEXT | ((TEMPORAL | SUPERVISION | SENSORS) - QUALITY - FLOORS)
