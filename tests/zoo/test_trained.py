"""The networks that come with the package: whole, small, as good as their cards say, and there by name."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open

import packdepth
from packdepth.data.rooms import render
from packdepth.zoo.trained import DEFAULT, WEIGHTS, located, trained_models

MOST = 12e6  # bytes of all


def test_both_families_are_there_and_small():
    assert packdepth.list_models(trained=True) == trained_models() == ["densedepth-nyu", "packnet-nyu"]
    assert packdepth.list_models("pack*", trained=True) == ["packnet-nyu"]
    assert DEFAULT in trained_models()
    assert sum(file.stat().st_size for file in WEIGHTS.iterdir()) < MOST


@pytest.mark.parametrize("name", trained_models())
def test_a_file_is_in_half_precision_and_its_card_tells_of_it(name: str):
    path = WEIGHTS / f"{name}.safetensors"
    with safe_open(path, framework="pt") as file:
        kinds = {file.get_tensor(weight).dtype for weight in file.keys()}  # noqa: SIM118 (not a dict)
        info = json.loads(file.metadata()["packdepth"])
    assert kinds <= {torch.float16, torch.int64}
    card = path.with_suffix(".md").read_text()
    assert f"{path.stat().st_size / 1e6:.1f} MB" in card
    assert f"at {info['size'][0]}x{info['size'][1]}" in card
    for told in ("abs_rel", "one map for all images", "Licence: ", "commit\n", "nyu-labelled, test images", "rooms"):
        assert told in card


@pytest.mark.slow
@pytest.mark.parametrize("name", trained_models())
def test_depth_of_a_room_is_about_as_good_as_the_card_says(name: str):
    """Of four rooms, so only about; metres in another unit, or half-read weights, are far off."""
    card = (WEIGHTS / f"{name}.md").read_text()
    told = float(re.findall(r"^\| rooms.*?\| this network \| ([\d.]+)", card, re.MULTILINE)[0])
    net = packdepth.load(name, device="cpu")
    frames = render(seed=0, split="test", indices=range(4), size=(96, 128))
    errors = [
        np.abs(net.infer(rgb) - depth)[depth > 0] / depth[depth > 0]
        for rgb, depth in zip(frames.rgb.numpy(), frames.depth.numpy(), strict=True)
    ]
    assert np.concatenate(errors).mean() == pytest.approx(told, rel=0.5)


def test_a_file_of_the_same_name_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert located(DEFAULT) == str(WEIGHTS / f"{DEFAULT}.safetensors")
    packdepth.create_model("densedepth", width=0.125).save_pretrained(DEFAULT)
    assert located(DEFAULT) == DEFAULT
    assert located("other.safetensors") == "other.safetensors"
    assert packdepth.load(DEFAULT).info.size is None
