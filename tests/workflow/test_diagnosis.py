"""The diagnosis, the contest, the autoencoders and the verdict: groups of their own, under both tools."""

from collections.abc import Callable

from tests.support.clones import DATA, EVALUATE, OF_DIAGNOSIS, OF_LEAKY, OF_VERDICT, TARGETS, TRAIN, VERDICT, Clone

GROUP = "workflow/diagnosis/dvc.yaml"
LEAKY = "packnet-leaky-relu: {network: {architecture: packnet, head: leaky-relu}"
RESULT = "results/tiny/diagnosis/evaluation/packnet-leaky-relu/seed0/metrics.json"


def test_groups_and_single_hypotheses_are_targets(fresh: Clone) -> None:
    assert fresh.planned("diagnosis") == DATA | OF_DIAGNOSIS
    of_packnet = {command for command in TRAIN | EVALUATE if "--variant packnet " in command}
    assert fresh.planned("H7") == DATA | of_packnet | OF_LEAKY
    assert fresh.planned("verdict") == DATA | TRAIN | EVALUATE | OF_VERDICT


def test_one_variant_is_made_again_with_what_rests_on_it_by_dvc_and_snakemake_agrees(
    made_by: Callable[[str], Clone],
) -> None:
    clone = made_by("everything")
    assert "agree" in clone.sync()
    clone.ran()
    clone.edit("params.yaml", LEAKY, f"{LEAKY}, training: {{warmup: 0.5}}")
    assert clone.planned(*TARGETS) == OF_LEAKY | VERDICT
    before = (clone.path / RESULT).read_bytes()
    clone.run("dvc", "repro", GROUP)
    assert OF_LEAKY <= clone.ran().keys() <= OF_LEAKY | VERDICT  # what did not change is not drawn again
    assert (clone.path / RESULT).read_bytes() != before
    assert not clone.planned(*TARGETS)
    assert not clone.outdated()


def test_another_claim_trains_nothing(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("everything")
    clone.edit("params.yaml", "claim: It fades", "claim: It vanishes")
    assert clone.planned(*TARGETS) == VERDICT
