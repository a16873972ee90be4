"""The small client of the engine: what the engine says, and what becomes of an engine that says nothing or nonsense."""

from __future__ import annotations

import contextlib
import http.server
import json
import shutil
import socket
import ssl
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from docker.tls import TLSConfig

from harness.errors import EngineUnavailable, SandboxError
from harness.sandbox.api import EngineApi, ssl_context
from harness.sandbox.engine import address
from harness.sandbox.failures import ImageMissing, Missing
from harness.sandbox.reaper import owner_labels

if TYPE_CHECKING:
    import docker

    from harness.sandbox.image import Image


@pytest.fixture
def api(engine: docker.APIClient) -> Iterator[EngineApi]:
    where, tls = address()
    made = EngineApi(where, engine.api_version, tls=ssl_context(tls))
    yield made
    made.close()


def request(image: Image, *command: str) -> bytes:
    body = {"Image": image.tag, "Cmd": command, "OpenStdin": True, "StdinOnce": True, "AttachStdin": True}
    return json.dumps({**body, "NetworkDisabled": True, "Labels": owner_labels()}).encode()


def until_end(stream: socket.socket, first: bytes) -> bytes:
    got = first
    while data := stream.recv(4096):
        got += data
    return got


def test_a_container_s_life(api: EngineApi, image: Image) -> None:
    name = f"harness-test-{uuid.uuid4().hex[:12]}"
    api.create(name, request(image, "cat"))
    try:
        stream, first = api.attach(name)
        with stream:
            api.start(name)
            api.start(name)  # runs already
            assert api.inspect(name)["State"]["Running"] is True
            stream.sendall(b"hello")
            stream.shutdown(socket.SHUT_WR)
            # Eight bytes of the engine's: stream 1, five bytes.
            assert until_end(stream, first) == b"\x01\0\0\0\0\0\0\x05hello"
    finally:
        api.remove(name)
    for action, call in (("remove", api.remove), ("inspect", api.inspect), ("attach to", api.attach)):
        with pytest.raises(Missing, match=f"could not {action} a container: .*No such container"):
            call(name)


def test_connections_are_used_again(api: EngineApi) -> None:
    for _ in range(3):
        with pytest.raises(Missing):
            api.inspect("harness-no-such-container")
        assert len(api._idle) == 1


def test_what_the_engine_refuses_is_told_in_its_words(api: EngineApi, image: Image) -> None:
    body = request(image.model_copy(update={"tag": "harness-no-such-image:0"}))
    with pytest.raises(ImageMissing, match=r"could not make a container: .*harness-no-such-image"):
        api.create("harness-test-refused", body)
    with pytest.raises(SandboxError, match="could not make a container") as caught:
        api.create("harness-test-refused", b'{"Image": 3}')
    assert not isinstance(caught.value, EngineUnavailable), "it answered: waiting would not help"


@contextlib.contextmanager
def engine_that(path: Path, act: Callable[[socket.socket], None]) -> Iterator[EngineApi]:
    """A unix socket whose every connection is given to `act`."""
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(str(path))
    listening.listen()

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                act(connection)

    thread = threading.Thread(target=serve)
    thread.start()
    api = EngineApi(f"unix://{path}", "1.41", timeout_s=0.3)
    try:
        yield api
    finally:
        api.close()
        listening.shutdown(socket.SHUT_RDWR)
        listening.close()
        thread.join()


def until_hung_up(connection: socket.socket) -> None:
    while connection.recv(4096):
        pass


def hang_up(connection: socket.socket) -> None:
    connection.recv(4096)


def talk_nonsense(connection: socket.socket) -> None:
    connection.recv(4096)
    connection.sendall(b"\x00\xff what?\r\n\r\n")


@pytest.mark.parametrize(
    ("act", "said"),
    [(until_hung_up, "timed out"), (hang_up, ""), (talk_nonsense, "")],
    ids=["silent", "hangs up", "nonsense"],
)
def test_an_engine_that_is_none(tmp_path: Path, act: Callable[[socket.socket], None], said: str) -> None:
    with engine_that(tmp_path / "engine.sock", act) as api:
        for call in (api.start, api.inspect, api.remove, api.attach, lambda name: api.create(name, b"{}")):
            with pytest.raises(EngineUnavailable, match=f"the container engine did not answer when asked .*{said}"):
                call("box")
        assert not api._idle


def test_no_engine_at_all(tmp_path: Path) -> None:
    with pytest.raises(EngineUnavailable, match="did not answer when asked to start a container"):
        EngineApi(f"unix://{tmp_path / 'none.sock'}", "1.41").start("box")


class Inspecting(http.server.BaseHTTPRequestHandler):
    """Answers every inspection with the path it was asked for."""

    def do_GET(self) -> None:
        body = json.dumps({"asked": self.path}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass


@pytest.mark.parametrize("secure", [False, True])
def test_engines_on_the_network(tmp_path: Path, secure: bool) -> None:
    """A server of the standard library in the engine's place: one with certificates cannot be set up beside another."""
    server = http.server.HTTPServer(("127.0.0.1", 0), Inspecting)
    tls: Any = None
    if secure:
        if shutil.which("openssl") is None:
            pytest.skip("no openssl program to make a certificate with")
        key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
        name = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
        made = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-keyout", str(key)]
        made += ["-out", str(certificate), *name]
        subprocess.run(made, check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        tls = TLSConfig(ca_cert=str(certificate), verify=True)
    thread = threading.Thread(target=server.handle_request)
    thread.start()
    api = EngineApi(f"tcp://localhost:{server.server_address[1]}", "1.41", tls=ssl_context(tls))
    try:
        assert api.inspect("box") == {"asked": "/v1.41/containers/box/json"}
    finally:
        api.close()
        thread.join()
        server.server_close()


def test_without_tls_settings_there_is_no_context() -> None:
    assert ssl_context(None) is None
    assert ssl_context(False) is None
    lax = ssl_context(TLSConfig(verify=False))
    assert lax is not None
    assert lax.verify_mode is ssl.CERT_NONE
