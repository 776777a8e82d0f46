"""The factorial design as `packdepth design` prints it."""

from packdepth.analysis.design import design_text
from packdepth.config.study import FactorialGroup

NETWORK = {"b": {"network": {"architecture": "densedepth"}}, "a": {"network": {"architecture": "packnet"}}}
OTHERS = {
    name: {"no": {"training": {key: 0.0}}, "yes": {"training": {key: 0.5}}}
    for name, key in (("swap", "channel_swap"), ("flip", "flip"), ("warm-up", "warmup"))
}


def test_a_fraction_lists_its_runs_and_sums() -> None:
    group = FactorialGroup.model_validate(
        {"runs": [f"r{n}" for n in range(8)], "factors": {"network": NETWORK, **OTHERS}}
    )
    text = design_text(group)
    assert "| run | network | swap | flip | warm-up |" in text
    assert "| r3 | a | yes | no | no |" in text
    assert text.endswith(
        "Resolution 4, 8 runs. Estimated only as a sum:\n"
        "network:swap + flip:warm-up\nnetwork:flip + swap:warm-up\nnetwork:warm-up + swap:flip\n"
    )


def test_all_combinations_confuse_nothing() -> None:
    group = FactorialGroup.model_validate({"runs": ["x", "y"], "factors": {"network": NETWORK}})
    assert design_text(group).endswith("All combinations, 2 runs. Every effect is estimated by itself.\n")
