"""Which frames of a folder are held out to test on."""

from collections.abc import Mapping
from pathlib import Path

from packdepth.config.datasets import FolderData
from packdepth.data.datasets.folder.files import by_scene, scene_of
from packdepth.errors import InputError
from packdepth.utils.files import require_file


def held_out(data: FolderData, names: list[str], spelled: Mapping[str, str]) -> set[str]:
    """The frames to test on, of all frames in the order of each scene's video.

    `spelled` gives a frame for any way to write it. Raises InputError that names the list, and what is wrong in it.
    """
    if isinstance(data.test, Path):
        return _listed(data.folder / data.test.expanduser(), names, spelled)
    scenes = by_scene(names)
    match data.split_by:
        case "frame":
            return _spread(names, data.test)
        case "scene":
            chosen = _spread(list(scenes), data.test)
            return {name for name in names if scene_of(name) in chosen}
        case "block":
            return {name for scene in scenes.values() for name in scene[len(scene) - round(data.test * len(scene)) :]}


def _spread(names: list[str], share: float) -> set[str]:
    """A share of the names, in equal distances, so that they are not all at the end."""
    count = round(share * len(names))
    return {names[int((i + 0.5) * len(names) / count)] for i in range(count)}


def _listed(path: Path, names: list[str], spelled: Mapping[str, str]) -> set[str]:
    """The frames of a list, one a line; a scene's name stands for all of its frames."""
    try:
        lines = [line.strip() for line in require_file(path).read_text().splitlines() if line.strip()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: cannot be read ({error}); data.test in params.yaml is a share or a list") from None
    scenes = by_scene(names)
    chosen: set[str] = set()
    for line in lines:
        if line not in spelled and line not in scenes:
            known = [name for name in (names[0], scene_of(names[0])) if name]
            expected = f"expected names such as {' or '.join(known)}"
            raise InputError(f"{path}: names {line!r}, which is not among the folder's frames; {expected}")
        chosen.update(scenes[line] if line in scenes else [spelled[line]])
    return chosen
