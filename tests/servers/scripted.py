"""A real HTTP server on loopback that plays a script: one step a request, the last one for all that follow."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

PATIENCE_S = 40
"""How long a step waits for something that the test makes happen."""


@dataclass
class Recorded:
    """A request as it arrived."""

    method: str
    path: str
    headers: dict[str, str]
    """Names in lower case."""
    body: Any = None


class Exchange:
    """The server's side of one request, for a step to answer through."""

    def __init__(self, handler: BaseHTTPRequestHandler, request: Recorded, server: Scripted) -> None:
        self._handler = handler
        self.request = request
        self.server = server

    def send(self, status: int, body: bytes, kind: str = "application/json", **headers: str) -> None:
        """A whole response."""
        self._start(status, kind, {"Content-Length": str(len(body)), **headers})
        self._handler.wfile.write(body)

    def json(self, body: Any, status: int = 200, **headers: str) -> None:
        self.send(status, json.dumps(body).encode(), **headers)

    def stream(self, parts: list[bytes], kind: str, *, end: bool = True) -> None:
        """A chunked response; without `end` the connection is dropped in the middle."""
        self._start(200, kind, {"Transfer-Encoding": "chunked"})
        for part in parts:
            self.chunk(part)
        if end:
            self._handler.wfile.write(b"0\r\n\r\n")
        else:
            self._handler.close_connection = True

    def begin(self, kind: str) -> None:
        """Start a chunked response, to be gone on with by `chunk`."""
        self._start(200, kind, {"Transfer-Encoding": "chunked"})

    def chunk(self, part: bytes) -> None:
        self._handler.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
        self._handler.wfile.flush()

    def drop(self) -> None:
        """Close the connection without an answer."""
        self._handler.close_connection = True

    def until_gone(self) -> bool:
        """Wait for the client to hang up; whether it did."""
        self.server.arrived.set()
        self._handler.connection.settimeout(PATIENCE_S)
        with contextlib.suppress(OSError):
            gone = self._handler.rfile.read(1) == b""
            self.server.gone.set()
            self._handler.close_connection = True
            return gone
        return False

    def _start(self, status: int, kind: str, headers: dict[str, str]) -> None:
        self._handler.send_response(status)
        for name, value in {"Content-Type": kind, **headers}.items():
            self._handler.send_header(name.replace("_", "-"), value)
        self._handler.end_headers()


Step = Callable[[Exchange], None]


@dataclass
class Scripted:
    """The server. `steps` answer POSTs in order; `documents` answer GETs by path."""

    steps: list[Step]
    documents: dict[str, Any] = field(default_factory=dict)
    requests: list[Recorded] = field(default_factory=list)
    """The POSTs, in the order they came."""
    most_at_once: int = 0
    url: str = ""

    def __post_init__(self) -> None:
        self._lock = threading.Lock()
        self._now = 0
        self.arrived = threading.Event()
        self.gone = threading.Event()

    def __enter__(self) -> Self:
        script = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                script._document(self)

            def do_POST(self) -> None:
                script._play(self)

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class calls it so
                """Silence: the test says what matters."""

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        # A short poll: shutting down waits for one.
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(PATIENCE_S)

    def _document(self, handler: BaseHTTPRequestHandler) -> None:
        exchange = Exchange(handler, _recorded(handler), self)
        found = self.documents.get(handler.path)
        exchange.json(found if found is not None else {"error": "no such page"}, 404 if found is None else 200)

    def _play(self, handler: BaseHTTPRequestHandler) -> None:
        request = _recorded(handler)
        with self._lock:
            step = self.steps[min(len(self.requests), len(self.steps) - 1)]
            self.requests.append(request)
            self._now += 1
            self.most_at_once = max(self.most_at_once, self._now)
        try:
            step(Exchange(handler, request, self))
        finally:
            with self._lock:
                self._now -= 1


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    # Steps may wait for a client that is still there; the test is over.
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are what these tests are about."""


def _recorded(handler: BaseHTTPRequestHandler) -> Recorded:
    length = int(handler.headers.get("content-length") or 0)
    raw = handler.rfile.read(length)
    headers = {name.lower(): value for name, value in handler.headers.items()}
    return Recorded(handler.command, handler.path, headers, json.loads(raw) if raw else None)


@contextlib.contextmanager
def scripted(*steps: Step, documents: dict[str, Any] | None = None) -> Iterator[Scripted]:
    """A running server for a `with` block."""
    with Scripted(list(steps), documents or {}) as server:
        yield server
