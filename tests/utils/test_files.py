"""Files appear under their final name only when whole."""

import errno
import fcntl
import os
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from packdepth.errors import InputError
from packdepth.utils.files import (
    atomic_write,
    file_states,
    is_locked,
    locked,
    read_object,
    remove_parts,
    require_file,
    require_space,
    write_json,
    write_text,
)


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    path = tmp_path / "deep" / "file.txt"
    write_text(path, "old")

    def fail_halfway() -> None:
        with atomic_write(path) as part:
            part.write_text("half")
            raise RuntimeError("killed")

    with pytest.raises(RuntimeError, match="killed"):
        fail_halfway()
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_a_read_only_link_is_replaced_not_written_through(tmp_path: Path):
    cached, path = tmp_path / "cached", tmp_path / "file.txt"
    cached.write_text("cached")
    cached.chmod(0o444)
    os.link(cached, path)
    write_text(path, "new")
    assert (cached.read_text(), path.read_text()) == ("cached", "new")


def test_what_a_killed_process_left_is_removed_and_nothing_else(tmp_path: Path):
    for name in (".train.x_1.part.h5", ".test.x_1.part.h5", ".train.x_1.part.csv", "train.h5"):
        (tmp_path / name).touch()
    remove_parts(tmp_path / "train.h5")
    assert sorted(path.name for path in tmp_path.iterdir()) == [".test.x_1.part.h5", ".train.x_1.part.csv", "train.h5"]


def test_no_room_is_the_error_of_a_full_disk(tmp_path: Path):
    with pytest.raises(OSError, match="No space left on device"):
        require_space(tmp_path, 1 << 60)


def test_little_is_written_where_space_cannot_be_reserved(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("shutil.disk_usage", lambda folder: SimpleNamespace(free=1 << 50))
    asked: list[int] = []
    monkeypatch.setattr(os, "posix_fallocate", lambda file, start, size: asked.append(size))
    require_space(tmp_path, 1000)
    require_space(tmp_path, 1 << 40)
    assert asked == [1000, 1 << 30]


def test_the_usual_permissions(tmp_path: Path):
    plain = tmp_path / "plain"
    plain.write_text("")
    write_json(tmp_path / "file.json", {"a": 1})
    assert (tmp_path / "file.json").stat().st_mode == plain.stat().st_mode


def test_the_state_of_files_tells_what_has_changed(tmp_path: Path):
    path, gone = tmp_path / "list.txt", tmp_path / "gone.txt"
    path.write_text("a")
    os.utime(path, ns=(0, 0))
    before = file_states([path, gone])
    assert file_states([path, gone]) == before
    path.write_text("b")
    assert file_states([path, gone]) != before
    os.utime(path, ns=(0, 0))
    gone.write_text("")
    assert file_states([path, gone]) != before


@pytest.mark.parametrize("code", [errno.ENOLCK, errno.ENOSYS])
def test_without_locks_the_work_goes_on_with_a_warning(tmp_path: Path, monkeypatch, capsys, code: int):
    def no_locks(*_: object) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    with locked(tmp_path / "deep" / "x.lock", "makes this file") as waited:
        assert not waited
    assert "x.lock: no locks here; no other process may be the one that makes this file" in capsys.readouterr().err


def test_another_fault_of_a_lock_is_raised(tmp_path: Path, monkeypatch):
    def fail(*_: object) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(fcntl, "flock", fail)
    with pytest.raises(OSError, match="Input/output"), locked(tmp_path / "x.lock", "makes this file"):
        pass


def test_a_folder_that_cannot_be_synchronised_keeps_the_file(tmp_path: Path, monkeypatch):
    whole = os.fsync

    def refuse_folders(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
        whole(handle)

    monkeypatch.setattr(os, "fsync", refuse_folders)
    write_text(tmp_path / "file.txt", "new")
    assert (tmp_path / "file.txt").read_text() == "new"


def test_the_file_and_its_folder_reach_the_disk(tmp_path: Path, monkeypatch):
    kinds: list[bool] = []
    monkeypatch.setattr(os, "fsync", lambda handle: kinds.append(stat.S_ISDIR(os.fstat(handle).st_mode)))
    write_text(tmp_path / "file.txt", "new")
    assert kinds == [False, True]


def test_the_umask_is_never_changed(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(os, "umask", lambda mask: pytest.fail("another thread may write now"))
    write_text(tmp_path / "file.txt", "new")


@pytest.mark.parametrize("content", [b"", b"[1]", b"null", b'{"a": ', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_object_is_empty(tmp_path: Path, content: bytes):
    (tmp_path / "a.json").write_bytes(content)
    assert read_object(tmp_path / "a.json") == {}


def test_an_object_comes_back_and_none_is_empty(tmp_path: Path):
    assert read_object(tmp_path / "a.json") == {}
    write_json(tmp_path / "a.json", {"a": [1]})
    assert read_object(tmp_path / "a.json") == {"a": [1]}


def test_only_a_file_is_a_file(tmp_path: Path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(InputError, match="pipe: is a pipe or a device; expected a file"):
        require_file(tmp_path / "pipe")
    with pytest.raises(InputError, match="is a folder; expected a file"):
        require_file(tmp_path)
    for name in ("file", "nothing"):
        (tmp_path / "file").touch()
        assert require_file(tmp_path / name) == tmp_path / name


def test_whether_somebody_else_holds_a_lock(tmp_path: Path):
    lock = tmp_path / "a.lock"
    assert not is_locked(lock)
    with locked(lock, "works"):
        assert is_locked(lock)
    assert not is_locked(lock)


def test_a_fault_of_a_part_names_the_file_meant(tmp_path: Path):
    (tmp_path / "table.csv").mkdir()
    with pytest.raises(OSError, match="directory") as caught, atomic_write(tmp_path / "table.csv") as part:
        part.write_text("")
    assert caught.value.filename == str(tmp_path / "table.csv")
