"""What is made again when parameters or code change."""

from collections.abc import Callable

from tests.support.clones import AFTER_PACKNET, ANOTHER_HEAD, DATA, EVALUATE, FIGURES, STUDY, TABLES, TRAIN, Clone

CODE = {  # file -> the commands that import or read it
    "data/rooms/render.py": DATA,
    "models/packnet.py": TRAIN | EVALUATE,
    "evaluation/evaluate.py": EVALUATE,
    "figures/curves.py": {"packdepth figure curves"},
    "reported.yaml": FIGURES | TABLES,
}
AND_SO = {  # file -> the commands that wait for those
    "data/rooms/render.py": STUDY,
    "models/packnet.py": FIGURES | TABLES,
    "evaluation/evaluate.py": FIGURES | TABLES,
}


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


def test_changed_code_reaches_what_imports_it_and_no_more(made_by: Callable[[str], Clone]) -> None:
    clone = made_by("dvc")
    assert not clone.planned()
    for file, commands in CODE.items():
        source = clone.path / "src/packdepth" / file
        text = source.read_text()
        source.write_text(f"{text}\n# changed\n")
        assert clone.planned() == commands | AND_SO.get(file, set()), file
        assert clone.outdated() == commands, file
        source.write_text(text)
    assert not clone.planned()
