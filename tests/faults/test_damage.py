"""Damaged files: whatever reads them gives one line, or what is still there. DAMAGE=900 tries more of them.

Each is read in a process of its own, since a library's C code may not survive one.
"""

import faulthandler
import io
import os
import signal
import tarfile
import traceback
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
import torch
from PIL import Image

import packdepth
from packdepth.analysis import results
from packdepth.checkpoints import packnet_sfm_file
from packdepth.config.datasets import NyuLabelledData
from packdepth.config.load import load_study
from packdepth.data.datasets.acquire import read_listing
from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.nyu_labelled import NyuLabelled
from packdepth.data.store.context import FORMAT as CONTEXT_FORMAT
from packdepth.data.store.context import ContextStore, append_neighbours
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from packdepth.evaluation.evaluate import training_losses
from packdepth.inference.images import photo
from tests.support.archives_nyu import write_labelled
from tests.support.clones import TINY
from tests.support.context import neighbours
from tests.support.stores import slopes, write_store

MEMBERS = {"top/list.csv": b"rgb,depth\r\n" * 50, "top/0.jpg": bytes(range(256)) * 4}
TRIED = int(os.environ.get("DAMAGE", "180"))
CRASHES = {-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS}
CRASH = {".h5", ".mat"}  # formats whose readers, HDF5 and SciPy, now and then crash in C; docs/reliability.md says so


def make_store(path: Path) -> None:
    write_store(path, slopes(4))


def read_store(path: Path) -> None:
    store = Store(path)
    for index in range(len(store)):
        store.rgb(index), store.depth(index), store.intrinsics(index), store.id(index)


def make_context(path: Path) -> None:
    make_store(path.with_name("train.h5"))
    with h5py.File(path, "w") as file:
        append_neighbours(file.create_group("recorded"), neighbours(4))
        file["recorded"].attrs["fingerprint"] = "of these neighbours"
        store = Store(path.with_name("train.h5"))
        file.attrs.update({"format": CONTEXT_FORMAT, "store": store.fingerprint, "parameters": "{}"})


def read_context(path: Path) -> None:
    context = ContextStore(path, "recorded", Store(path.with_name("train.h5")))
    context.frames()
    for index in range(len(context)):
        context.rgb(index), context.mask(index), context.pose(index), context.velocity(index)


def make_zip(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in MEMBERS.items():
            archive.writestr(zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0)), content, zipfile.ZIP_DEFLATED)


def make_tar(path: Path) -> None:
    with tarfile.open(path, "w:gz" if path.suffix == ".tgz" else "w") as archive:
        for name, content in MEMBERS.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def read_archive(path: Path) -> None:
    tree = Tree([path])
    for name in tree.names():
        tree.read(name)


def make_nyu(path: Path) -> None:
    write_labelled(path.parent, frames=2)


def read_nyu(path: Path) -> None:
    for split in ("train", "test"):
        data = NyuLabelledData(dataset="nyu-labelled", size=(32, 64), source=str(path.parent))
        source = NyuLabelled(data, split, Tree([path.parent]))
        for index in range(source.pieces):
            source.piece(index)


def make_published(path: Path) -> None:
    torch.save({"state_dict": {"model.depth_net.a": torch.arange(64.0)}, "config": {}}, path)


def make_checkpoint(path: Path) -> None:
    torch.manual_seed(0)
    packdepth.create_model("packnet", width=0.125, size=(64, 64)).save_pretrained(path.parent)


def make_image(path: Path) -> None:
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), dtype=np.uint8)).save(path)


def make_arrays(path: Path) -> None:
    np.savez(path, rgb=np.zeros((2, 4, 6, 3), np.uint8), truth=np.ones((2, 4, 6), np.float32))


# By a file's name: what makes it, and what reads it.
FORMATS: dict[str, tuple[Callable[[Path], object], Callable[[Path], object]]] = {
    "train.h5": (make_store, read_store),
    "model.safetensors": (make_checkpoint, packdepth.load),
    "context.h5": (make_context, read_context),
    "published.ckpt": (make_published, packnet_sfm_file.read),
    "data.zip": (make_zip, read_archive),
    "data.tar": (make_tar, read_archive),
    "data.tgz": (make_tar, read_archive),
    "splits.mat": (make_nyu, read_nyu),
    "nyu_depth_v2_labeled.mat": (make_nyu, read_nyu),
    "archives.json": (lambda path: path.write_text('{"archives": [{"path": "/a.zip", "bytes": 3}]}'), read_listing),
    "photo.png": (make_image, photo),
    "photo.jpg": (make_image, photo),
    "photo.tif": (make_image, photo),
    "photo.webp": (make_image, photo),
    "samples.npz": (make_arrays, results.read_npz),
    "evaluation.json": (lambda path: path.write_text('{"test_loss": 0.5, "metric": {"a": [1, 2]}}'), results.read_json),
    "train_log.csv": (
        lambda path: path.write_text("step,epoch,loss\n" + "".join(f"{step},0,0.5\n" for step in range(1, 40))),
        training_losses,
    ),
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
    faulthandler.disable()
    signal.alarm(60)  # s; what hangs ends, and fails
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
    crashes = 0
    for number in range(TRIED // len(FORMATS)):
        path.write_bytes(damaged(whole, random))
        code = ended(read, path, told)
        if code in CRASHES and path.suffix in CRASH:
            crashes += 1
            continue
        assert code == 0, f"number {number} ended with {code}\n{told.read_text() if told.exists() else ''}"
    print(f"{TRIED // len(FORMATS)} of {name}: {crashes} crashes")
    assert crashes <= 1 + TRIED / len(FORMATS) / 50
