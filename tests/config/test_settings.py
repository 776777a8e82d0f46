"""Resolved settings: what changes a file, and what does not."""

import json
from collections.abc import Iterator
from pathlib import Path

from pydantic_core import PydanticUndefined

from packdepth import paths
from packdepth.config import variants
from packdepth.config.load import load_study
from packdepth.config.schema import Strict
from packdepth.config.settings import resolved_settings, write_settings

# Settings leave out a key with its schema's default. A changed default would thus reach a training that is not made
# again. A new key may have one; none of these may ever change: give another key another name instead.
DEFAULTS = {
    "AutoencoderNetwork.sampling": "packing",
    "AutoencoderNetwork.width": 1.0,
    "Computing.graph": False,
    "Computing.threads": 1,
    "Context.baseline": 0.2,
    "Context.seed": 0,
    "DdadData.cameras": ["CAMERA_01"],
    "DdadData.form": "full",
    "DdadData.neighbours": True,
    "DdadData.skip_missing": False,
    "DdadData.source": None,
    "DepthNetwork.stereo": False,
    "DenseDepthNetwork.head": "linear",
    "DenseDepthNetwork.min_depth": 0.5,
    "DenseDepthNetwork.skips": "concat",
    "DenseDepthNetwork.stereo": False,
    "DenseDepthNetwork.norm": "batch",
    "DenseDepthNetwork.pretrained": False,
    "DenseDepthNetwork.version": "paper",
    "DenseDepthNetwork.width": 1.0,
    "FolderData.citation": "the owner's",
    "FolderData.depth": "depth/*",
    "FolderData.depth_offset": None,
    "FolderData.depth_unknown": None,
    "FolderData.frame_rate": None,
    "FolderData.licence": "the owner's",
    "FolderData.match": "name",
    "FolderData.name": "folder",
    "FolderData.poses": None,
    "FolderData.rgb": "rgb/*",
    "FolderData.skip_missing": False,
    "FolderData.split_by": "block",
    "FolderData.test": 0.2,
    "Hypothesis.shown_with": [],
    "Hypothesis.panel": None,
    "KittiData.form": "raw",
    "KittiData.neighbours": True,
    "KittiData.stereo": False,
    "KittiData.skip_missing": False,
    "KittiData.source": None,
    "KittiData.test": "eigen-test",
    "KittiData.train": "eigen-zhou",
    "KittiData.truth": "velodyne",
    "LossSettings.gradient": 0.0,
    "LossSettings.l1": 0.0,
    "LossSettings.silog": 0.0,
    "LossSettings.ssim": 0.0,
    "LossSettings.ssim_border": "inside",
    "LossSettings.ssim_range": 100.0,
    "LossSettings.target": "known",
    "Make3dData.part": "whole",
    "Hypothesis.factor": None,
    "Hypothesis.gain": None,
    "Hypothesis.interaction": None,
    "Hypothesis.sign": 1,
    "Make3dData.skip_missing": False,
    "Make3dData.source": None,
    "Nyu50kData.skip_missing": False,
    "Nyu50kData.source": None,
    "NyuLabelledData.skip_missing": False,
    "NyuLabelledData.source": None,
    "PackNetNetwork.full_resolution": False,
    "PackNetNetwork.head": "inverse-sigmoid",
    "PackNetNetwork.sampling": "packing",
    "PackNetNetwork.min_depth": 0.5,
    "PackNetNetwork.size": "slim",
    "PackNetNetwork.skips": "sum",
    "PackNetNetwork.stereo": False,
    "PackNetNetwork.width": 1.0,
    "RoomsData.seed": 0,
    "RoomsData.stereo": None,
    "Training.epsilon": 1e-08,
    "Training.held_out": 0.0,
    "Training.output_unit": "max_depth/m",
    "Training.pose": "predicted",
    "Training.tensorboard": False,
    "Velocity.bias": 0.0,
    "Velocity.drop_out": 0.0,
    "Velocity.lag": 0.0,
    "Velocity.noise": 0.0,
}
# What settings are resolved from:
GROUPS = {"FactorialGroup", "Group", "Level", "VariantEntry", "_Group"}
NOT_RESOLVED = {"ExternalData", "Scale", "ScaleBy", "Study"} | GROUPS


def sections(section: type[Strict] = Strict) -> Iterator[type[Strict]]:
    for below in section.__subclasses__():
        if below.__module__.startswith("packdepth.") and below.__name__ not in NOT_RESOLVED:
            yield below
        yield from sections(below)


def test_no_default_has_changed():
    found = {}
    for section in sections():
        for name, field in section.model_fields.items():
            default = field.default_factory() if field.default_factory else field.default  # type: ignore[call-arg]
            if default is not PydanticUndefined:
                found[f"{section.__name__}.{name}"] = default
    assert found | DEFAULTS == found
    assert found == DEFAULTS, "a new default: add it to DEFAULTS"


def test_a_files_text_is_what_a_run_is_made_with(project):
    study = project()
    settings = resolved_settings(study)
    packnet = json.loads(settings["variants/packnet"])
    assert packnet["network"] == {"architecture": "packnet", "width": 0.25}
    variant = variants.Variant(name="packnet", **packnet)
    assert variant == study.variant("packnet")
    assert json.loads(settings["groups/report"])["variants"]["packnet"] == {"seeds": study.seeds, **packnet}
    assert json.loads(settings["evaluation"])["evaluation"]["protocol"] == "indoor"
    assert "motion" in json.loads(settings["context"])


def test_a_baseline_is_a_setting_of_synthetic_stereo_only(project):
    def context(**changes):
        study = project(lambda raw: raw["scales"]["tiny"]["context"].update(changes))
        return json.loads(resolved_settings(study)["context"])["context"]

    assert context(baseline=0.5) == context() == {"kinds": ["recorded", "synthetic"], "motion": "cart"}
    stereo = {"kinds": ["synthetic-stereo"], "motion": "cart"}
    assert context(kinds=["synthetic-stereo"]) == stereo
    assert context(kinds=["synthetic-stereo"], baseline=0.5) == stereo | {"baseline": 0.5}
    assert context(kinds=["stereo"], baseline=0.5) == stereo | {"kinds": ["stereo"]}


def warmed_up(raw):
    raw["groups"]["report"]["variants"]["packnet"]["training"] = {"warmup": 0.1}


def test_a_variants_setting_changes_its_own_file_and_its_groups(project):
    before = resolved_settings(project())
    after = resolved_settings(project(warmed_up))
    assert {name for name in before if before[name] != after[name]} == {"variants/packnet", "groups/report"}


def test_numbers_may_be_written_in_other_ways(project):
    before = resolved_settings(project())
    file = Path("params.yaml")
    text = file.read_text()
    assert "learning_rate: 0.0001" in text
    file.write_text(text.replace("learning_rate: 0.0001", "learning_rate: 1e-4"))
    assert resolved_settings(load_study()) == before


def test_only_files_of_new_content_are_written_and_old_ones_go(project):
    study = project()
    write_settings(study)
    folder = paths.settings("tiny")
    dates = {file: file.stat().st_mtime_ns for file in folder.rglob("*.json")}
    assert len(dates) == len(resolved_settings(study))
    (folder / "variants" / "gone.json").write_text("{}")
    write_settings(project(warmed_up))
    now = {file: file.stat().st_mtime_ns for file in folder.rglob("*.json")}
    assert now.keys() == dates.keys()
    assert {file.stem for file in now if now[file] != dates[file]} == {"packnet", "report"}
