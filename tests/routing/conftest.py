"""A gateway over a unix socket, a session, a real provider, and a scripted server behind it."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import httpx
import pytest

from harness.config import ModelProfile
from harness.models import open_provider
from harness.models.governor import Backoff
from harness.routing.gateway import Gateway, Served, Session
from harness.types import ModelCall
from tests.servers.scripted import Exchange, Step, scripted
from tests.servers.wires import Chat

KEY = "sk-tested-0123456789abcdefghij"
"""The upstream's key, in TESTED_KEY."""
FAST = Backoff(base_s=0.001, cap_s=0.002)
PATIENCE_S = 10.0
HELLO: dict[str, Any] = {"model": "m", "messages": [{"role": "user", "content": "Write add."}]}
WIRE = Chat(stream=True)


def until(there: Callable[[], object]) -> None:
    """Wait for something that another thread does; fails after a while."""
    deadline = time.monotonic() + PATIENCE_S
    while not there():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.005)


@dataclass
class Calls:
    """What a session told, in order."""

    told: list[ModelCall] = field(default_factory=list)

    def __call__(self, call: ModelCall) -> None:
        self.told.append(call)

    def one(self) -> ModelCall:
        until(lambda: self.told)
        (call,) = self.told
        return call


@dataclass
class Door:
    """One session behind one socket."""

    gateway: Gateway
    session: Session
    path: Path
    calls: Calls

    def client(self, token: str | None = None, **options: Any) -> httpx.Client:
        """A client with the session's token, or another one; with an empty one none is sent."""
        token = self.session.token if token is None else token
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.path)),
            base_url="http://gateway/v1", headers=headers, timeout=PATIENCE_S, **options,
        )  # fmt: skip

    def ask(self, body: Any = None, **keys: Any) -> httpx.Response:
        """One chat completion; `keys` go over the body of a plain one."""
        with self.client() as client:
            return client.post("/chat/completions", json=(HELLO if body is None else body) | keys)

    def events(self, **keys: Any) -> list[dict[str, Any]]:
        """The events of a stream that ended well."""
        response = self.ask(stream=True, **keys)
        assert response.headers["content-type"].startswith("text/event-stream")
        assert response.text.endswith("data: [DONE]\n\n"), response.text
        return events_of(response.text)


def events_of(text: str) -> list[dict[str, Any]]:
    data = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith("data: ")]
    return [json.loads(one) for one in data if one != "[DONE]"]


def error_of(response: httpx.Response) -> dict[str, Any]:
    """The error object of a refusal, which always has OpenAI's shape."""
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    assert list(body) == ["error"]
    error: dict[str, Any] = body["error"]
    assert list(error) == ["message", "type", "param", "code"]
    return error


class OpenDoor(Protocol):
    """`with open_door(upstream, **settings) as door`."""

    def __call__(
        self, profile: ModelProfile, gateway: Gateway | None = None, **settings: Any
    ) -> contextlib.AbstractContextManager[Door]: ...


@pytest.fixture(autouse=True)
def _a_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESTED_KEY", KEY)


@pytest.fixture
def open_door(tmp_path: Path) -> OpenDoor:
    """Sockets in directories of their own."""
    numbers = iter(range(100))

    @contextlib.contextmanager
    def opened(profile: ModelProfile, gateway: Gateway | None = None, **settings: Any) -> Iterator[Door]:
        calls = Calls()
        with contextlib.ExitStack() as stack:
            provider = stack.enter_context(contextlib.closing(open_provider(profile, backoff=FAST)))
            session = Session({"m": Served(profile, provider)}, **{"on_call": calls, **settings})
            gateway = gateway or stack.enter_context(Gateway())
            path = stack.enter_context(gateway.open_socket(tmp_path / f"door-{next(numbers)}", session))
            yield Door(gateway, session, path, calls)

    return opened


def profile_of(url: str, **keys: Any) -> ModelProfile:
    """An OpenAI-compatible server, asked for streams."""
    return WIRE.profile(url, **keys)


class Gate:
    """A step that begins an answer, and ends it when the test lets it."""

    def __init__(self, *, text: str = "half") -> None:
        self.begun = threading.Event()
        self.open = threading.Event()
        self._text = text

    def __call__(self, exchange: Exchange) -> None:
        exchange.begin(WIRE.kind)
        parts = WIRE.parts(self._text, "", "stop", usage=True)
        for part in parts[:3]:
            exchange.chunk(part)
        self.begun.set()
        assert self.open.wait(PATIENCE_S)
        for part in parts[3:]:
            exchange.chunk(part)
        exchange._handler.wfile.write(b"0\r\n\r\n")


def hangs(exchange: Exchange) -> None:
    """A step that says nothing until the client is gone."""
    exchange.until_gone()


def stalls(exchange: Exchange) -> None:
    """A step that begins to answer and then says nothing until the client is gone."""
    exchange.begin(WIRE.kind)
    for part in WIRE.parts("half of it", "", "stop", usage=False)[:3]:
        exchange.chunk(part)
    exchange.until_gone()


__all__ = ["Exchange", "Step", "scripted"]
