"""Two networks for a folder of images: which one predicts which."""

import csv
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor, nn

from packdepth.checkpoints.native import CheckpointInfo
from packdepth.errors import InputError
from packdepth.inference.depth_model import DepthModel
from packdepth.predict.cascade import most_doubtful, predict_in_cascade
from packdepth.predict.command import Wanted


class Lopsided(nn.Module):
    """Answers 2 m; in bright images 2 to 4 m from left to right, so it disagrees with itself on mirror images."""

    stereo = False

    def forward(self, image: Tensor) -> Tensor:
        depth = 2 + 2 * image.mean(dim=(1, 2, 3), keepdim=True) * torch.linspace(0, 1, image.shape[3])
        return 10 / depth.expand(-1, 1, image.shape[2], -1)


class Eight(nn.Module):
    """Answers 8 m."""

    stereo = False

    def forward(self, image: Tensor) -> Tensor:
        return torch.full_like(image[:, :1], 10 / 8)


def of(network: nn.Module) -> DepthModel:
    return DepthModel.around(network, CheckpointInfo({"architecture": "constant"}, (32, 32), 10.0))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Four images, one brighter than the other."""
    (tmp_path / "in").mkdir()
    for name, brightness in {"a": 50, "b": 250, "c": 0, "d": 150}.items():
        Image.fromarray(np.full((32, 32, 3), brightness, np.uint8)).save(tmp_path / "in" / f"{name}.png")
    return tmp_path / "in"


def test_the_big_network_gets_what_the_cheap_one_is_most_unsure_of(tmp_path: Path, folder: Path):
    out = tmp_path / "out"
    written, failed = predict_in_cascade(of(Lopsided()), of(Eight()), [str(folder)], Wanted(out), 0.5)
    assert failed == []
    assert len(written) == 9
    found = {name: np.asarray(Image.open(out / f"{name}_depth.png")) for name in "abcd"}
    assert {name for name, depth in found.items() if (depth == 8000).all()} == {"b", "d"}
    assert (found["c"] == 2000).all()
    with (out / "cascade.csv").open() as file:
        rows = {Path(row["image"]).stem: row for row in csv.DictReader(file)}
    assert {name: row["network"] for name, row in rows.items()} == {"a": "cheap", "b": "big", "c": "cheap", "d": "big"}
    assert float(rows["c"]["disagreement"]) == 0
    assert float(rows["a"]["disagreement"]) < float(rows["d"]["disagreement"]) < float(rows["b"]["disagreement"])


def test_a_share_is_rounded_to_whole_images():
    doubts = {Path("a"): 0.1, Path("b"): 0.3, Path("c"): 0.2}
    assert most_doubtful(doubts, 0.0) == []
    assert most_doubtful(doubts, 0.4) == [Path("b")]
    assert most_doubtful(doubts, 1.0) == [Path("b"), Path("c"), Path("a")]


def test_an_image_that_cannot_be_read_is_named_once(tmp_path: Path, folder: Path):
    (folder / "e.png").write_text("no image")
    written, failed = predict_in_cascade(of(Lopsided()), of(Eight()), [str(folder)], Wanted(tmp_path / "out"), 1.0)
    assert len(failed) == 1
    assert "e.png" in failed[0]
    assert len(written) == 9


def test_what_cannot_be_done_is_told_before_anything_is_written(tmp_path: Path, folder: Path):
    out = tmp_path / "out"
    (folder / "film.mp4").write_bytes(b"")
    with pytest.raises(InputError, match=r"film\.mp4: a cascade takes images, no videos"):
        predict_in_cascade(of(Lopsided()), of(Eight()), [str(folder)], Wanted(out), 0.5)
    (folder / "film.mp4").unlink()
    with pytest.raises(InputError, match="does not know its training data's focal length"):
        predict_in_cascade(of(Lopsided()), of(Eight()), [str(folder)], Wanted(out, focal_length=50.0), 0.5)
    assert not out.exists()
    out.mkdir()
    (out / "cascade.csv").write_text("mine")
    with pytest.raises(InputError, match=r"cascade\.csv: already there; --force overwrites"):
        predict_in_cascade(of(Lopsided()), of(Eight()), [str(folder)], Wanted(out), 0.5)
