"""Reading zips, tars and folders in place."""

import io
import os
import resource
import stat
import tarfile
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packdepth.data.datasets import archives
from packdepth.data.datasets.archives import Tree
from packdepth.errors import NO_SPACE, InputError

FILES = {
    "top/rgb/0.jpg": np.random.default_rng(0).bytes(5_000),
    "top/list.csv": b"rgb,depth\r\n" * 500,
    "top/empty.txt": b"",
    "grid.mat": b"MATLAB 5.0",
}
PACKED = ["a.zip", "a.tar", "a.tar.gz", "a.tgz", "A.ZIP"]


def pack(path: Path, files: dict[str, bytes]) -> Path:
    """An archive of the kind that its name tells, with an entry for a folder, as published ones have."""
    if path.suffix.lower() == ".zip":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.mkdir("top")
            for name, content in files.items():
                archive.writestr(name, content)
    else:
        pack_tar(path, [folder("./top"), *[(tarfile.TarInfo(f"./{name}"), files[name]) for name in files]])
    return path


def pack_tar(path: Path, members: list[tuple[tarfile.TarInfo, bytes]]) -> None:
    with tarfile.open(path, "w" if path.suffix == ".tar" else "w:gz") as archive:
        for info, content in members:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def folder(name: str) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type = tarfile.DIRTYPE
    return info, b""


def unpack(path: Path, files: dict[str, bytes]) -> Path:
    """A folder with the files."""
    for name, content in files.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)
    return path


def read_all(tree: Tree) -> dict[str, bytes]:
    return {name: tree.read(name) for name in tree.names()}


