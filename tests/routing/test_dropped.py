"""Whoever hangs up, ends a session or closes the gateway frees the model's slot at once, wherever the call is."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from harness.routing.gateway import Gateway
from tests.routing.conftest import (
    HELLO,
    PATIENCE_S,
    WIRE,
    Door,
    OpenDoor,
    hangs,
    profile_of,
    stalls,
    until,
)
from tests.servers.scripted import Exchange, scripted
from tests.servers.wires import OllamaChat


@contextlib.contextmanager
def begun(door: Door, *, stream: bool) -> Any:
    """A request that was sent, and whose answer nobody has read; the connection is closed with the block."""
    body = json.dumps(HELLO | {"stream": stream}).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: gateway\r\nauthorization: Bearer {door.session.token}\r\n"
        f"content-length: {len(body)}\r\n\r\n"
    )
    with socket.socket(socket.AF_UNIX) as client:
        client.connect(str(door.path))
        client.sendall(head.encode() + body)
        yield client


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("step", [hangs, stalls])
def test_a_client_that_hangs_up(open_door: OpenDoor, stream: bool, step: Callable[[Exchange], None]) -> None:
    with scripted(step, WIRE.says()) as server, open_door(profile_of(server.url, concurrency=1)) as door:
        with begun(door, stream=stream):
            assert server.arrived.wait(PATIENCE_S)
        assert server.gone.wait(PATIENCE_S), "the server behind sees its client go"
        call = door.calls.one()
        assert (call.status, call.reply) == (499, None)
        assert call.error.startswith("client_disconnected")
        assert door.session.failure is None
        assert door.ask().status_code == 200, "the slot is free"


def test_a_client_of_ollama_that_hangs_up(open_door: OpenDoor) -> None:
    with scripted(hangs) as server, open_door(OllamaChat(stream=True).profile(server.url)) as door:
        with begun(door, stream=True):
            assert server.arrived.wait(PATIENCE_S)
        assert server.gone.wait(PATIENCE_S)
        assert door.calls.one().status == 499


def test_a_client_that_hangs_up_while_it_waits_for_a_slot(open_door: OpenDoor) -> None:
    with scripted(hangs, WIRE.says()) as server, open_door(profile_of(server.url, concurrency=1)) as door:
        with begun(door, stream=False):
            assert server.arrived.wait(PATIENCE_S)
            with begun(door, stream=False):
                until(lambda: len(door.session._under_way) == 2)
            call = door.calls.one()
            assert (call.number, call.status) == (2, 499)
            assert len(server.requests) == 1
            assert not server.gone.is_set()
        until(lambda: len(door.calls.told) == 2)
        assert door.ask().status_code == 200


def test_a_client_that_hangs_up_between_two_tries(open_door: OpenDoor) -> None:
    def busy(exchange: Exchange) -> None:
        exchange.json({}, 429, Retry_After="60")

    with scripted(busy, WIRE.says()) as server, open_door(profile_of(server.url, concurrency=1)) as door:
        with begun(door, stream=False):
            until(lambda: server.requests)
        call = door.calls.one()
        assert call.status == 499
        assert call.seconds < PATIENCE_S
        assert len(server.requests) == 1


def test_a_client_that_hangs_up_in_its_body(open_door: OpenDoor) -> None:
    with scripted(WIRE.says()) as server, open_door(profile_of(server.url)) as door:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(door.path))
            head = f"POST /v1/chat/completions HTTP/1.1\r\nauthorization: Bearer {door.session.token}\r\nhost: x\r\n"
            client.sendall(head.encode() + b"content-length: 100\r\n\r\n{")
            until(lambda: door.session.first_call_at)
        assert door.calls.one().status == 499
        assert server.requests == []


@pytest.mark.parametrize("stream", [True, False])
def test_closing_the_gateway_drops_what_is_under_way(open_door: OpenDoor, stream: bool) -> None:
    with scripted(stalls) as server, Gateway() as gateway, open_door(profile_of(server.url), gateway) as door:
        with ThreadPoolExecutor(3) as threads:
            asked = [threads.submit(door.ask, stream=stream) for _ in range(3)]
            until(lambda: len(server.requests) == 3)
            before = time.monotonic()
            gateway.close()
            assert time.monotonic() - before < PATIENCE_S / 2
            assert all(isinstance(one.exception(), httpx.TransportError) for one in asked)
        assert [call.status for call in door.calls.told] == [499] * 3, "all are recorded when it has closed"
        assert server.gone.wait(PATIENCE_S)


def test_leaving_the_sockets_block_drops_what_is_under_way(open_door: OpenDoor) -> None:
    with scripted(stalls) as server, ThreadPoolExecutor(1) as threads:
        with open_door(profile_of(server.url)) as door:
            asked = threads.submit(door.ask)
            assert server.arrived.wait(PATIENCE_S)
        assert isinstance(asked.exception(), httpx.TransportError)
        assert server.gone.wait(PATIENCE_S)
    assert not door.path.exists()
    assert door.calls.one().status == 499


def test_nothing_is_left_behind(open_door: OpenDoor) -> None:
    def round_() -> None:
        with scripted(stalls, WIRE.says()) as server, open_door(profile_of(server.url)) as door:
            with begun(door, stream=True):
                assert server.arrived.wait(PATIENCE_S)
            door.ask()
            door.ask(stream=True)
            door.ask(model="other")
        until(lambda: not [thread for thread in threading.enumerate() if thread.name.startswith("Thread-")])

    def held() -> tuple[int, list[str]]:
        return len(list(Path("/proc/self/fd").iterdir())), [thread.name for thread in threading.enumerate()]

    round_()
    before = held()
    for _ in range(3):
        round_()
    assert held() == before
