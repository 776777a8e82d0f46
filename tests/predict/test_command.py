"""Files for any image and video."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from packdepth import models
from packdepth.checkpoints.native import CheckpointInfo, save_checkpoint
from packdepth.errors import InputError
from packdepth.inference.depth_model import DepthModel
from packdepth.inference.load import load_file
from packdepth.predict.command import Wanted, predict
from packdepth.utils import images


@pytest.fixture
def constant(tmp_path: Path) -> DepthModel:
    """A model that answers 4: 2.5 m everywhere, through 80 px at 64 rows."""
    network = models.build("constant")
    network.load_state_dict({"value": torch.tensor(4.0)})
    path = tmp_path / "model.safetensors"
    save_checkpoint(path, network, CheckpointInfo({"architecture": "constant"}, (64, 96), 10.0, focal_length=80.0))
    return load_file(path)


def photo(path: Path, size: tuple[int, int] = (64, 96)) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((*size, 3), 200, np.uint8)).save(path)
    return str(path)


def content(folder: Path) -> list[str]:
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", [(64, 96), (31, 47), (480, 640), (200, 90)])
def test_any_size_in_millimetres_and_as_a_picture(tmp_path: Path, constant: DepthModel, size):
    written, failed = predict(constant, [photo(tmp_path / "photo.jpg", size)], Wanted(tmp_path / "out"))
    assert ([path.name for path in written], failed) == (["photo_depth.png", "photo_picture.png"], [])
    millimetres = np.asarray(Image.open(written[0]))
    assert (millimetres.dtype, millimetres.shape) == (np.uint16, size)
    assert np.unique(millimetres).tolist() == [2500]
    assert Image.open(written[1]).mode == "RGB"


def test_the_images_focal_length_scales_depth(tmp_path: Path, constant: DepthModel):
    wanted = Wanted(tmp_path / "out", focal_length=160.0)
    (depth, _), _ = predict(constant, [photo(tmp_path / "photo.png")], wanted)
    assert np.unique(np.asarray(Image.open(depth))).tolist() == [5000]


def test_what_has_no_room_in_memory_is_named_and_the_rest_done(
    tmp_path: Path, constant: DepthModel, monkeypatch: pytest.MonkeyPatch
):
    whole = constant.infer_with_doubt

    def infer(image, focal_length):
        if image.shape[1] == 96:
            raise RuntimeError("[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory")
        return whole(image, focal_length)

    monkeypatch.setattr(constant, "infer_with_doubt", infer)
    images = [photo(tmp_path / "large.png", (96, 64)), photo(tmp_path / "small.png")]
    written, failed = predict(constant, images, Wanted(tmp_path / "out"))
    assert [path.name for path in written] == ["small_depth.png", "small_picture.png"]
    assert len(failed) == 1
    assert failed[0].startswith(f"{tmp_path}/large.png: not enough memory")


def test_a_fault_of_the_program_is_not_hidden(tmp_path: Path, constant: DepthModel, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(constant, "infer_with_doubt", lambda image, focal_length: {}["nothing"])
    with pytest.raises(KeyError, match="nothing"):
        predict(constant, [photo(tmp_path / "photo.png")], Wanted(tmp_path / "out"))


def test_a_very_large_photo_is_shrunk_and_its_focal_length_with_it(
    tmp_path: Path, constant: DepthModel, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(images, "MOST_PIXELS", 128 * 192 - 1)
    wanted = Wanted(tmp_path / "out", focal_length=160.0, cloud=True)
    (depth, _, cloud), _ = predict(constant, [photo(tmp_path / "photo.png", (128, 192))], wanted)
    assert "photo.png: very large; its depth has 64x96 px" in capsys.readouterr().err
    assert np.asarray(Image.open(depth)).shape == (64, 96)
    assert np.unique(np.asarray(Image.open(depth))).tolist() == [2500]
    body = cloud.read_bytes().partition(b"end_header\n")[2]
    np.testing.assert_allclose(np.frombuffer(body[:12], "<f4"), [-47.5 * 2.5 / 80, -31.5 * 2.5 / 80, 2.5], rtol=1e-6)


def test_a_cloud_stands_where_the_camera_saw_it(tmp_path: Path, constant: DepthModel):
    written, _ = predict(constant, [photo(tmp_path / "photo.png")], Wanted(tmp_path / "out", cloud=True))
    header, _, body = written[-1].read_bytes().partition(b"end_header\n")
    assert b"element vertex 6144" in header
    first = np.frombuffer(body[:12], "<f4")
    np.testing.assert_allclose(first, [-47.5 * 2.5 / 80, -31.5 * 2.5 / 80, 2.5], rtol=1e-6)


def test_one_bad_file_is_named_and_the_rest_is_done(tmp_path: Path, constant: DepthModel):
    photo(tmp_path / "in" / "a.png")
    (tmp_path / "in" / "b.png").write_text("no image")
    photo(tmp_path / "in" / "c.png")
    written, failed = predict(constant, [str(tmp_path / "in")], Wanted(tmp_path / "out"))
    assert {path.name[0] for path in written} == {"a", "c"}
    assert len(failed) == 1
    assert "b.png: cannot be read as an image" in failed[0]
    assert content(tmp_path / "out") == sorted(path.name for path in written)


def test_nothing_is_overwritten_unless_asked(tmp_path: Path, constant: DepthModel):
    inputs = [photo(tmp_path / "a.png"), photo(tmp_path / "b.png")]
    out = tmp_path / "out"
    predict(constant, inputs[:1], Wanted(out))
    (out / "a_depth.png").write_text("mine")
    with pytest.raises(InputError, match=r"out/a_depth\.png and 1 more: already there; --force overwrites"):
        predict(constant, inputs, Wanted(out))
    assert content(out) == ["a_depth.png", "a_picture.png"]
    assert (out / "a_depth.png").read_text() == "mine"
    predict(constant, inputs, Wanted(out, force=True))
    assert np.asarray(Image.open(out / "a_depth.png")).max() == 2500


@pytest.mark.slow
def test_a_published_checkpoint(tmp_path: Path, publish, one_metre):
    model = load_file(publish(one_metre))
    (depth, _), _ = predict(model, [photo(tmp_path / "photo.png", (40, 50))], Wanted(tmp_path / "out"))
    assert np.unique(np.asarray(Image.open(depth))).tolist() == [1000]
    for wanted in (Wanted(tmp_path / "new", cloud=True), Wanted(tmp_path / "new", focal_length=500.0)):
        with pytest.raises(InputError, match="does not know its training data's focal length"):
            predict(model, [str(tmp_path / "photo.png")], wanted)


def test_a_file_where_the_folder_should_be(tmp_path: Path, constant: DepthModel):
    (tmp_path / "out").write_text("")
    with pytest.raises(InputError, match="out: is a file; expected a folder"):
        predict(constant, [photo(tmp_path / "a.png")], Wanted(tmp_path / "out"))
