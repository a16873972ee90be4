"""Sockets: whose they are, who reaches them, and clients that are slow, many, or no clients at all."""

from __future__ import annotations

import contextlib
import os
import select
import socket
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from harness.errors import HostError, UsageError
from harness.routing.gateway import SOCKET, Allowance, Gateway, Served, Session
from harness.routing.gateway.listener import MAX_CONNECTIONS
from tests.routing.conftest import HELLO, PATIENCE_S, WIRE, Calls, Door, OpenDoor, error_of, profile_of, until
from tests.servers.scripted import scripted

LISTENER = "harness.routing.gateway.listener"


@pytest.fixture
def door(open_door: OpenDoor) -> Iterator[Door]:
    with scripted(WIRE.says()) as server, open_door(profile_of(server.url)) as opened:
        yield opened


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def connected(door: Door) -> socket.socket:
    client = socket.socket(socket.AF_UNIX)
    # With a time-out set, connecting would not wait for a place.
    client.connect(str(door.path))
    client.settimeout(PATIENCE_S)
    return client


def closed(client: socket.socket) -> bool:
    """Whether the other side has closed, or does so soon; what it said before is read away."""
    try:
        while client.recv(65536):
            pass
    except ConnectionError:
        return True
    except TimeoutError:
        return False
    return True


def test_a_socket_of_one_user(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    directory = tmp_path / "d"
    with Gateway() as gateway, gateway.open_socket(directory, Session({}), uid=54321) as path:
        assert path == directory / SOCKET
        assert (mode(directory), directory.stat().st_uid) == (0o700, 54321)
        assert (mode(path), path.lstat().st_uid) == (0o600, 54321)
    assert list(directory.iterdir()) == []


def test_a_socket_that_the_token_alone_guards(tmp_path: Path) -> None:
    with Gateway() as gateway, gateway.open_socket(tmp_path / "a" / "d", Session({})) as path:
        assert (mode(path.parent), mode(path)) == (0o711, 0o666)


def test_a_socket_that_a_killed_harness_left(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(tmp_path / SOCKET))
    with (
        Gateway() as gateway,
        gateway.open_socket(tmp_path, Session({})) as path,
        httpx.Client(transport=httpx.HTTPTransport(uds=str(path))) as client,
    ):
        assert client.get("http://gateway/v1/models").status_code == 401
    assert not (tmp_path / SOCKET).exists()


def test_what_is_no_socket_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / SOCKET).write_text("mine")
    with Gateway() as gateway:
        with pytest.raises(HostError, match="cannot make the socket"), gateway.open_socket(tmp_path, Session({})):
            pass
        with pytest.raises(UsageError, match="is no socket"):
            gateway.listen_unix(tmp_path / SOCKET, [])
    assert (tmp_path / SOCKET).read_text() == "mine"


def test_a_link_in_the_socket_s_place_is_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    with Gateway() as gateway, gateway.open_socket(tmp_path / "d", Session({})) as path:
        path.unlink()
        path.symlink_to(victim)
    assert victim.read_text() == "precious"


def test_a_path_that_is_too_long(tmp_path: Path) -> None:
    directory = tmp_path / ("x" * 100)
    with (
        Gateway() as gateway,
        pytest.raises(HostError, match="too long for a unix socket"),
        gateway.open_socket(directory, Session({})),
    ):
        pass


def test_a_closed_gateway_opens_nothing(tmp_path: Path) -> None:
    gateway = Gateway()
    gateway.close()
    gateway.close()
    with pytest.raises(HostError, match="closed"), gateway.open_socket(tmp_path, Session({})):
        pass


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.0.2.1", "example.org", ""])
def test_only_loopback_is_listened_on(host: str) -> None:
    with Gateway() as gateway, pytest.raises(UsageError, match="loopback only"):
        gateway.listen(host, 0, [])


def test_a_port_that_is_taken() -> None:
    with Gateway() as gateway, Gateway() as other:
        port = gateway.listen("127.0.0.1", 0, [])
        with pytest.raises(UsageError, match=str(port)):
            other.listen("localhost", port, [])


def test_several_sessions_behind_one_port(door: Door) -> None:
    served: dict[str, Served] = door.session.models
    told = [Calls(), Calls()]
    sessions = [Session(served, on_call=calls, allowance=Allowance(calls=1)) for calls in told]
    port = door.gateway.listen("127.0.0.1", 0, sessions)
    url = f"http://127.0.0.1:{port}/v1"

    def ask(token: str) -> int:
        headers = {"authorization": f"Bearer {token}"}
        return httpx.post(f"{url}/chat/completions", json=HELLO, headers=headers, trust_env=False).status_code

    first, second = sessions
    assert [ask(first.token), ask(first.token), ask(second.token)] == [200, 400, 200]
    assert [ask("hg-unknown"), ask(door.session.token)] == [401, 401], "a token counts at its own door only"
    assert [[call.status for call in calls.told] for calls in told] == [[200, 400], [200]]
    assert {call.session for call in told[0].told} == {first.name}


