"""What paths, folders and patterns mean."""

from pathlib import Path

import pytest

from packdepth.errors import InputError
from packdepth.predict.sources import found, is_video


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in (
        "in/b.PNG",
        "in/a.jpg",
        "in/clip.mp4",
        "in/a.mov",
        "in/notes.pdf",
        "in/notes.txt",
        "in/._a.jpg",
        "in/deep/c.png",
        "[1].png",
        "empty/notes.txt",
    ):
        Path(name).parent.mkdir(exist_ok=True, parents=True)
        Path(name).touch()


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["in"], ["in/a.jpg", "in/a.mov", "in/b.PNG", "in/clip.mp4"]),
        (["in/*.PNG", "in/a.jpg"], ["in/b.PNG", "in/a.jpg"]),
        (["in/**/*.png"], ["in/deep/c.png"]),
        (["[1].png"], ["[1].png"]),
        (["in/a.jpg", "in", "in/a.jpg"], ["in/a.jpg", "in/a.mov", "in/b.PNG", "in/clip.mp4"]),
        (["not_there.png"], ["not_there.png"]),
    ],
)
def test_files_folders_and_patterns(given, meant):
    assert [path.as_posix() for path in found(given)] == meant


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["empty"], "empty: a folder without any image or video"),
        (["in/*.tif"], r"in/\*\.tif: no file matches"),
        (["in/a.jpg", "other/a.png"], r"in/a\.jpg and other/a\.png have the same name"),
        (["in/a.mov", "other/a.mp4"], r"in/a\.mov and other/a\.mp4 have the same name"),
    ],
)
def test_refusals(given, message):
    with pytest.raises(InputError, match=message):
        found(given)


def test_videos_by_their_names():
    assert [is_video(Path(name)) for name in ("a.mp4", "a.MOV", "a.png", "mp4")] == [True, True, False, False]
