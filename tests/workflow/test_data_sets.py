"""Every scale of params.yaml under Snakemake: planned, and its stores made from archives in the published formats."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from packdepth.data.store.frames import Store
from tests.support.archives_ddad import write_ddad
from tests.support.archives_kitti import write_raw, write_tiny
from tests.support.archives_make3d import write_make3d
from tests.support.archives_nyu import write_50k, write_labelled
from tests.support.clones import PROJECT, TINY, new_clone
from tests.support.stores import no_verdict

SCALES = yaml.safe_load((PROJECT / "params.yaml").read_text())["scales"]
ARCHIVES: dict[str, Callable[[Path], Path | list[Path]]] = {
    "nyu": write_50k,
    "nyu-labelled": write_labelled,
    "make3d": write_make3d,
    "kitti": write_raw,
    "kitti-tiny": write_tiny,
    "ddad": write_ddad,
    "ddad-tiny": write_ddad,
}


@pytest.mark.parametrize("scale", SCALES)
def test_every_scale_is_planned(tmp_path: Path, scale: str) -> None:
    study = yaml.safe_load((PROJECT / "params.yaml").read_text()) | {"scale": scale}
    planned = new_clone(tmp_path, yaml.safe_dump(study, sort_keys=False)).planned()
    assert f"packdepth data download --scale {scale}" in planned
    assert f"packdepth data make test --scale {scale}" in planned
    assert "packdepth evaluate --variant packnet --seed 0" in planned
    assert "packdepth tables report" in planned


def test_stores_of_every_data_set_are_made_from_what_is_already_there(tmp_path: Path) -> None:
    study = yaml.safe_load((PROJECT / "params.yaml").read_text())
    for scale, write in ARCHIVES.items():
        (tmp_path / scale).mkdir()
        written = write(tmp_path / scale)
        source = [str(path) for path in written] if isinstance(written, list) else str(written)
        study["scales"][scale]["data"]["source"] = source
    clone = new_clone(tmp_path / "clone", yaml.safe_dump(study, sort_keys=False))
    targets = [f"data/{scale}/{split}.h5" for scale in ARCHIVES for split in ("train", "test")]
    clone.run("snakemake", "--cores", "2", *targets)
    for scale in ARCHIVES:
        for split in ("train", "test"):
            store = Store(clone.path / f"data/{scale}/{split}.h5")
            assert store.size == tuple(SCALES[scale]["data"]["size"])
            assert (store.depth(len(store) - 1) > 0).any()
    assert not clone.planned(*targets)


OWN = "results/tiny/runs/report/constant/seed0/model.safetensors"


def test_every_checkpoint_on_every_data_set(tmp_path: Path) -> None:
    study = yaml.safe_load(TINY)
    labelled = {"dataset": "nyu-labelled", "size": [32, 64], "source": [str(p) for p in write_labelled(tmp_path)]}
    evaluation = {"protocol": "nyu-eigen", "flip": False}
    context = {"kinds": ["synthetic"], "motion": "walk"}
    study["scales"]["labelled"] = {
        "data": labelled,
        "context": context,
        "width": 0.125,
        "training": {},
        "evaluation": evaluation,
    }
    study["groups"]["report"]["variants"].pop("packnet")
    others = ["results/other/runs/report/constant/seed0/model.safetensors", "others/it's & mine.safetensors"]
    study["verdict"] = no_verdict("constant")
    study["transfer"] = {"data": ["tiny", "labelled"], "checkpoints": others}
    clone = new_clone(tmp_path / "clone", yaml.safe_dump(study, sort_keys=False))
    assert not any("transfer" in command for command in clone.planned())
    clone.run("snakemake", "--cores", "2", OWN)
    for other in others:
        (clone.path / other).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(clone.path / OWN, clone.path / other)
    clone.run("snakemake", "--cores", "2", "transfer")
    table = (clone.path / "results/tiny/transfer/table.md").read_text()
    assert "| abs_rel | tiny | labelled |" in table
    for name in ("tiny-constant-seed0", "other-constant-seed0", "it's & mine"):
        assert f"| {name} |" in table
    assert not clone.planned("transfer")
    (clone.path / others[1]).write_bytes(b"another one")
    assert any("mine.safetensors" in command for command in clone.planned("transfer"))
