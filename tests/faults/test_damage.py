"""Damaged files: whatever reads them gives one line, or what is still there. DAMAGE=900 tries more of them.

Each is read in a process of its own, since a library's C code may not survive one.
"""

import os
import traceback
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

import packdepth
from packdepth.analysis import results
from packdepth.config.load import load_study
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.inference.images import pixels
from tests.support.clones import TINY
from tests.support.stores import slopes, write_store

TRIED = int(os.environ.get("DAMAGE", "180"))


def make_store(path: Path) -> None:
    write_store(path, slopes(4))


def read_store(path: Path) -> None:
    store = Store(path)
    for index in range(len(store)):
        store.rgb(index), store.depth(index), store.intrinsics(index), store.id(index)


def make_checkpoint(path: Path) -> None:
    packdepth.create_model("packnet", width=0.125, size=(64, 64)).save_pretrained(path.parent)


def make_image(path: Path) -> None:
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)).save(path)


def make_arrays(path: Path) -> None:
    np.savez(path, rgb=np.zeros((2, 4, 6, 3), np.uint8), truth=np.ones((2, 4, 6), np.float32))


# By a file's name: what makes it, and what reads it.
FORMATS: dict[str, tuple[Callable[[Path], object], Callable[[Path], object]]] = {
    "train.h5": (make_store, read_store),
    "model.safetensors": (make_checkpoint, packdepth.load),
    "photo.png": (make_image, pixels),
    "photo.jpg": (make_image, pixels),
    "photo.tif": (make_image, pixels),
    "photo.webp": (make_image, pixels),
    "samples.npz": (make_arrays, results.read_npz),
    "evaluation.json": (lambda path: path.write_text('{"test_loss": 0.5, "metric": {"a": [1, 2]}}'), results.read_json),
    "table.csv": (lambda path: path.write_text("variant,loss\n" + "packnet,0.5\n" * 20), results.read_csv),
    "params.yaml": (lambda path: path.write_text(TINY), load_study),
}


def damaged(content: bytes, random: np.random.Generator) -> bytes:
    """A few bytes changed, a block of zeros, an early end, or something inserted."""
    place, length = int(random.integers(len(content))), int(random.integers(1, 64))
    match random.integers(4):
        case 0:
            changed = bytearray(content)
            for at in random.integers(len(content), size=length):
                changed[at] = int(random.integers(256))
            return bytes(changed)
        case 1:
            return content[:place] + bytes(length) + content[place + length :]
        case 2:
            return content[:place]
        case _:
            return content[:place] + random.bytes(length) + content[place:]


def ended(read: Callable[[Path], object], path: Path, told: Path) -> int:
    """How reading ends in a process of its own: 0 well or in one line, 1 in a traceback, which is in `told`."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        read(path)
        code = 0
    except InputError:
        code = 0
    except BaseException:
        told.write_text(traceback.format_exc())
    finally:
        os._exit(code)


@pytest.mark.slow
@pytest.mark.parametrize("name", FORMATS)
def test_a_damaged_file_is_read_or_named(tmp_path: Path, name: str):
    torch.set_num_threads(1)
    make, read = FORMATS[name]
    path, told = tmp_path / name, tmp_path / "told"
    make(path)
    read(path)
    whole = path.read_bytes()
    random = np.random.default_rng(0)
    for number in range(TRIED // len(FORMATS)):
        path.write_bytes(damaged(whole, random))
        code = ended(read, path, told)
        assert code == 0, f"number {number} ended with {code}\n{told.read_text() if told.exists() else ''}"
