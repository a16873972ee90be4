"""The calls of a box's life, straight over the engine's HTTP: create, attach, start, inspect, remove.

docker-py spends several times the processor time of these calls on building sessions, headers and URLs; with two cores
and a box a candidate that shows (benchmarks/RESULTS.md). Everything that is not done for each box stays with docker-py.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import ssl
from collections import deque
from typing import Any
from urllib.parse import quote, urlsplit

from harness.errors import SandboxError
from harness.sandbox.failures import engine_errors, refusal

MAX_HEAD = 1 << 16


class EngineApi:
    """A client of the engine at `address` (`unix://`, `tcp://`, `http://` or `https://`), usable from many threads.

    Every call raises SandboxError for what the engine refuses (Missing: no such container; ImageMissing) and
    EngineUnavailable when it cannot be spoken to within `timeout_s` seconds.
    """

    def __init__(self, address: str, version: str, timeout_s: float = 60, tls: ssl.SSLContext | None = None) -> None:
        self._address, self._tls, self.timeout_s = urlsplit(address), tls, timeout_s
        self._prefix = f"/v{version}"
        self._idle: deque[http.client.HTTPConnection] = deque()
        self._closed = False
        self.calls = 0
        """Requests so far; threads that ask at the same instant may be counted once."""

    def create(self, name: str, body: bytes) -> None:
        """A container called `name`; `body` is the create request as JSON."""
        self._call("make a container", "POST", f"/containers/create?name={quote(name)}", body)

    def attach(self, name: str) -> tuple[socket.socket, bytes]:
        """The container's streams as one socket, and what came of them with the engine's answer."""
        path = f"{self._prefix}/containers/{quote(name)}/attach?stdin=1&stdout=1&stderr=1&stream=1"
        self.calls += 1
        connection = self._connection()
        try:
            with engine_errors("attach to a container"):
                connection.connect()
                stream: socket.socket = connection.sock
                # Not through http.client, whose buffers would keep the first bytes of the stream.
                head = [f"POST {path} HTTP/1.1", "Host: engine", "Connection: Upgrade", "Upgrade: tcp"]
                stream.sendall("\r\n".join([*head, "Content-Length: 0", "", ""]).encode("ascii"))
                status, rest = _response_head(stream)
            if status not in (101, 200):
                raise refusal("attach to a container", status, _message(rest))
        except BaseException:
            connection.close()
            raise
        return stream, rest

    def start(self, name: str) -> None:
        """Start a container; one that runs already is fine."""
        self._call("start a container", "POST", f"/containers/{quote(name)}/start")

    def inspect(self, name: str) -> dict[str, Any]:
        """The engine's facts about a container."""
        answer = self._call("inspect a container", "GET", f"/containers/{quote(name)}/json")
        with engine_errors("inspect a container"):
            return _object(answer)

    def wait_for_end(self, name: str, within_s: float) -> None:
        """Wait until a container has ended by itself, but no longer; never raises. To kill one costs the engine a
        process of its runtime."""
        with contextlib.suppress(SandboxError):
            self._call("wait for a container", "POST", f"/containers/{quote(name)}/wait", within_s=within_s)

    def remove(self, name: str) -> None:
        """Kill and remove a container with its volumes. Raises Missing for one that is gone, or going, already."""
        self._call("remove a container", "DELETE", f"/containers/{quote(name)}?force=1&v=1")

    def close(self) -> None:
        """Close the connections that nobody uses, and keep none from now on."""
        self._closed = True
        while self._idle:
            self._idle.pop().close()

    def _call(
        self, action: str, method: str, path: str, body: bytes | None = None, within_s: float | None = None
    ) -> bytes:
        self.calls += 1
        try:
            connection = self._idle.pop()
        except IndexError:
            connection = self._connection()
        try:
            with engine_errors(action):
                if connection.sock is None:
                    connection.connect()
                connection.sock.settimeout(within_s or self.timeout_s)
                connection.request(
                    method, self._prefix + path, body, {"Content-Type": "application/json"} if body else {}
                )
                response = connection.getresponse()
                answer = response.read()
        except BaseException:
            connection.close()
            raise
        if response.will_close or self._closed:
            connection.close()
        else:
            self._idle.append(connection)
        if response.status >= http.HTTPStatus.BAD_REQUEST:
            raise refusal(action, response.status, _message(answer))
        return answer

    def _connection(self) -> http.client.HTTPConnection:
        if self._address.scheme == "unix":
            return _UnixConnection(self._address.netloc + self._address.path, self.timeout_s)
        host, port = self._address.hostname or "localhost", self._address.port
        if self._tls is not None or self._address.scheme == "https":
            return http.client.HTTPSConnection(host, port or 2376, timeout=self.timeout_s, context=self._tls)
        return http.client.HTTPConnection(host, port or 2375, timeout=self.timeout_s)


def ssl_context(tls: Any) -> ssl.SSLContext | None:
    """What docker-py's TLS settings mean to the standard library; None without any."""
    if not tls:
        return None
    context = ssl.create_default_context(cafile=getattr(tls, "ca_cert", None) or None)
    if not getattr(tls, "verify", True):
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if getattr(tls, "cert", None):
        context.load_cert_chain(*tls.cert)
    return context


class _UnixConnection(http.client.HTTPConnection):
    def __init__(self, path: str, timeout_s: float) -> None:
        super().__init__("engine", timeout=timeout_s)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        try:
            self.sock.connect(self._path)
        except BaseException:
            self.sock.close()
            raise


def _response_head(stream: socket.socket) -> tuple[int, bytes]:
    """(status, bytes after the head). Raises HTTPException for what is no response."""
    got = b""
    while b"\r\n\r\n" not in got:
        data = stream.recv(4096)
        if not data or len(got) > MAX_HEAD:
            raise http.client.HTTPException("no response, but the end of the connection")
        got += data
    head, _, rest = got.partition(b"\r\n\r\n")
    found = re.match(rb"HTTP/\S+ (\d{3})\b", head)
    if found is None:
        raise http.client.BadStatusLine(repr(head[:80]))
    status = int(found.group(1))
    if status >= http.HTTPStatus.BAD_REQUEST and not rest:
        with contextlib.suppress(OSError):
            rest = stream.recv(4096)
    return status, rest


def _object(answer: bytes) -> dict[str, Any]:
    """A JSON object. Raises HTTPException for anything else."""
    try:
        found = json.loads(answer)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise http.client.HTTPException(f"no JSON object, but {answer[:80]!r}")
    return found


def _message(answer: bytes) -> str:
    """What an error response says."""
    try:
        return str(json.loads(answer)["message"])
    except (ValueError, KeyError, TypeError):
        return answer.decode("utf-8", "replace").strip()[:500] or "it did not say why"
