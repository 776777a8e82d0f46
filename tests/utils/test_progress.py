"""Progress as it reaches a terminal, a file and a reader of both jobs that run side by side."""

import os
import pty
import re
import socket
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from packdepth.utils import progress

progress.PLAIN_EVERY = float(sys.argv[2])
with progress.track(sys.argv[1], 200) as advance:
    for step in range(200):
        advance(1, f"loss {step}")
"""
LINE = re.compile(r"train \w: \d+/200, \d+ s left  loss \d+")
HIDE_CURSOR = "\x1b[?25l"


def start(title: str, every: float, stderr: int, **environment: str) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-c", PROGRAM, title, str(every)]
    return subprocess.Popen(command, stderr=stderr, env={**os.environ, **environment})


def shown(**environment: str) -> str:
    """What a terminal gets."""
    terminal, end = pty.openpty()
    process = start("train a", 0, end, **environment)
    os.close(end)
    content = b""
    try:
        while part := os.read(terminal, 1 << 16):
            content += part
    except OSError:  # Linux' word for a terminal that nobody writes to any more
        pass
    os.close(terminal)
    assert process.wait() == 0
    return content.decode()


def test_elsewhere_the_first_and_the_last_step_and_what_is_due_between(tmp_path: Path):
    for every, lines in ((1000, 2), (0, 200)):
        with (tmp_path / "log").open("wb") as log:
            assert start("train a", every, log.fileno()).wait() == 0
        told = (tmp_path / "log").read_text().splitlines()
        assert len(told) == lines
        assert told[0].startswith("train a: 1/200, ")
        assert told[-1] == "train a: 200/200, 0 s left  loss 199"


def test_a_terminal_gets_a_bar():
    content = shown(TERM="xterm", TTY_INTERACTIVE="1")
    assert HIDE_CURSOR in content
    assert "200/200" in content


def test_a_terminal_that_is_shared_gets_lines():
    content = shown(TERM="xterm", TTY_INTERACTIVE="0")
    assert "\x1b" not in content
    assert [line for line in content.split("\r\n") if not LINE.fullmatch(line)] == [""]


def test_jobs_side_by_side_never_share_a_line(tmp_path: Path):
    with (tmp_path / "log").open("ab") as log:
        jobs = [start(f"train {name}", 0, log.fileno(), PYTHONUNBUFFERED="1") for name in "ab"]
        assert [job.wait() for job in jobs] == [0, 0]
    lines = (tmp_path / "log").read_text().splitlines()
    assert [line for line in lines if not LINE.fullmatch(line)] == []
    assert len(lines) == 400


def test_a_line_is_one_write():
    """Each write is a datagram here, so that what two jobs would mix is seen without luck."""
    reader, writer = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    reader.settimeout(60)
    process = start("train a", 1000, writer.fileno(), PYTHONUNBUFFERED="1")
    writes = [reader.recv(1 << 16).decode() for _ in range(2)]
    assert process.wait() == 0
    for write in writes:
        assert LINE.fullmatch(write.removesuffix("\n"))
        assert write.endswith("\n")