@pytest.mark.parametrize("name", PACKED)
def test_an_archive_is_read_in_place(tmp_path: Path, name: str):
    path = pack(tmp_path / name, FILES)
    tree = Tree([path])
    assert read_all(tree) == FILES
    assert tree.names() == sorted(FILES)
    assert "top" not in tree
    assert str(tree) == str(path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_its_links_and_the_archives_in_it_are_read(tmp_path: Path):
    top = unpack(tmp_path / "set", {"0/a.npz": b"PK", "0/inner.zip": b"no zip", "b.txt": b"b"})
    unpack(tmp_path / "elsewhere", {"c.txt": b"c"})
    (top / "linked").symlink_to(tmp_path / "elsewhere")
    (top / "0" / "circle").symlink_to(top)
    pack(top / "d.zip", {"d.txt": b"d", "b.txt": b"not this one"})
    pack(top / "e.tgz", {"e.txt": b"e"})
    assert read_all(Tree([top])) == {
        "0/a.npz": b"PK",
        "0/inner.zip": b"no zip",
        "b.txt": b"b",
        "linked/c.txt": b"c",
        "d.txt": b"d",
        "e.txt": b"e",
    }


@pytest.mark.parametrize("alias", ["0", "z"])
def test_a_folder_with_an_alias_is_read_under_both_names(tmp_path: Path, alias: str):
    top = unpack(tmp_path / "set", {"drive/a.txt": b"a"})
    (top / alias).symlink_to(top / "drive")
    (top / "drive" / "circle").symlink_to(top / alias)
    assert Tree([top]).names() == sorted([f"{alias}/a.txt", "drive/a.txt"])


def test_any_other_file_is_its_own_member(tmp_path: Path):
    path = pack(tmp_path / "a.zip", FILES).rename(tmp_path / "a.npz")
    assert Tree([path]).names() == ["a.npz"]
    assert Tree([path]).read("a.npz") == path.read_bytes()
    assert Tree([path]).path("a.npz") == path


def test_only_files_on_the_disk_have_a_path(tmp_path: Path):
    loose, packed = unpack(tmp_path / "loose", {"sub/x.mat": b""}), pack(tmp_path / "a.tar", {"y.mat": b""})
    tree = Tree([loose, packed])
    assert tree.path("sub/x.mat") == loose / "sub" / "x.mat"
    with pytest.raises(InputError, match=rf"{packed}: .*'y\.mat'.*unpack"):
        tree.path("y.mat")


def test_what_is_read_on_the_disk(tmp_path: Path):
    loose, packed = unpack(tmp_path / "loose", {"x": b"", "y": b"", "z": b""}), pack(tmp_path / "a.zip", FILES)
    tree = Tree([loose, packed])
    assert tree.files() == [packed, *(loose / name for name in "xyz")]
    assert tree.under(lambda member: member if member == "y" else None).files() == [loose / "y"]


def test_names_may_be_others_and_unwanted_members_left_out(tmp_path: Path):
    paths = [pack(tmp_path / "a.zip", FILES), pack(tmp_path / "b.tar", {"top/list.csv": b"second", "top/more": b"1"})]
    opened = Tree(paths)
    for path in paths:
        path.unlink()  # `under` cannot open them again
    tree = opened.under(lambda member: member.removeprefix("top/") if member.startswith("top/") else None)
    assert tree.names() == ["empty.txt", "list.csv", "more", "rgb/0.jpg"]
    assert tree.read("list.csv") == FILES["top/list.csv"]
    assert "top/list.csv" in opened
    assert "grid.mat" not in tree


def test_a_folder_or_archive_given_first_counts(tmp_path: Path):
    first, second = unpack(tmp_path / "mended", {"x": b"mended"}), pack(tmp_path / "a.zip", {"x": b"broken", "y": b"y"})
    assert read_all(Tree([first, second])) == {"x": b"mended", "y": b"y"}
    assert read_all(Tree([second, first])) == {"x": b"broken", "y": b"y"}


def test_what_is_not_there_is_named(tmp_path: Path):
    with pytest.raises(InputError, match=rf"{tmp_path}/none\.zip: no such .* data\.source in params\.yaml"):
        Tree([tmp_path / "none.zip"])
    for path in [pack(tmp_path / "a.zip", FILES), pack(tmp_path / "a.tar", FILES), unpack(tmp_path / "dir", FILES)]:
        with pytest.raises(InputError, match=rf"{path}: has no 'top/none\.jpg'"):
            Tree([path]).read("top/none.jpg")


def test_many_archives_are_counted(tmp_path: Path):
    paths = [pack(tmp_path / f"{number}.zip", {}) for number in range(5)]
    assert str(Tree(paths)) == f"{paths[0]}, {paths[1]}, {paths[2]} and 2 more"


@pytest.mark.parametrize("name", ["../up", "a/../../up", "/etc/passwd", "..\\up", "C:\\up", "\\\\host\\share\\up"])
@pytest.mark.parametrize("archive", ["a.zip", "a.tar", "a.tgz"])
def test_members_that_lead_out_are_refused(tmp_path: Path, archive: str, name: str):
    path = tmp_path / archive
    if path.suffix == ".zip":
        pack(path, {name: b""})
    else:
        pack_tar(path, [(tarfile.TarInfo(name), b"")])
    with pytest.raises(InputError, match=rf"{path}: refused: its member .*(up|passwd)' leads out"):
        Tree([path])


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFBLK, stat.S_IFCHR, stat.S_IFIFO])
def test_links_and_devices_in_a_zip_are_refused(tmp_path: Path, kind: int):
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        info = zipfile.ZipInfo("odd")
        info.external_attr = (kind | 0o644) << 16
        archive.writestr(info, "/etc/passwd")
    with pytest.raises(InputError, match=rf"{path}: refused: its member 'odd' is no plain file"):
        Tree([path])


@pytest.mark.parametrize(
    "kind",
    [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE, tarfile.GNUTYPE_SPARSE],
)
@pytest.mark.parametrize("archive", ["a.tar", "a.tgz"])
def test_links_and_devices_in_a_tar_are_refused(tmp_path: Path, archive: str, kind: bytes):
    info = tarfile.TarInfo("odd")
    info.type, info.linkname = kind, "/etc/passwd"
    pack_tar(tmp_path / archive, [(info, b"")])
    with pytest.raises(InputError, match=r"refused: its member 'odd' is no plain file"):
        Tree([tmp_path / archive])


