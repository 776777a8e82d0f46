"""Downloads from a server on the loopback that misbehaves in every way we know of."""

import contextlib
import gzip
import hashlib
import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from packdepth.errors import NO_SPACE, InputError
from packdepth.utils import download
from packdepth.utils.download import Remote, fetch, record
from tests.support import servers
from tests.support.servers import Server

CONTENT, OTHER = np.random.default_rng(0).bytes(300_000), np.random.default_rng(1).bytes(300_000)
SHA256 = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
MD5 = f"md5:{hashlib.md5(CONTENT).hexdigest()}"
OTHER_MD5 = f"md5:{hashlib.md5(OTHER).hexdigest()}"
HOPELESS = [0] * (download.RETRIES + 1)  # cuts that no retry survives


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "PAUSE", 0.0)


@pytest.fixture
def server() -> Iterator[Server]:
    with servers.server() as running:
        yield running


def left(folder: Path) -> list[str]:
    """What lies in the folder, but for locks."""
    return sorted(path.name for path in folder.iterdir() if path.suffix != ".lock")


def unheard() -> str:
    """An address where nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/a"


def interrupted(remote: Remote, folder: Path) -> None:
    with pytest.raises(InputError, match="the connection was lost"):
        fetch(remote, folder)
    assert left(folder) == [".a.zip.part", ".a.zip.part.json"]


def test_a_download_is_recorded_and_never_repeated(server: Server, tmp_path: Path):
    url = server.serve("a", CONTENT)
    for _ in range(2):
        path = fetch(Remote("a.zip", (url,)), tmp_path / "deep")
        assert path == tmp_path / "deep" / "a.zip"
        assert path.read_bytes() == CONTENT
    assert record(path) == {"url": url, "bytes": len(CONTENT), "hash": SHA256}
    assert server.requests == [("a", None)]
    assert left(path.parent) == ["a.zip", "a.zip.json"]


def test_the_known_hash_is_recorded(server: Server, tmp_path: Path):
    path = fetch(Remote("a.zip", (server.serve("a", CONTENT),), MD5, len(CONTENT)), tmp_path)
    assert record(path)["hash"] == MD5


def test_an_empty_file_is_a_file(server: Server, tmp_path: Path):
    assert fetch(Remote("a.txt", (server.serve("a", b""),)), tmp_path).read_bytes() == b""


def test_what_a_server_calls_an_encoding_is_left_as_it_is(server: Server, tmp_path: Path):
    packed = gzip.compress(CONTENT)
    url = server.serve("a.tgz", packed, encoding="gzip")
    assert fetch(Remote("a.tgz", (url,)), tmp_path).read_bytes() == packed


@pytest.mark.parametrize(
    ("how", "known", "reason"),
    [
        ({"status": 404}, {}, "404 Not Found"),
        ({"status": 503}, {}, "503 Service Unavailable"),
        ({"content": OTHER}, {"hash": MD5}, f"its hash is {OTHER_MD5}, not {MD5}"),
        ({"content": OTHER[1:]}, {"bytes": 300_000}, "has 299999 bytes, not 300000"),
        ({"kind": "text/html; charset=utf-8"}, {}, "gives a web page, not the file"),
        ({"delay": 1.0}, {}, "no answer within 0.2 s"),
        ({"cuts": HOPELESS}, {}, "the connection was lost"),
        ({"cuts": [100_000, *HOPELESS]}, {}, "the connection was lost"),
    ],
)
def test_a_mirror_that_fails_is_named_and_the_next_one_tried(
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    how: dict[str, object],
    known: dict[str, object],
    reason: str,
):
    monkeypatch.setattr(download, "READ", 0.2)
    bad, good = server.serve("bad", **{"content": CONTENT} | how), server.serve("good", CONTENT)
    path = fetch(Remote("a.zip", (bad, good), **known), tmp_path)
    assert path.read_bytes() == CONTENT
    assert record(path)["url"] == good
    assert f"packdepth: {bad}: {reason}\n" in capfd.readouterr().err
    assert left(tmp_path) == ["a.zip", "a.zip.json"]


def test_wrong_hashes_everywhere_leave_nothing(server: Server, tmp_path: Path):
    urls = server.serve("a", OTHER), server.serve("b", CONTENT[:-1])
    with pytest.raises(InputError, match=rf"a\.zip: .*{urls[0]} \(its hash.*{urls[1]} \(its hash.*data\.source"):
        fetch(Remote("a.zip", urls, SHA256), tmp_path)
    assert left(tmp_path) == []


def test_nothing_that_listens_is_one_line(tmp_path: Path):
    url = unheard()
    with pytest.raises(InputError, match=rf"could not be had from {url} \(Connection refused\); [^\n]*$"):
        fetch(Remote("a.zip", (url,)), tmp_path)


@pytest.mark.parametrize("how", [{}, {"length": -1}])
def test_a_lost_connection_is_resumed_as_long_as_more_comes(server: Server, tmp_path: Path, how: dict[str, object]):
    cuts = [100_000, *[1_000] * (download.RETRIES + 2)]
    url = server.serve("a", CONTENT, cuts=cuts, **how)
    assert fetch(Remote("a.zip", (url,), bytes=len(CONTENT)), tmp_path).read_bytes() == CONTENT
    assert server.requests == [("a", None)] + [("a", f"bytes={sum(cuts[: n + 1])}-") for n in range(len(cuts))]


def test_without_a_length_only_what_shows_its_end_is_believed(server: Server, tmp_path: Path):
    """A hash does, and chunks; a connection that closes may have been cut."""
    cut = server.serve("cut", CONTENT, length=-1, cuts=[100_000])
    with pytest.raises(InputError, match="does not tell its length, so a connection cut early would go unnoticed"):
        fetch(Remote("cut.zip", (cut,)), tmp_path)
    assert left(tmp_path) == []
    for name, cuts in (("whole", []), ("torn", [100_000])):
        url = server.serve(name, CONTENT, chunked=True, cuts=cuts)
        assert fetch(Remote(f"{name}.zip", (url,)), tmp_path).read_bytes() == CONTENT
    assert [path for path, _ in server.requests] == ["cut", "whole", "torn", "torn"]


def test_the_rest_of_a_file_tells_its_length(server: Server, tmp_path: Path):
    """So a second cut is noticed, though that answer has no length of its own."""
    url = server.serve("a", CONTENT, chunked=True, cuts=[100_000, *HOPELESS])
    remote = Remote("a.zip", (url,))
    interrupted(remote, tmp_path)
    server.serve("a", CONTENT, length=-1, cuts=[50_000, 50_000])
    server.requests.clear()
    assert fetch(remote, tmp_path).read_bytes() == CONTENT
    assert len({asked for _, asked in server.requests} - {None}) == 3


def test_a_server_that_is_busy_or_broken_is_asked_again(server: Server, tmp_path: Path):
    url = server.serve("a", CONTENT, refusals=[503, 429, 500, 502])
    assert fetch(Remote("a.zip", (url,)), tmp_path).read_bytes() == CONTENT
    assert len(server.requests) == 5


@pytest.mark.parametrize("status", [403, 404, 410])
def test_what_a_server_refuses_is_not_asked_for_again(server: Server, tmp_path: Path, status: int):
    with pytest.raises(InputError, match=str(status)):
        fetch(Remote("a.zip", (server.serve("a", CONTENT, status=status),)), tmp_path)
    assert len(server.requests) == 1


def test_pauses_grow_while_nothing_listens(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    pauses: list[float] = []
    monkeypatch.setattr(download, "PAUSE", 1.0)
    monkeypatch.setattr(download.time, "sleep", pauses.append)
    with pytest.raises(InputError, match="Connection refused"):
        fetch(Remote("a.zip", (unheard(),)), tmp_path)
    assert pauses == [2.0**retry for retry in range(1, download.RETRIES + 1)]


def test_a_later_call_goes_on_where_one_was_cut(server: Server, tmp_path: Path):
    remote = Remote("a.zip", (server.url("gone"), server.serve("a", CONTENT, cuts=[200_000, *HOPELESS])), SHA256)
    interrupted(remote, tmp_path)
    server.requests.clear()
    assert fetch(remote, tmp_path).read_bytes() == CONTENT
    assert server.requests == [("gone", None), ("a", "bytes=200000-")]


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"{}", b'{"bytes": "many"}'])
def test_damaged_records_are_made_anew(server: Server, tmp_path: Path, damage: bytes):
    remote = Remote("a.zip", (server.serve("a", CONTENT, cuts=[100_000] + [0] * 8),))
    interrupted(remote, tmp_path)
    (tmp_path / ".a.zip.part.json").write_bytes(damage)
    server.files["a"].cuts = []
    assert fetch(remote, tmp_path).read_bytes() == CONTENT
    assert server.requests[-1] == ("a", None)
    (tmp_path / "a.zip.json").write_bytes(damage)
    asked = len(server.requests)
    assert fetch(remote, tmp_path).read_bytes() == CONTENT
    assert record(tmp_path / "a.zip")["bytes"] == len(CONTENT)
    assert len(server.requests) == asked


def test_a_killed_process_is_gone_on_from(server: Server, tmp_path: Path):
    url = server.serve("a", CONTENT, delay=60.0, stall=200_000)
    program = "import sys; from pathlib import Path; from packdepth.utils.download import *; "
    call = "fetch(Remote('a.zip', (sys.argv[1],)), Path(sys.argv[2]))"
    with subprocess.Popen([sys.executable, "-c", program + call, url, str(tmp_path)]) as process:
        part = tmp_path / ".a.zip.part"
        while process.poll() is None and not (part.is_file() and part.stat().st_size > 100_000):
            time.sleep(0.01)
        process.kill()
    kept = part.stat().st_size
    server.serve("a", CONTENT)
    assert fetch(Remote("a.zip", (url,)), tmp_path).read_bytes() == CONTENT
    assert server.requests == [("a", None), ("a", f"bytes={kept}-")]


def test_a_server_that_stalls_is_asked_again(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(download, "READ", 0.1)
    url = server.serve("a", CONTENT, delay=1.0, stall=250_000)
    assert fetch(Remote("a.zip", (url,)), tmp_path).read_bytes() == CONTENT
    assert len(server.requests) == 2


def test_a_file_that_changed_is_started_again(server: Server, tmp_path: Path):
    url = server.serve("a", CONTENT, cuts=[200_000, *HOPELESS])
    interrupted(Remote("a.zip", (url,)), tmp_path)
    server.serve("a", OTHER)
    server.requests.clear()
    assert fetch(Remote("a.zip", (url,)), tmp_path).read_bytes() == OTHER
    assert server.requests == [("a", "bytes=200000-")]  # one is enough


@pytest.mark.parametrize("changed", [OTHER, OTHER[:1_000]])
def test_a_server_that_gives_a_range_of_another_version_is_not_believed(server: Server, tmp_path: Path, changed: bytes):
    url = server.serve("a", CONTENT, cuts=[200_000, *HOPELESS])
    interrupted(Remote("a.zip", (url,)), tmp_path)
    server.serve("a", changed, if_range=False)
    assert fetch(Remote("a.zip", (url,)), tmp_path).read_bytes() == changed


def test_another_mirror_starts_again(server: Server, tmp_path: Path):
    interrupted(Remote("a.zip", (server.serve("a", CONTENT, cuts=[200_000, *HOPELESS]),)), tmp_path)
    assert fetch(Remote("a.zip", (server.serve("b", OTHER),)), tmp_path).read_bytes() == OTHER
    assert server.requests[-1] == ("b", None)


@pytest.mark.parametrize("how", [{"ranges": False}, {"etag": ""}, {"etag": 'W/"weak"'}])
def test_a_server_without_ranges_or_versions_starts_again(server: Server, tmp_path: Path, how: dict[str, object]):
    url = server.serve("a", CONTENT, cuts=[100_000, 200_000], **how)
    assert fetch(Remote("a.zip", (url,)), tmp_path).read_bytes() == CONTENT
    assert len(server.requests) == 3


@settings(max_examples=20, deadline=None)
@given(cuts=st.lists(st.integers(0, len(CONTENT) - 1), max_size=6), ranges=st.booleans())
def test_however_often_it_is_cut_the_bytes_are_right(cuts: list[int], ranges: bool):
    with servers.server() as server, TemporaryDirectory() as folder:
        url = server.serve("a", CONTENT, cuts=cuts, ranges=ranges)
        for _ in range(len(cuts)):
            with contextlib.suppress(InputError):
                fetch(Remote("a.zip", (url,)), Path(folder))
        assert fetch(Remote("a.zip", (url,)), Path(folder)).read_bytes() == CONTENT


def test_a_kill_while_hashing_costs_no_second_download(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def kill(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    remote = Remote("a.zip", (server.serve("a", CONTENT),))
    with monkeypatch.context() as patch:
        patch.setattr("pooch.file_hash", kill)
        with pytest.raises(KeyboardInterrupt):
            fetch(remote, tmp_path)
    assert left(tmp_path) == [".a.zip.part", ".a.zip.part.json"]
    assert fetch(remote, tmp_path).read_bytes() == CONTENT
    assert len(server.requests) == 1


def test_no_room_is_told_before_a_byte_has_come(server: Server, tmp_path: Path):
    url = server.serve("a", CONTENT, length=1 << 62)
    with pytest.raises(OSError, match=NO_SPACE):
        fetch(Remote("a.zip", (url,)), tmp_path)
    assert (tmp_path / ".a.zip.part").stat().st_size == 0


def test_a_disk_that_fills_up_keeps_what_has_come(server: Server, tmp_path: Path):
    """The server does not say how much there will be."""
    known = f"sha256:{hashlib.sha256(CONTENT).hexdigest()}"
    remote = Remote("a.zip", (server.serve("a", CONTENT, length=-1),), known)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    try:
        with pytest.raises(OSError, match=NO_SPACE):
            fetch(remote, tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    kept = (tmp_path / ".a.zip.part").stat().st_size
    assert 0 < kept <= 100_000
    assert fetch(remote, tmp_path).read_bytes() == CONTENT
    assert server.requests[1] == ("a", f"bytes={kept}-")


def test_several_at_once_download_once(server: Server, tmp_path: Path):
    remote = Remote("a.zip", (server.serve("a", CONTENT, delay=0.2),))
    with ThreadPoolExecutor(4) as pool:
        paths = list(pool.map(lambda _: fetch(remote, tmp_path), range(4)))
    assert {path.read_bytes() for path in paths} == {CONTENT}
    assert len(server.requests) == 1


def test_a_file_put_there_by_hand_is_taken(server: Server, tmp_path: Path):
    path = tmp_path / "a.zip"
    path.write_bytes(CONTENT)
    assert fetch(Remote("a.zip", (server.url("gone"),), MD5), tmp_path) == path
    assert record(path) == {"bytes": len(CONTENT), "hash": MD5}
    assert server.requests == []


def test_a_file_put_there_by_hand_needs_the_right_hash(tmp_path: Path):
    (tmp_path / "a.zip").write_bytes(OTHER)
    with pytest.raises(InputError, match=rf"a\.zip: its hash is {OTHER_MD5}, not {MD5}; remove it"):
        fetch(Remote("a.zip", (), MD5), tmp_path)


def test_a_file_put_in_place_of_another_is_checked(server: Server, tmp_path: Path):
    remote = Remote("a.zip", (server.serve("a", CONTENT),), MD5)
    path = fetch(remote, tmp_path)
    path.write_bytes(OTHER[1:])
    with pytest.raises(InputError, match=rf"a\.zip: its hash is .*, not {MD5}; remove it"):
        fetch(remote, tmp_path)
    path.unlink()
    assert fetch(remote, tmp_path).read_bytes() == CONTENT


def test_a_file_put_in_place_of_another_of_unknown_hash_is_recorded(server: Server, tmp_path: Path):
    remote = Remote("a.zip", (server.serve("a", CONTENT),))
    fetch(remote, tmp_path).write_bytes(OTHER[1:])
    assert record(fetch(remote, tmp_path)) == {
        "bytes": len(OTHER) - 1,
        "hash": f"sha256:{hashlib.sha256(OTHER[1:]).hexdigest()}",
    }


def test_other_content_of_the_same_size_is_noticed(server: Server, tmp_path: Path):
    remote = Remote("a.zip", (server.serve("a", CONTENT),), SHA256)
    path = fetch(remote, tmp_path)
    path.write_bytes(OTHER)
    os.utime(path, ns=(0, 0))  # the clocks of some file systems are slow
    with pytest.raises(InputError, match=r"a\.zip: its hash is .*; remove it"):
        fetch(remote, tmp_path)
    path.write_bytes(CONTENT)
    assert fetch(remote, tmp_path) == path
    assert record(path) == {"url": remote.urls[0], "bytes": len(CONTENT), "hash": SHA256}


def test_neither_a_password_nor_a_token_is_kept_or_shown(server: Server, tmp_path: Path, capsys):
    first, second = (
        server.serve(f"{name}?token=TOKEN", CONTENT, **how).replace("//", "//user:PASSWORD@")
        for name, how in (("a", {}), ("b", {"cuts": HOPELESS}))
    )
    path = fetch(Remote("a.zip", (unheard().replace("//", "//user:PASSWORD@"), first), SHA256), tmp_path)
    assert record(path)["url"] == first.replace("user:PASSWORD@", "").removesuffix("?token=TOKEN")
    strange = [f"{scheme}user:PASSWORD@{rest}?token=TOKEN" for scheme, rest in (("ftp://", "x/a"), ("http://", "/a"))]
    strange.append("http://user:PASSWORD@[::1/a?token=TOKEN")
    with pytest.raises(InputError) as caught:
        fetch(Remote("b.zip", (second, *strange)), tmp_path)
    told = str(caught.value) + "".join(capsys.readouterr()) + "".join(p.read_text() for p in tmp_path.rglob("*.json"))
    assert "PASSWORD" not in told
    assert "TOKEN" not in told


def test_a_hash_that_became_known_later_is_checked(server: Server, tmp_path: Path):
    url = server.serve("a", OTHER)
    fetch(Remote("a.zip", (url,)), tmp_path)
    with pytest.raises(InputError, match=rf"its hash is {OTHER_MD5}, not {MD5}"):
        fetch(Remote("a.zip", (url,), MD5), tmp_path)
