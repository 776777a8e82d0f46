"""The labelled NYU Depth v2: splits, MATLAB's reversed axes, depth to the millimetre, and what can be wrong."""

from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest
from PIL import Image
from pydantic import TypeAdapter
from scipy.io import savemat

from packdepth.config.datasets import Data
from packdepth.data.datasets.archives import Tree
from packdepth.data.datasets.nyu_labelled import NyuLabelled
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from tests.support.archives_nyu import frame, write_labelled, write_mat, write_splits
from tests.support.stores import TOP, made_store

REAL = TOP.parent / "shared" / "real"
FRAMES, SPLITS = REAL / "nyu_frames" / "nyu_demo", REAL / "nyu_splits" / "splits.mat"


def settings(source: Path | list[Path] | None, size: tuple[int, int] = (480, 640)) -> Data:
    plain = {"dataset": "nyu-labelled", "source": source, "size": size}
    return TypeAdapter(Data).validate_python(plain)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_labelled(tmp_path_factory.mktemp("nyu"))


def ids(store: Store) -> list[str]:
    return [store.id(index) for index in range(len(store))]


def test_every_frame_is_in_its_split_upright_and_exact(published: list[Path], tmp_path: Path):
    expected = {
        "train": ["nyu-labelled/kitchen_0001/0001", "nyu-labelled/kitchen_0003/0003"],
        "test": ["nyu-labelled/kitchen_0002/0002", "nyu-labelled/kitchen_0004/0004"],
    }
    for split, names in expected.items():
        store = made_store(settings(published), split, tmp_path)
        assert ids(store) == names
        for index, name in enumerate(names):
            rgb, depth = frame(int(name[-4:]) - 1)
            np.testing.assert_array_equal(store.rgb(index), rgb)
            np.testing.assert_allclose(store.depth(index), depth, atol=1e-6)
        expected_camera = [[518.8579, 0, 325.58245], [0, 519.46961, 253.73617], [0, 0, 1]]
        np.testing.assert_allclose(store.intrinsics(0), expected_camera, rtol=1e-6)
        assert store.attributes["depth_unit"] == "millimetre"


def test_another_size(published: list[Path], tmp_path: Path):
    """A third of the height, a fifth of the width; the test split's truth stays as large as it is."""
    train, test = (made_store(settings(published, (160, 128)), split, tmp_path) for split in ("train", "test"))
    assert train.rgb(0).shape == test.rgb(0).shape == (160, 128, 3)
    assert train.depth(0).shape == (160, 128)
    assert test.depth(0).shape == (480, 640)
    np.testing.assert_allclose(train.depth(0)[[0, 0, 159], [0, 127, 0]], [1.001, 1.501, 1.478], atol=1e-6)
    cx, cy = (325.58245 + 0.5) / 5 - 0.5, (253.73617 + 0.5) / 3 - 0.5
    expected_camera = [[518.8579 / 5, 0, cx], [0, 519.46961 / 3, cy], [0, 0, 1]]
    np.testing.assert_allclose(train.intrinsics(0), expected_camera, rtol=1e-6)


def test_a_folder_that_holds_both_somewhere(published: list[Path], tmp_path: Path):
    for name, path in zip(("a/deep", "b"), published, strict=True):
        (tmp_path / "source" / name).mkdir(parents=True)
        (tmp_path / "source" / name / path.name).symlink_to(path)
    assert len(made_store(settings(tmp_path / "source"), "train", tmp_path)) == 2


def test_what_is_downloaded():
    asked = []
    paths = NyuLabelled.archives(settings(None), lambda remote: asked.append(remote) or Path(remote.name))
    assert [path.name for path in paths] == ["nyu_depth_v2_labeled.mat", "splits.mat"]
    assert [remote.hash for remote in asked] == [
        "md5:520609c519fba3ba5ac58c8fefcc3530",
        "md5:08e3c3aea27130ac7c01ffd739a4535f",
    ]


def _edit(change: Callable[[h5py.File], None]) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        with h5py.File(folder / "nyu_depth_v2_labeled.mat", "r+") as file:
            change(file)

    return edit


def _turn(file: h5py.File) -> None:
    turned = file["depths"][()].transpose(0, 2, 1)
    del file["depths"]
    file["depths"] = turned


def _cut(folder: Path, name: str, to: int) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[:to])


