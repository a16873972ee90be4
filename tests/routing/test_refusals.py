"""What is refused, in which words, and how it is recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from harness.routing.gateway.asked import MAX_BODY
from harness.routing.gateway.session import MAX_UNANSWERED
from tests.routing.conftest import HELLO, WIRE, Door, OpenDoor, error_of, profile_of
from tests.servers.scripted import scripted


@pytest.fixture
def door(open_door: OpenDoor) -> Iterator[Door]:
    """A door whose server is never asked."""
    with scripted(WIRE.says()) as server, open_door(profile_of(server.url)) as opened:
        yield opened
        assert server.requests == []


def refused(door: Door, response: httpx.Response, status: int, code: str, param: str | None = None) -> str:
    """Check what the client was told against what was recorded; the message."""
    error = error_of(response)
    assert (response.status_code, error["code"], error["param"]) == (status, code, param)
    call = door.calls.told[-1]
    assert (call.status, call.error) == (status, f"{code}: {error['message']}")
    assert (call.reply, call.model) == (None, "")
    message: str = error["message"]
    return message


@pytest.mark.parametrize("token", ["", "hg-guessed", "é"])
@pytest.mark.parametrize("path", ["/chat/completions", "/models", "/nothing/here"])
def test_without_the_token_there_is_nothing(door: Door, token: str, path: str) -> None:
    with door.client("") as client:
        headers = {b"authorization": f"Bearer {token}".encode()} if token else {}
        response = client.post(path, json=HELLO | {"model": "secret"}, headers=headers)
    assert refused(door, response, 401, "unauthorized")
    call = door.calls.one()
    assert (call.number, call.request, call.asked) == (1, None, ""), "nothing of what it sent is kept"
    assert door.session.refusals == ["unauthorized"]
    assert door.session.first_call_at is None


@pytest.mark.parametrize("header", ["{}", "Basic {}", "Bearer", "Bearer {}x", "Bearer x{}"])
def test_only_the_whole_token_as_bearer_counts(door: Door, header: str) -> None:
    with door.client("") as client:
        response = client.get("/models", headers={"authorization": header.format(door.session.token)})
    assert refused(door, response, 401, "unauthorized")


def test_the_scheme_may_be_written_small(door: Door) -> None:
    with door.client("") as client:
        headers = {"authorization": f"bearer {door.session.token}"}
        assert client.get("/models", headers=headers).status_code == 200


def test_unknown_models_paths_and_methods(door: Door) -> None:
    message = refused(door, door.ask(model="gpt-x"), 404, "model_not_found", "model")
    assert "there is m" in message
    assert door.calls.told[-1].asked == "gpt-x"
    with door.client() as client:
        assert refused(door, client.post("/completions", json={}), 404, "not_found")
        assert refused(door, client.get("/models/"), 404, "model_not_found", "model")
        response = client.get("/chat/completions")
        assert refused(door, response, 405, "method_not_allowed")
        assert response.headers["allow"] == "POST"
    assert [call.number for call in door.calls.told] == [1, 2, 3, 4]
    assert door.session.spent().refused == 4


MESSAGE = {"role": "user", "content": "x"}
MALFORMED: dict[str, tuple[Any, str | None]] = {
    "no JSON": (b"{", None),
    "nothing": (b"", None),
    "a list": (b"[]", None),
    "not UTF-8": (b'{"model": "\xff"}', None),
    "NaN": (b'{"model": "m", "temperature": NaN}', None),
    "too large a number": (b'{"model": "m", "temperature": 1e999}', None),
    "too deep": (b'{"model":' + b"[" * 100 + b"]" * 100 + b"}", None),
    "much too deep": (b'{"model":' + b"[" * 200_000, None),
    "no model": ({"messages": [MESSAGE]}, "model"),
    "a number as model": (HELLO | {"model": 3}, "model"),
    "no messages": ({"model": "m"}, "messages"),
    "empty messages": (HELLO | {"messages": []}, "messages"),
    "text as messages": (HELLO | {"messages": "hello"}, "messages"),
    "text as message": (HELLO | {"messages": ["hello"]}, "messages[0]"),
    "unknown role": (HELLO | {"messages": [MESSAGE, {"role": "robot", "content": "x"}]}, "messages[1].role"),
    "no content": (HELLO | {"messages": [{"role": "user"}]}, "messages[0].content"),
    "a number as content": (HELLO | {"messages": [{"role": "user", "content": 3}]}, "messages[0].content"),
    "a part that is none": (HELLO | {"messages": [{"role": "user", "content": ["x"]}]}, "messages[0].content"),
    "text as temperature": (HELLO | {"temperature": "hot"}, "temperature"),
    "a negative temperature": (HELLO | {"temperature": -1}, "temperature"),
    "no tokens": (HELLO | {"max_tokens": 0}, "max_tokens"),
    "numbers as stop": (HELLO | {"stop": [1]}, "stop"),
    "text as stream": (HELLO | {"stream": "yes"}, "stream"),
    "text as options": (HELLO | {"stream_options": "all"}, "stream_options"),
    "text as penalty": (HELLO | {"presence_penalty": "much"}, "presence_penalty"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_malformed_bodies(door: Door, name: str) -> None:
    body, param = MALFORMED[name]
    with door.client() as client:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        assert refused(door, client.post("/chat/completions", content=content), 400, "invalid_request", param)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("n", 2), ("logprobs", True), ("top_logprobs", 3), ("audio", {"voice": "x"}), ("functions", [{}]),
        ("function_call", "auto"), ("modalities", ["text", "audio"]), ("web_search_options", {}), ("best_of", 3),
    ],
)  # fmt: skip
def test_what_would_change_the_answer_is_named(door: Door, key: str, value: Any) -> None:
    message = refused(door, door.ask(**{key: value}), 400, "unsupported_parameter", key)
    assert f"`{key}`" in message


def test_parts_that_no_model_is_sent_are_named(door: Door) -> None:
    sound = {"role": "user", "content": [{"type": "input_audio", "input_audio": {}}]}
    assert refused(
        door, door.ask(messages=[sound]), 400, "unsupported_parameter", "messages[0].content[0].type=input_audio"
    )
    assert refused(
        door, door.ask(messages=[MESSAGE | {"audio": {}}]), 400, "unsupported_parameter", "messages[0].audio"
    )


def test_what_changes_nothing_is_taken(open_door: OpenDoor) -> None:
    harmless = {"n": 1, "logprobs": False, "user": "me", "metadata": {}, "store": True, "tools": None}
    with scripted(WIRE.says()) as server, open_door(profile_of(server.url)) as door:
        assert door.ask(**harmless).status_code == 200
        assert not set(harmless) & set(server.requests[0].body), "and not sent on"


def test_a_large_body_is_refused_by_its_length(door: Door) -> None:
    with door.client() as client:
        response = client.post("/chat/completions", content=b" " * (MAX_BODY + 1))
    assert refused(door, response, 413, "request_too_large")


def test_a_large_body_of_unknown_length_is_refused_while_it_comes(door: Door) -> None:
    sent = 0

    def chunks() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(40):
            sent += 1 << 20
            yield b" " * (1 << 20)

    with door.client() as client:
        response = client.post("/chat/completions", content=chunks())
    assert refused(door, response, 413, "request_too_large")
    assert door.calls.one().request is None


def test_the_largest_body_is_taken(open_door: OpenDoor) -> None:
    with scripted(WIRE.says()) as server, open_door(profile_of(server.url)) as door:
        empty = len(json.dumps(HELLO | {"messages": [{"role": "user", "content": ""}]}, separators=(",", ":")))
        text = "x" * (MAX_BODY - empty)
        assert door.ask(messages=[{"role": "user", "content": text}]).status_code == 200
        assert server.requests[0].body["messages"][0]["content"] == text


def test_lone_surrogates_do_no_harm(open_door: OpenDoor) -> None:
    with scripted(WIRE.says()) as server, open_door(profile_of(server.url)) as door:
        body = b'{"model": "m", "messages": [{"role": "user", "content": "a\\ud800b"}]}'
        with door.client() as client:
            assert client.post("/chat/completions", content=body).status_code == 200
        assert door.calls.one().model_dump_json()
        assert server.requests[0].body["messages"][0]["content"] == "a?b"


def test_a_flood_of_refusals_fills_no_disk(door: Door) -> None:
    with door.client() as client:
        for _ in range(MAX_UNANSWERED + 20):
            client.get("/nothing")
    assert len(door.calls.told) == len(door.session.refusals) == MAX_UNANSWERED
    assert door.session.spent().refused == MAX_UNANSWERED + 20


def test_a_large_body_that_is_refused_is_not_kept(door: Door) -> None:
    long = [{"role": "user", "content": "x" * 100_000}]
    assert refused(door, door.ask(model="other", messages=long), 404, "model_not_found", "model")
    assert door.calls.told[-1].request is None
    assert refused(door, door.ask(model="other"), 404, "model_not_found", "model")
    assert door.calls.told[-1].request == HELLO | {"model": "other"}