def test_encrypted_zips_are_refused(tmp_path: Path):
    path = pack(tmp_path / "a.zip", {"secret": b"x"})
    content = bytearray(path.read_bytes())
    content[content.rindex(b"PK\x01\x02") + 8] |= 1  # the flag, in the central directory
    path.write_bytes(content)
    with pytest.raises(InputError, match=rf"{path}: refused: its member 'secret' is encrypted"):
        Tree([path])


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tgz"])
@settings(max_examples=40, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_archive_never_gives_less(name: str, share: float):
    with TemporaryDirectory() as place:
        path = pack(Path(place, name), FILES)
        needed = len(path.read_bytes().rstrip(b"\0")) // 512 * 512 + 1024  # of a tar: one block of zeros at its end
        kept = int(share * path.stat().st_size)
        os.truncate(path, kept)
        if name == "a.tar" and kept >= needed:
            assert read_all(Tree([path])) == FILES
            return
        with pytest.raises(InputError, match=rf"^{path}: truncated or not a [^\n]*; remove it and download it again$"):
            Tree([path])


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tgz"])
def test_what_is_no_archive_is_told(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_text("<html>This file has moved</html>" * 100)
    with pytest.raises(InputError, match=rf"{path}: truncated or not a (zip|tar); remove it"):
        Tree([path])


def test_a_tar_with_rubbish_in_its_middle_is_not_shorter(tmp_path: Path):
    path = pack(tmp_path / "a.tar", FILES)
    path.write_bytes(path.read_bytes().replace(b"./top/list.csv", b"not/a/header!!"))
    with pytest.raises(InputError, match="truncated or not a tar"):
        Tree([path])


def test_what_breaks_while_it_is_read_is_named(tmp_path: Path):
    damaged, shortened = pack(tmp_path / "a.zip", FILES), pack(tmp_path / "b.tar", FILES)
    content = bytearray(damaged.read_bytes())
    content[content.index(FILES["top/rgb/0.jpg"][100:120])] ^= 1
    damaged.write_bytes(content)
    with pytest.raises(InputError, match=rf"{damaged}: .*'top/rgb/0\.jpg': Bad CRC"):
        Tree([damaged]).read("top/rgb/0.jpg")
    tree = Tree([shortened])
    os.truncate(shortened, 2_000)
    with pytest.raises(InputError, match=rf"{shortened}: .*'top/rgb/0\.jpg' ends too early"):
        tree.read("top/rgb/0.jpg")
    loose = Tree([unpack(tmp_path / "loose", FILES)])
    (tmp_path / "loose" / "grid.mat").unlink()
    with pytest.raises(InputError, match=r"loose/grid\.mat: No such file"):
        loose.read("grid.mat")


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tgz", "folder"])
def test_many_threads_read_right_bytes(tmp_path: Path, name: str):
    files = {f"{number}.bin": np.random.default_rng(number).bytes(20_000) for number in range(50)}
    tree = Tree([(unpack if name == "folder" else pack)(tmp_path / name, files)])
    names = list(files) * 10
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(tree.read, names)) == [files[name] for name in names]


def test_no_room_to_decompress_says_where(tmp_path: Path):
    path = pack(tmp_path / "a.tgz", {"zeros": bytes(1_000_000)})
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OSError, match=NO_SPACE) as caught:
            Tree([path])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    assert caught.value.filename == str(tmp_path)
    assert list(tmp_path.iterdir()) == [path]


def test_a_large_archive_takes_little_memory(tmp_path: Path):
    content = bytes(20_000_000)
    path = pack(tmp_path / "a.tgz", {"zeros": content, "small": b"1"})
    tracemalloc.start()
    try:
        assert Tree([path]).read("small") == b"1"
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tgz"])
def test_a_member_larger_than_any_image_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str):
    tree = Tree([pack(tmp_path / name, {"large": bytes(1001), "small": bytes(1000)})])
    monkeypatch.setattr(archives, "LARGEST_MEMBER", 1000)
    assert tree.read("small") == bytes(1000)
    with pytest.raises(InputError, match=rf"{name}: refused: its member 'large' has 1001 bytes; expected at most 1000"):
        tree.read("large")


def test_a_zip_that_says_less_than_it_holds_gives_no_more(tmp_path: Path):
    path = pack(tmp_path / "a.zip", {"bomb": bytes(100_000)})
    path.write_bytes(path.read_bytes().replace((100_000).to_bytes(4, "little"), (10).to_bytes(4, "little")))
    with pytest.raises(InputError, match=r"'bomb': Bad CRC"):
        Tree([path]).read("bomb")


def test_a_gzipped_tar_that_grows_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archives, "LARGE", 0)
    path = pack(tmp_path / "a.tgz", {"bomb": bytes(20_000_000)})
    with pytest.raises(InputError, match="refused: unpacked it is more than 100 times as large"):
        Tree([path])
    assert list(tmp_path.iterdir()) == [path]
