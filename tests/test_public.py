"""What `import packdepth` offers: models, depth maps, and the version."""

import os
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, ImageOps

import packdepth
from packdepth import models
from packdepth.checkpoints.native import CheckpointInfo, save_checkpoint
from packdepth.errors import InputError
from packdepth.predict.command import Wanted
from packdepth.predict.command import predict as predict_files
from tests.support.stores import TOP

SIZE = (32, 64)  # height and width of training, px
ROTATED = 6  # EXIF's word for a photo that is to be turned by 90 degrees
ORIENTATION = 0x0112
NETWORKS = {
    "constant": {"architecture": "constant"},
    "densedepth": {"architecture": "densedepth", "width": 0.125},
    "packnet": {"architecture": "packnet", "width": 0.125},
    "autoencoder": {"architecture": "autoencoder", "width": 0.125},
}


def checkpoint(folder: Path, name: str) -> Path:
    """A checkpoint of a small network with random weights."""
    torch.manual_seed(0)
    model = models.build(**NETWORKS[name])
    path = folder / f"{name}.safetensors"
    save_checkpoint(path, model, CheckpointInfo(NETWORKS[name], SIZE, 10.0))
    return path


def pixels(height: int, width: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)


def test_every_architecture_has_a_network_here():
    assert NETWORKS.keys() == models.ARCHITECTURES.keys()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["constant", "densedepth", "packnet"])
@pytest.mark.parametrize("size", [SIZE, (1, 1), (31, 47), (97, 65)])
def test_depth_in_metres_at_the_images_size(tmp_path, name, size):
    depth = packdepth.load(checkpoint(tmp_path, name)).infer(pixels(*size))
    assert (type(depth), depth.dtype, depth.shape) == (np.ndarray, np.float32, size)
    assert np.isfinite(depth).all()
    assert (depth > 0).all()


@pytest.fixture
def packnet(tmp_path: Path) -> packdepth.DepthModel:
    return packdepth.load(checkpoint(tmp_path, "packnet"))


def test_whatever_holds_an_image_is_one_image(tmp_path, packnet):
    rgb = pixels(40, 50)
    file = tmp_path / "photo.png"
    Image.fromarray(rgb).save(file)
    expected = packnet.infer(rgb)
    tensor = torch.from_numpy(rgb).permute(2, 0, 1)
    for image in (file, str(file), Image.open(file), Image.fromarray(rgb), rgb[:, ::-1][:, ::-1], tensor, tensor / 255):
        np.testing.assert_array_equal(packnet.infer(image), expected)


def test_it_is_what_the_command_line_writes(tmp_path, packnet):
    file = tmp_path / "photo.png"
    Image.fromarray(pixels(40, 50)).save(file)
    (depth_file, _), _ = predict_files(packnet, [str(file)], Wanted(tmp_path / "out"))
    millimetres = np.round(packnet.infer(file) * 1000)
    np.testing.assert_array_equal(np.asarray(Image.open(depth_file)), np.clip(millimetres, 0, 65535))


@pytest.mark.parametrize("given", ["file", "picture"])
def test_a_rotated_photo_is_turned_upright(tmp_path, packnet, given):
    file = tmp_path / "photo.png"
    exif = Image.Exif()
    exif[ORIENTATION] = ROTATED
    Image.fromarray(pixels(40, 50)).save(file, exif=exif)
    depth = packnet.infer(file if given == "file" else Image.open(file))
    assert depth.shape == (50, 40)
    upright = np.asarray(ImageOps.exif_transpose(Image.open(file)))
    np.testing.assert_array_equal(depth, packnet.infer(upright))


@pytest.mark.parametrize("mode", ["L", "P", "RGBA"])
def test_other_pictures_are_made_rgb(packnet, mode):
    image = Image.fromarray(pixels(32, 40)).convert(mode)
    expected = packnet.infer(np.asarray(image.convert("RGB")))
    np.testing.assert_array_equal(packnet.infer(image), expected)


def test_grey_of_sixteen_bits_is_scaled_to_eight(packnet):
    grey = pixels(32, 40)[..., 0]
    expected = packnet.infer(Image.fromarray(grey))
    np.testing.assert_array_equal(packnet.infer(Image.fromarray(grey.astype(np.uint16) * 257)), expected)


def test_an_autoencoder_predicts_no_depth(tmp_path):
    with pytest.raises(InputError, match=r"autoencoder\.safetensors: holds an autoencoder; .* no depth"):
        packdepth.load(checkpoint(tmp_path, "autoencoder"))


