"""Chat through the gateway where a server, a stream or a record fails."""

from __future__ import annotations

import json
from typing import Any

import pytest

from harness.types import ModelCall
from tests.routing.conftest import (
    KEY,
    WIRE,
    OpenDoor,
    error_of,
    events_of,
    profile_of,
)
from tests.servers.scripted import Exchange, scripted
from tests.servers.wires import TEXT, _sse


def test_a_record_that_fails_ends_the_session(open_door: OpenDoor) -> None:
    def on_call(call: ModelCall) -> None:
        raise OSError("disk full")

    with scripted(WIRE.says()) as server, open_door(profile_of(server.url), on_call=on_call) as door:
        first, second = door.ask(), door.ask()
        streamed = door.ask(stream=True)
        assert len(server.requests) == 1
    assert [error_of(one)["code"] for one in (first, second, streamed)] == ["internal_error"] * 3
    assert (first.status_code, "disk" in first.text) == (500, False)
    assert isinstance(door.session.broken, OSError)


def test_a_failing_server_is_a_502_with_its_words(open_door: OpenDoor) -> None:
    def step(exchange: Exchange) -> None:
        exchange.json({"error": {"message": f"no GPU left for {KEY}"}}, 503)

    def told_off(exchange: Exchange) -> None:
        exchange.json({"error": {"message": "maximum context length is 4096 tokens"}}, 400)

    profile: dict[str, Any] = {"retries": 1, "api_key_env": "TESTED_KEY"}
    with (
        scripted(step, step, told_off, WIRE.says()) as server,
        open_door(profile_of(server.url, **profile)) as door,
    ):
        failed = door.ask()
        failure = door.session.failure
        assert len(server.requests) == 2, "the governor tried again"
        refused = door.ask(stream=True)
        assert door.ask().status_code == 200
        assert (failure is None, door.session.failure) == (False, None)
        kept = "".join(call.model_dump_json() for call in door.calls.told)
    assert (failed.status_code, error_of(failed)["code"]) == (502, "upstream_error")
    assert "no GPU left for ***" in failed.text
    assert refused.status_code == 400, "what cannot pass is not tried again by clients"
    assert "maximum context length" in refused.text
    assert [call.status for call in door.calls.told] == [502, 400, 200]
    assert KEY not in kept + failed.text
    assert door.session.token not in kept
    assert server.requests[0].headers["authorization"] == f"Bearer {KEY}"


def test_a_request_that_will_not_do_is_no_failure_of_a_server_that_answers(open_door: OpenDoor) -> None:
    def too_long(exchange: Exchange) -> None:
        exchange.json({"error": {"message": "too long"}}, 400)

    with scripted(too_long, WIRE.says(), too_long) as server, open_door(profile_of(server.url)) as door:
        assert door.ask().status_code == 400
        first = door.session.failure
        assert [door.ask().status_code for _ in range(2)] == [200, 400]
        last = door.session.failure
    assert first is not None, "it may be the catalogue's entry that does not fit"
    assert last is None
    assert [call.status for call in door.calls.told] == [400, 200, 400]


def test_a_stream_that_breaks_ends_with_an_error_and_is_not_tried_again(open_door: OpenDoor) -> None:
    def step(exchange: Exchange) -> None:
        exchange.stream(WIRE.parts(TEXT, "", "stop", True)[:3], WIRE.kind, end=False)

    with scripted(step, WIRE.says()) as server, open_door(profile_of(server.url, retries=3)) as door:
        response = door.ask(stream=True)
        assert len(server.requests) == 1
        whole = door.ask()
    *chunks, last = events_of(response.text)
    assert chunks
    assert last["error"]["code"] == "upstream_error"
    assert "[DONE]" not in response.text
    assert door.calls.told[0].status == 502
    assert whole.json()["choices"][0]["message"]["content"] == TEXT


@pytest.mark.parametrize("stream", [True, False])
def test_what_was_not_heard_is_tried_again(open_door: OpenDoor, stream: bool) -> None:
    with scripted(WIRE.cut(), WIRE.says()) as server, open_door(profile_of(server.url, retries=3)) as door:
        assert door.ask(stream=stream).status_code == 200
        assert len(server.requests) == 2


def test_a_key_that_a_server_echoes_is_in_no_piece(open_door: OpenDoor) -> None:
    def step(exchange: Exchange) -> None:
        pieces = ["your key is ", KEY[:9], KEY[9:20], KEY[20:], ", thank you ", "s", "k"]
        events = [{"choices": [{"index": 0, "delta": {"content": piece}}]} for piece in pieces]
        exchange.stream(_sse(*events, {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}), WIRE.kind)

    with scripted(step) as server, open_door(profile_of(server.url, api_key_env="TESTED_KEY")) as door:
        events = door.events()
    said = "".join(event["choices"][0]["delta"].get("content", "") for event in events)
    assert said == "your key is ***, thank you sk"
    assert KEY not in json.dumps(events)
