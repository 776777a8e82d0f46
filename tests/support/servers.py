"""A server of files on the loopback, which can be told to misbehave."""

import contextlib
import hashlib
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """A file, and how it is served. A test may change any of it between two requests."""

    content: bytes
    ranges: bool = True
    if_range: bool = True  # whether that header is heeded
    cuts: Sequence[int] = ()  # bytes after which the connection is cut, for each of the next requests
    delay: float = 0.0  # s of waiting ...
    stall: int = 0  # ... behind so many bytes
    status: int = 200
    refusals: Sequence[int] = ()  # statuses of the next requests, before that one
    etag: str | None = None  # in place of the content's own; "" for none
    length: int | None = None  # claimed in place of the true one; -1: not told
    chunked: bool = False  # one chunk, with its length in place of the file's
    kind: str = "application/octet-stream"
    encoding: str | None = None  # claimed of the content

    @property
    def tag(self) -> str:
        return f'"{hashlib.sha256(self.content).hexdigest()}"' if self.etag is None else self.etag


class Server(ThreadingHTTPServer):
    """Serves `files` by path, and remembers the requests for each: their Range header, or None."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, Served] = {}
        self.requests: list[tuple[str, str | None]] = []

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.server_port}/{path}"

    def serve(self, path: str, content: bytes, **how: object) -> str:
        """Serve `content` under `path` from now on; gives its address."""
        self.files[path] = Served(content, **how)  # type: ignore[arg-type]
        return self.url(path)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that left in the middle is no error here."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Server

    def do_GET(self) -> None:
        asked = self.headers["Range"]
        self.server.requests.append((self.path[1:], asked))
        served = self.server.files.get(self.path[1:]) or Served(b"no such file", status=404)
        if served.refusals:
            status, served.refusals = served.refusals[0], served.refusals[1:]
            served = Served(b"not now", status=status)
        first = int(asked.removeprefix("bytes=").removesuffix("-")) if asked and self._same(served) else 0
        self._head(served, first)
        rest = served.content[first:]
        before, after = (f"{len(rest):x}\r\n".encode(), b"\r\n0\r\n\r\n") if served.chunked else (b"", b"")
        if served.cuts:
            rest, served.cuts, after = rest[: served.cuts[0]], served.cuts[1:], b""
            self.close_connection = True
        self.wfile.write(before + rest[: served.stall])
        time.sleep(served.delay)
        self.wfile.write(rest[served.stall :] + after)

    def _same(self, served: Served) -> bool:
        """Whether a range may be given."""
        known = self.headers["If-Range"]
        return served.ranges and (not served.if_range or known in (None, served.tag))

    def _head(self, served: Served, first: int) -> None:
        size = len(served.content)
        length: int | None = size - first if served.length is None else served.length
        if first >= size > 0:
            self.send_response(416)
            length = 0
        elif first:
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{size - 1}/{size}")
        else:
            self.send_response(served.status)
        if served.chunked:
            self.send_header("Transfer-Encoding", "chunked")
            length = None
        if length == -1:
            self.send_header("Connection", "close")  # and sees to it
            length = None
        told = {"Content-Length": length, "ETag": served.tag, "Content-Type": served.kind}
        for name, value in {**told, "Content-Encoding": served.encoding}.items():
            if value not in (None, ""):
                self.send_header(name, str(value))
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Nothing: the tests look at `requests`."""


@contextlib.contextmanager
def server() -> Iterator[Server]:
    """A server, running for as long as the block does."""
    with Server() as running:
        threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        yield running
        running.shutdown()