def test_refusals_are_one_line(tmp_path):
    constant = packdepth.load(checkpoint(tmp_path, "constant"))
    (tmp_path / "words.png").write_text("no image")
    Image.fromarray(pixels(64, 64)).save(tmp_path / "whole.png")
    (tmp_path / "half.png").write_bytes((tmp_path / "whole.png").read_bytes()[:2000])
    Image.fromarray(np.array([[0, 2**16]], np.int32)).save(tmp_path / "deep.tif")
    floats = pixels(4, 4).astype(np.float32)
    wrong = {
        r"none\.png: cannot be read as an image": tmp_path / "none.png",
        r"words\.png: cannot be read as an image": str(tmp_path / "words.png"),
        r"half\.png: cannot be read as an image": tmp_path / "half.png",
        r"deep\.tif: has grey from 0 to 65536; expected 8 or 16 bits": tmp_path / "deep.tif",
        "^image: cannot be read as an image": Image.open(tmp_path / "half.png"),
        "^image: holds floats; expected 8 or 16 bits": Image.fromarray(floats[..., 0]),
        r"expected floats in \[0, 1\], got \d+ to \d+": floats,
        r"expected an array of shape \(H, W, 3\), got \(3, 4, 5\)": np.zeros((3, 4, 5), np.uint8),
        r"expected an array of shape \(H, W, 3\), got \(0, 4, 3\)": pixels(0, 4),
        "expected an array of uint8 or floats, got int64": pixels(4, 4).astype(np.int64),
        r"expected a tensor of shape \(3, H, W\), got \(1, 3, 4, 4\)": torch.zeros(1, 3, 4, 4),
        r"expected floats in \[0, 1\], got 0 to 255": torch.tensor([0.0, 255.0]).expand(3, 4, 2),
        "got nan to nan": torch.full((3, 4, 4), torch.nan),
        r"expected a tensor of uint8 or floats, got torch\.int64": torch.zeros(3, 4, 4, dtype=torch.int64),
        "got a list": [[0]],
    }
    for message, image in wrong.items():
        with pytest.raises(InputError, match=message) as caught:
            constant.infer(image)
        assert "\n" not in str(caught.value)
    with pytest.raises(InputError, match=r"none\.safetensors: no such checkpoint"):
        packdepth.load(tmp_path / "none.safetensors")


def test_the_import_and_the_version_wait_for_no_torch():
    program = "import packdepth, sys; print(packdepth.__version__); assert 'torch' not in sys.modules"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == packdepth.__version__ == version("packdepth")


@pytest.mark.slow
def test_types_are_seen_from_outside(tmp_path):
    """A user's mypy knows what goes in and what comes out, and finds a misspelt name."""
    program = tmp_path / "program.py"
    program.write_text(
        "from typing import assert_type\n"
        "import numpy as np\n"
        "from numpy.typing import NDArray\n"
        "import packdepth\n"
        "net = packdepth.load('model.safetensors')\n"
        "depth = net.infer(np.zeros((4, 4, 3), np.uint8))\n"
        "assert_type(depth, NDArray[np.float32])\n"
        "assert_type(packdepth.__version__, str)\n"
        "net.infer(4)\n"
        "packdepth.laod\n"
    )
    config = f"--config-file={TOP / 'pyproject.toml'}"  # the settings of `make check`, for its cache
    command = [sys.executable, "-m", "mypy", config, "program.py"]
    seen = {**os.environ, "MYPYPATH": str(TOP / "src"), "MYPY_CACHE_DIR": str(TOP / ".mypy_cache")}
    done = subprocess.run(command, cwd=tmp_path, env=seen, capture_output=True, text=True)
    faults = [line.rpartition("[")[2] for line in done.stdout.splitlines() if line.startswith("program.py:")]
    assert faults == ["arg-type]", "attr-defined]"], done.stdout


@pytest.mark.slow
def test_torch_hub_takes_a_checkout_that_is_not_installed(tmp_path):
    path = checkpoint(tmp_path, "constant")
    program = (
        "import importlib.metadata as metadata, torch\n"
        "known = metadata.distribution\n"
        "metadata.distribution = lambda name: known('no-such' if name == 'packdepth' else name)\n"
        f"load = lambda *given, **more: torch.hub.load({str(TOP)!r}, *given, source='local', **more)\n"
        "print(load('create_model', 'packnet', width=0.125).training)\n"
        f"print(load('load', {str(path)!r}).info.size)\n"
        "import packdepth; print(packdepth.__version__, packdepth.__file__)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True)
    here = TOP / "src" / "packdepth" / "__init__.py"
    assert done.stdout.splitlines() == ["True", str(SIZE), f"unknown {here}"]
