"""Which files are meant by a path, a folder or a pattern."""

import glob
from pathlib import Path

from PIL import Image

from packdepth.errors import InputError
from packdepth.utils.images import FORMATS

VIDEOS = (".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".mpg", ".mpeg")


def found(inputs: list[str]) -> list[Path]:
    """The images and videos meant, in the order given, those of a folder or a pattern by name.

    A folder means the images and videos directly in it. Raises InputError if one of them means nothing, or two images
    or two videos would have predictions of the same name.
    """
    files = list(dict.fromkeys(file for given in inputs for file in _meant(given)))
    by_name: dict[tuple[str, bool], Path] = {}
    for file in files:
        other = by_name.setdefault((file.stem, is_video(file)), file)
        if other != file:
            raise InputError(f"{other} and {file} have the same name; their predictions would overwrite one another")
    return files


def is_video(path: Path) -> bool:
    """Whether a file's name is that of a video."""
    return path.suffix.lower() in VIDEOS


def _meant(given: str) -> list[Path]:
    path = Path(given)
    if path.is_dir():
        images = {ending for ending, kind in Image.registered_extensions().items() if kind in FORMATS}
        endings = {*images, *VIDEOS}
        shown = (file for file in path.iterdir() if not file.name.startswith("."))  # a Mac leaves ._photo.jpg
        inside = sorted(file for file in shown if file.suffix.lower() in endings and file.is_file())
        if not inside:
            raise InputError(f"{given}: a folder without any image or video")
        return inside
    if glob.has_magic(given) and not path.exists():
        names = glob.glob(given, recursive=True)  # noqa: PTH207 (Path's has no absolute patterns)
        matching = sorted(path for path in map(Path, names) if path.is_file())
        if not matching:
            raise InputError(f"{given}: no file matches this pattern")
        return matching
    return [path]