def test_the_token_of_another_attempt_is_unknown_here(open_door: OpenDoor) -> None:
    with scripted(WIRE.says()) as server, Gateway() as gateway:
        profile = profile_of(server.url)
        with open_door(profile, gateway) as one, open_door(profile, gateway) as other:
            with one.client(other.session.token) as client:
                assert client.post("/chat/completions", json=HELLO).status_code == 401
            assert (len(one.calls.told), len(other.calls.told)) == (1, 0)
            one.session.end()
            assert other.ask().status_code == 200
        assert server.requests[0].body["messages"] == HELLO["messages"]


@pytest.mark.parametrize("sent", [b"", b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n", b"\r\n"])
def test_half_a_head_for_ever(door: Door, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    monkeypatch.setattr(f"{LISTENER}.HEAD_S", 0.1)
    with connected(door) as client:
        client.sendall(sent)
        assert closed(client)
    assert door.ask().status_code == 200


def test_half_a_second_head_for_ever(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    head = f"GET /v1/models HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {door.session.token}\r\n".encode()
    monkeypatch.setattr(f"{LISTENER}.HEAD_S", 0.2)
    with connected(door) as client:
        client.sendall(head + b"\r\n")
        assert client.recv(65536).startswith(b"HTTP/1.1 200")
        client.sendall(head)
        assert closed(client)


def test_half_a_body_for_ever(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.routing.gateway.chat.BODY_S", 0.1)
    with connected(door) as client:
        head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {door.session.token}\r\n"
        client.sendall(head.encode() + b"content-length: 100\r\n\r\n{")
        assert client.recv(65536).startswith(b"HTTP/1.1 408")
    assert door.calls.one().error.startswith("request_timeout")


def send_for_ever(client: socket.socket, chunk: bytes) -> None:
    while True:
        client.sendall(chunk)


def test_an_endless_body_without_a_token(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{LISTENER}.HEAD_S", 0.2)
    with connected(door) as client:
        client.sendall(b"POST /v1/models HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n")
        chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        with pytest.raises(ConnectionError):
            send_for_ever(client, chunk)
    assert door.ask().status_code == 200


def test_a_client_that_reads_nothing(open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(f"{LISTENER}.WRITE_S", 0.1)
    with scripted(WIRE.says("x" * (8 << 20)), WIRE.says()) as server, open_door(profile_of(server.url)) as door:
        with connected(door) as client:
            body = b'{"model": "m", "stream": true, "messages": [{"role": "user", "content": "x"}]}'
            head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {door.session.token}\r\n"
            client.sendall(head.encode() + f"content-length: {len(body)}\r\n\r\n".encode() + body)
            # Not by reading: that is what this client does not do.
            watch = select.poll()
            watch.register(client, select.POLLHUP)
            until(lambda: any(event & select.POLLHUP for _, event in watch.poll(0)))
            assert door.ask().status_code == 200
        assert door.calls.told[0].number == 1


def test_a_flood_of_connections(open_door: OpenDoor) -> None:
    with scripted(WIRE.says()) as server, Gateway() as gateway:
        profile = profile_of(server.url)
        with open_door(profile, gateway) as door, open_door(profile, gateway) as other:
            with contextlib.ExitStack() as stack:
                clients = [stack.enter_context(connected(door)) for _ in range(MAX_CONNECTIONS)]
                extra = [stack.enter_context(connected(door)) for _ in range(20)]
                assert all(closed(client) for client in extra)
                assert other.ask().status_code == 200, "another socket has places of its own"
                clients[0].sendall(b"GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n")
                assert clients[0].recv(65536).startswith(b"HTTP/1.1 401"), "those that came first are served"
            until(lambda: door_answers(door))


def door_answers(door: Door) -> bool:
    try:
        return door.ask().status_code == 200
    except httpx.TransportError:
        return False


@pytest.mark.parametrize("garbage", [b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", b"GET / HTTP/9\r\n\r\n", b"x" * 100_000])
def test_what_is_not_http(door: Door, garbage: bytes) -> None:
    with connected(door) as client:
        with contextlib.suppress(ConnectionError):
            client.sendall(garbage)
        said = b""
        with contextlib.suppress(ConnectionError):
            while part := client.recv(65536):
                said += part
    if said:
        head, _, body = said.partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400")
        response = httpx.Response(400, content=body, headers={"content-type": "application/json"})
        assert error_of(response)["code"] == "invalid_request"
    assert door.ask().status_code == 200


def test_requests_one_after_another_on_one_connection(door: Door) -> None:
    with door.client() as client:
        codes = [client.post("/chat/completions", json=HELLO).status_code for _ in range(3)]
        codes += [client.post("/chat/completions", content=b"{").status_code, client.get("/models").status_code]
    assert codes == [200, 200, 200, 400, 200]
