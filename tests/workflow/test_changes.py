"""What is made again when parameters or code change, and what is not."""

from collections.abc import Callable

from tests.support.clones import (
    AFTER_PACKNET,
    ANOTHER_HEAD,
    CEILINGS,
    CONTEXT,
    DATA,
    EVALUATE,
    EVALUATE_TEMPORAL,
    FIGURES,
    FIGURES_TEMPORAL,
    FLOORS,
    QUALITY,
    SETTINGS,
    STUDY,
    TABLES,
    TABLES_TEMPORAL,
    TRAIN,
    TRAIN_TEMPORAL,
    Clone,
)

WIDTH = 100  # columns of a terminal
TRAININGS, EVALUATIONS = TRAIN | TRAIN_TEMPORAL, EVALUATE | EVALUATE_TEMPORAL
DRAWN, TABLED = FIGURES | FIGURES_TEMPORAL | CEILINGS, TABLES | TABLES_TEMPORAL
STORES = {command for command in DATA if "make" in command}
# file -> the commands that depend on it, and those that wait for these
CODE = {
    "models/packnet.py": (TRAININGS | EVALUATIONS | FLOORS, DRAWN | TABLED),
    "training/loop.py": (TRAININGS, EVALUATIONS | (DRAWN - CEILINGS) | TABLED),
    "evaluation/evaluate.py": (EVALUATIONS | QUALITY | FLOORS, DRAWN | TABLED),
    "analysis/reported.yaml": (DRAWN | TABLED, set()),
    "figures/curves.py": (DRAWN, set()),
    "data/rooms/render.py": (STORES | CONTEXT | QUALITY, STUDY - DATA),
    "data/context/synthesis.py": (
        CONTEXT,
        TRAIN_TEMPORAL | EVALUATE_TEMPORAL | FIGURES_TEMPORAL | TABLES_TEMPORAL,
    ),
}


def test_changed_code_reaches_what_it_decides_and_no_more(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("pulled")
    for file, (commands, waiting) in CODE.items():
        source = clone.path / "src/packdepth" / file
        text = source.read_text()
        source.write_text(f"{text}\n# changed\n")
        assert clone.planned() == commands | waiting, file
        assert clone.outdated() == commands, file
        source.write_text(text)
    assert not clone.planned()


def help_text(clone: Clone) -> None:
    clone.edit("src/packdepth/cli.py", "The seed to train with.", "The seed.")


def comment_in_config(clone: Clone) -> None:
    clone.edit("src/packdepth/config/variants.py", "from typing", "# A comment.\nfrom typing")


def new_key_with_a_default(clone: Clone) -> None:
    clone.edit(
        "src/packdepth/config/variants.py",
        "    weight_decay: float",
        '    new_key: float = Field(0.0, ge=0, description="does nothing yet")\n    weight_decay: float',
    )


def new_reader(clone: Clone) -> None:
    (clone.path / "src/packdepth/data/datasets/scannet.py").write_text('"""Another data set."""\n')
    clone.edit("src/packdepth/config/datasets.py", "class NyuLabelledData", SCANNET + "class NyuLabelledData")
    clone.edit("src/packdepth/config/datasets.py", "| DdadData,", "| DdadData | ScannetData,")


def rule_of_the_verdict(clone: Clone) -> None:
    clone.edit("src/packdepth/analysis/statistics/judgement.py", "POWER = 0.8", "POWER = 0.9")
    clone.edit("params.yaml", "claim: It fades", "claim: It vanishes")


SCANNET = '''class ScannetData(ExternalData):
    """Another data set."""

    dataset: Literal["scannet"]


'''


def test_what_decides_no_training_trains_nothing(made_by: Callable[[str], Clone]) -> None:
    """Snakemake has nothing to do at all; DVC makes settings and stores again, finds them the same, and stops."""
    clone = made_by("pulled")
    clone.ran()
    for edit in (help_text, comment_in_config, new_key_with_a_default, new_reader):
        edit(clone)
        assert not clone.planned(), edit.__name__
    clone.run("dvc", "repro")
    assert clone.ran().keys() == SETTINGS | DATA
    assert not clone.planned()
    assert not clone.outdated()


def test_a_rule_of_the_verdict_trains_nothing(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("pulled")
    clone.ran()
    rule_of_the_verdict(clone)
    assert clone.planned() == DRAWN | TABLED
    clone.run("dvc", "repro")
    assert clone.ran().keys() == SETTINGS | DRAWN | TABLED
    assert not clone.planned()


def test_snakemake_makes_one_variant_again_and_dvc_agrees_after_a_sync(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("snakemake")
    assert "agree" in clone.sync()
    assert not clone.outdated()
    clone.ran()
    clone.edit(*ANOTHER_HEAD)
    clone.run("snakemake")
    assert clone.ran().keys() == AFTER_PACKNET
    assert not clone.planned()
    assert clone.outdated()
    assert "agree" in clone.sync()
    assert not clone.outdated()
    assert not clone.planned()


def test_a_number_written_in_another_way_is_no_change(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("pulled")
    clone.edit("params.yaml", "  learning_rate: 1.0e-4", "  learning_rate: 1e-4")
    clone.edit("params.yaml", "max_depth: 10.0", "max_depth: 10")
    assert not clone.planned()
    clone.run("dvc", "repro")
    assert clone.ran().keys() <= STUDY | SETTINGS  # of the first run
    assert not clone.planned()


def test_an_experiment_of_dvc_changes_one_variants_setting(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("pulled")
    clone.ran()
    clone.run("dvc", "exp", "run", "--set-param", "+groups.report.variants.packnet.training.learning_rate=0.01")
    assert clone.ran().keys() == AFTER_PACKNET | SETTINGS
    assert not clone.planned()
    for shown in (("diff",), ("show", "--drop", ".*", "--keep", "Experiment|.*/packnet.0.json:loss")):
        told = clone.run("dvc", "exp", *shown)
        lines = [line for line in told.splitlines() if not line.startswith("params.yaml")]
        assert "metrics/report/packnet.0.json" in told
        assert max(map(len, lines)) <= WIDTH
