"""Make3D: pairs found by their stems, distances along the rays, the whole image and its central part."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pydantic import TypeAdapter
from scipy.io import loadmat

from packdepth.config.datasets import Data
from packdepth.data.datasets.make3d import Make3d
from packdepth.data.store.frames import Store
from packdepth.errors import InputError
from tests.support.archives_make3d import FOLDERS, TEST, TRAIN, distance, files, image, jpeg, mat, write_make3d
from tests.support.stores import TOP, made_store

REAL = TOP.parent / "shared" / "real" / "make3d_pairs"
RED, GREEN, GREY = [255, 0, 0], [0, 255, 0], [60, 60, 60]
GRID = f"Train400Depth/depth_sph_corr-{TRAIN[0]}.mat"
Files = dict[str, dict[str, bytes]]


def settings(source: Path | list[Path] | None, **changes: object) -> Data:
    plain = {"dataset": "make3d", "source": source, "size": (96, 64)}
    return TypeAdapter(Data).validate_python(plain | changes)


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write_make3d(tmp_path_factory.mktemp("make3d"))


def ids(store: Store) -> list[str]:
    return [store.id(index) for index in range(len(store))]


def corners(store: Store) -> list[list[int]]:
    """Colours near the four corners of the first image, row by row."""
    return store.rgb(0)[[2, 2, -3, -3], [2, -3, 2, -3]].tolist()


@pytest.mark.parametrize(("split", "stems", "first"), [("train", TRAIN, 0), ("test", TEST, 3)])
def test_the_whole_image(published: list[Path], tmp_path: Path, split: str, stems: tuple[str, ...], first: int):
    store = made_store(settings(published), split, tmp_path)
    assert ids(store) == [f"make3d/{stem}" for stem in stems]
    grey = [60 + 20 * first] * 3
    np.testing.assert_allclose(corners(store), [RED, grey, grey, grey], atol=3)
    expected_camera = [[2461 * 64 / 1704, 0, 868.6 * 64 / 1704 - 0.5], [0, 2468.4 * 96 / 2272, 1092 * 96 / 2272 - 0.5]]
    np.testing.assert_allclose(store.intrinsics(0)[:2], expected_camera, rtol=1e-6)
    assert store.attributes["depth_unit"] == "metre"
    assert store.depth(0).shape == {"train": (96, 64), "test": (55, 305)}[split]
    for index in range(len(stems)):
        depth, d = store.depth(index), distance(first + index)  # all of its values are exact in float16
        np.testing.assert_array_equal(depth[[0, 0, -1, -1], [0, -1, 0, -1]], d[[0, 0, -1, -1], [0, -1, 0, -1]])


def test_the_truth_of_the_test_split_is_the_grid(published: list[Path], tmp_path: Path):
    np.testing.assert_array_equal(made_store(settings(published), "test", tmp_path).depth(1), distance(4))
    store = made_store(settings(published, part="centre", size=(64, 128)), "test", tmp_path)
    np.testing.assert_array_equal(store.depth(1), distance(4)[17:38])


def test_the_central_part(published: list[Path], tmp_path: Path):
    """Rows 710 to 1562 of the image, 17 to 38 of the grid."""
    store = made_store(settings(published, part="centre", size=(64, 128)), "train", tmp_path)
    np.testing.assert_allclose(corners(store), [GREEN, GREY, GREY, GREY], atol=3)
    expected_camera = [[2461 * 128 / 1704, 0, 868.6 * 128 / 1704 - 0.5], [0, 2468.4 * 64 / 852, 382 * 64 / 852 - 0.5]]
    np.testing.assert_allclose(store.intrinsics(0)[:2], expected_camera, rtol=1e-6)
    depth = store.depth(0)
    assert depth.shape == (64, 128)
    np.testing.assert_array_equal(depth[[0, 0, -1, -1], [0, -1, 0, -1]], [21, 21.125, 41, 41.125])


def test_folders_of_other_names(tmp_path: Path):
    """Unpacked by hand, all grids in one folder."""
    for members in files().values():
        for name, content in members.items():
            folder = "grids" if name.endswith(".mat") else "images/testing" if "Test134" in name else "images/training"
            path = tmp_path / "source" / folder / Path(name).name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    for split, stems in (("train", TRAIN), ("test", TEST)):
        assert ids(made_store(settings(tmp_path / "source"), split, tmp_path)) == [f"make3d/{stem}" for stem in stems]


def test_the_name_of_a_source_folder_says_nothing_of_the_folders_in_it(tmp_path: Path):
    (tmp_path / "test-of-make3d").mkdir()
    for members in files().values():
        for name, content in members.items():
            path = tmp_path / "test-of-make3d" / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    data = settings(tmp_path / "test-of-make3d")
    assert ids(made_store(data, "train", tmp_path)) == [f"make3d/{stem}" for stem in TRAIN]


def test_unpacked_archives_given_one_by_one(tmp_path: Path):
    for members in files().values():
        for name, content in members.items():
            path = tmp_path / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
    data = settings([tmp_path / name for name in FOLDERS.values()])
    for split, stems in (("train", TRAIN), ("test", TEST)):
        assert ids(made_store(data, split, tmp_path)) == [f"make3d/{stem}" for stem in stems]


def test_missing_distances_are_named_and_counted_or_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    members = files()
    del members["Train400Depth.tgz"][GRID]
    source = write_make3d(tmp_path, members)
    with pytest.raises(InputError, match=rf"1 of 3 train frames are missing: depth_sph_corr-{TRAIN[0]}\.mat; data\."):
        made_store(settings(source), "train", tmp_path)
    store = made_store(settings(source, skip_missing=True), "train", tmp_path)
    assert ids(store) == [f"make3d/{stem}" for stem in TRAIN[1:]]
    assert "1 of 3 train frames are missing" in capsys.readouterr().err


def test_what_is_downloaded():
    asked = []
    Make3d.archives(settings(None), lambda remote: asked.append(remote) or Path(remote.name))
    stanford, cornell = "http://cs.stanford.edu/group/reconstruction3d", "http://www.cs.cornell.edu/~asaxena"
    assert [remote.urls[0] for remote in asked] == [
        f"{stanford}/Train400Img.tar.gz",
        f"{stanford}/Train400Depth.tgz",
        f"{cornell}/learningdepth/Test134.tar.gz",
        f"{cornell}/learningdepth/Test134Depth.tar.gz",
    ]


def _grid(content: bytes) -> Callable[[Files], None]:
    return lambda members: members["Train400Depth.tgz"].update({GRID: content})


def _image(content: bytes) -> Callable[[Files], None]:
    return lambda members: members["Train400Img.tar.gz"].update({f"Train400Img/img-{TRAIN[0]}.jpg": content})


GOOD = mat(distance(0))
WRONG: dict[str, Callable[[Files], object]] = {
    "has no img-*.jpg in a folder of the train split": lambda members: members["Train400Img.tar.gz"].clear(),
    f"img-{TRAIN[0]}.jpg is 852x1136, not 1704x2272": _image(jpeg(image(0).resize((852, 1136)))),
    f"img-{TRAIN[0]}.jpg: cannot be read as an image": _image(jpeg(image(0))[:5000]),
    f"{GRID}: Position3DGrid is (54, 305, 4), not (55, 305, 4)": _grid(mat(distance(0)[1:])),
    f"{GRID}: expected MATLAB 5 with Position3DGrid": _grid(b""),
    f"{GRID}: expected MATLAB 5 with Position3DGrid ": _grid(b"no MATLAB at all\n" * 50),
    f"{GRID}: expected MATLAB 5 with Position3DGrid  ": _grid(GOOD[: len(GOOD) // 2]),
    f"{GRID}: expected MATLAB 5 with Position3DGrid   ": _grid(GOOD[:300] + bytes(40) + GOOD[340:]),
    f"{GRID}: expected MATLAB 5 with Position3DGrid    ": _grid(GOOD[:140]),
}


@pytest.mark.parametrize("words", WRONG)
def test_what_is_wrong_is_one_line(tmp_path: Path, words: str):
    members = files()
    WRONG[words](members)
    with pytest.raises(InputError) as caught:
        made_store(settings(write_make3d(tmp_path, members)), "train", tmp_path)
    assert words.strip() in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.skipif(not REAL.is_dir(), reason="the real Make3D pairs are not beside this checkout")
def test_real_pairs(tmp_path: Path):
    stems = sorted(path.stem.removeprefix("img-") for path in REAL.glob("img-*.jpg"))
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "test").symlink_to(REAL)
    store = made_store(settings(tmp_path / "source"), "test", tmp_path)
    assert ids(store) == [f"make3d/{stem}" for stem in stems]
    for index, stem in enumerate(stems):
        grid = loadmat(REAL / f"depth_sph_corr-{stem}.mat")["Position3DGrid"]
        np.testing.assert_allclose(store.depth(index), np.linalg.norm(grid[..., :3], axis=-1), atol=0.06)
        assert np.median(store.depth(index)[:10]) > 3 * np.median(store.depth(index)[-10:])  # sky above, ground below