def _spoil(folder: Path) -> None:
    """Zeros over the compressed pixels of the first frame."""
    path = folder / "nyu_depth_v2_labeled.mat"
    with h5py.File(path) as file:
        info = file["images"].id.get_chunk_info(0)
        offset = info.byte_offset + file.userblock_size
    with path.open("r+b") as plain:
        plain.seek(offset)
        plain.write(bytes(info.size))


WRONG: dict[str, Callable[[Path], object]] = {
    "has no 'nyu_depth_v2_labeled.mat'": lambda folder: (folder / "nyu_depth_v2_labeled.mat").unlink(),
    "has no 'splits.mat'": lambda folder: (folder / "splits.mat").unlink(),
    "labeled.mat: truncated, or not a MATLAB 7.3 file": lambda folder: _cut(folder, "nyu_depth_v2_labeled.mat", 9000),
    "labeled.mat: has no 'depths'": _edit(lambda file: file.pop("depths")),
    "labeled.mat: has no 'scenes'": _edit(lambda file: file.pop("scenes")),
    "labeled.mat: 'depths' has frames of shape (480, 640), not (640, 480)": _edit(_turn),
    "labeled.mat: frame 1: cannot be read": _spoil,
    "splits.mat: its splits do not cover": lambda folder: write_splits(folder / "splits.mat", [1, 3], [2]),
    "splits.mat: expected MATLAB 5": lambda folder: savemat(folder / "splits.mat", {"trainNdxs": [1]}),
    "splits.mat: expected MATLAB 5 ": lambda folder: (folder / "splits.mat").write_bytes(b""),
    "splits.mat: expected MATLAB 5  ": lambda folder: (folder / "splits.mat").write_text("no MATLAB\n" * 50),
    "splits.mat: expected MATLAB 5   ": lambda folder: _cut(folder, "splits.mat", 170),
    "splits.mat: expected MATLAB 5    ": lambda folder: _cut(folder, "splits.mat", 250),
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_one_line(tmp_path: Path, words: str):
    (tmp_path / "source").mkdir()
    write_labelled(tmp_path / "source")
    WRONG[words](tmp_path / "source")
    with pytest.raises(InputError) as caught:
        made_store(settings(tmp_path / "source"), "train", tmp_path)
    assert words.strip() in str(caught.value)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.glob("*.h5"))


def test_depths_of_another_length_are_told(tmp_path: Path):
    rgb, depth = zip(*map(frame, range(3)), strict=True)
    mat = write_mat(tmp_path / "nyu_depth_v2_labeled.mat", rgb, depth[:2], ["a", "b", "c"])
    source = [mat, write_splits(tmp_path / "splits.mat", [1, 3], [2])]
    with pytest.raises(InputError, match=r"labeled\.mat: 'depths' has 2 frames, 'images' has 3"):
        made_store(settings(source), "train", tmp_path)


@pytest.mark.skipif(not SPLITS.is_file(), reason="the real splits are not beside this checkout")
def test_the_real_splits(tmp_path: Path):
    """On a file of 1449 frames whose pixels were never written, which takes no room."""
    mat = tmp_path / "nyu_depth_v2_labeled.mat"
    with h5py.File(mat, "w") as file:
        for name, shape in {"images": (3, 640, 480), "depths": (640, 480)}.items():
            file.create_dataset(name, (1449, *shape), np.uint8, chunks=(1, *shape))
        file.create_dataset("scenes", (1, 1449), h5py.ref_dtype)
    lengths = {s: NyuLabelled(settings([mat, SPLITS]), s, Tree([mat, SPLITS])).frames for s in ("train", "test")}
    assert lengths == {"train": 795, "test": 654}


@pytest.mark.skipif(not FRAMES.is_dir(), reason="the real NYU frames are not beside this checkout")
def test_real_frames(tmp_path: Path):
    rgb = [np.asarray(Image.open(path).convert("RGB")) for path in sorted((FRAMES / "rgb").iterdir())]
    depth = [np.asarray(Image.open(path)) / np.float32(1000) for path in sorted((FRAMES / "depth").iterdir())]
    write_mat(tmp_path / "nyu_depth_v2_labeled.mat", rgb, depth, ["office_0001"] * 3)
    write_splits(tmp_path / "splits.mat", [1, 3], [2])
    store = made_store(settings(tmp_path), "test", tmp_path)
    np.testing.assert_array_equal(store.rgb(0), rgb[1])
    np.testing.assert_allclose(store.depth(0), depth[1], atol=1e-6)
