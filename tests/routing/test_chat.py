"""Answers: their shapes, whole and streamed, what reaches the server behind, and what is recorded."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from harness.types import AttemptKey, ModelCall, Sampling
from tests.routing.conftest import (
    HELLO,
    PATIENCE_S,
    WIRE,
    Gate,
    OpenDoor,
    error_of,
    events_of,
    profile_of,
)
from tests.servers.scripted import Exchange, scripted
from tests.servers.wires import TEXT, USAGE, Chat, OllamaChat, _sse

TOOLS = [{"type": "function", "function": {"name": "read", "parameters": {"type": "object"}}}]
CALLS = [
    {"type": "function", "function": {"name": "read", "arguments": '{"path": "a.py"}'}, "id": "c-1"},
    {"type": "function", "function": {"name": "list", "arguments": "{}"}, "id": "c-2"},
]
IMAGE = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}


def test_a_whole_answer_has_openais_shape(open_door: OpenDoor) -> None:
    with scripted(WIRE.says(thinking="hm, well")) as server, open_door(profile_of(server.url)) as door:
        body = door.ask().json()
    assert body["object"] == "chat.completion"
    assert body["id"].startswith("chatcmpl-")
    assert body["model"] == "m", "the name that was asked for"
    message = {"role": "assistant", "content": TEXT, "reasoning_content": "hm, well"}
    assert body["choices"] == [{"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}]
    prompt, completion = USAGE
    assert body["usage"] == {
        "prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 2},
    }  # fmt: skip


@pytest.mark.parametrize("upstream", [Chat(stream=True), Chat(stream=False), OllamaChat(stream=True)], ids=str)
def test_a_stream_says_the_same(open_door: OpenDoor, upstream: Any) -> None:
    with scripted(upstream.says(thinking="hm, well")) as server, open_door(upstream.profile(server.url)) as door:
        events = door.events(stream_options={"include_usage": True})
    assert {event["object"] for event in events} == {"chat.completion.chunk"}
    assert len({event["id"] for event in events}) == 1
    *chunks, last = events
    assert last["choices"] == []
    assert (last["usage"]["prompt_tokens"], last["usage"]["completion_tokens"]) == USAGE
    assert all(chunk["usage"] is None for chunk in chunks)
    deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
    assert deltas[0] == {"role": "assistant", "content": ""}
    assert "".join(delta.get("content", "") for delta in deltas) == TEXT
    assert "".join(delta.get("reasoning_content", "") for delta in deltas) == "hm, well"
    finishes = [chunk["choices"][0]["finish_reason"] for chunk in chunks]
    assert finishes == [None] * (len(chunks) - 1) + ["stop"]


def test_usage_comes_only_when_it_is_asked_for(open_door: OpenDoor) -> None:
    with scripted(WIRE.says()) as server, open_door(profile_of(server.url)) as door:
        assert all("usage" not in event for event in door.events())


def test_text_flows_while_the_model_writes(open_door: OpenDoor) -> None:
    gate = Gate(text="half")
    with (
        scripted(gate) as server,
        open_door(profile_of(server.url)) as door,
        door.client() as client,
        client.stream("POST", "/chat/completions", json=HELLO | {"stream": True}) as response,
    ):
        lines = response.iter_lines()
        first = next(line for line in lines if '"content": "ha"' in line)
        assert events_of(first)[0]["choices"][0]["delta"] == {"content": "ha"}
        assert door.calls.told == []
        gate.open.set()
        rest = events_of("\n".join(lines))
    assert "".join(event["choices"][0]["delta"].get("content", "") for event in rest) == "lf"


def test_a_silent_model_gets_keep_alives(open_door: OpenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.routing.gateway.chat.KEEP_ALIVE_S", 0.02)
    silent = threading.Event()

    def step(exchange: Exchange) -> None:
        assert silent.wait(PATIENCE_S)
        WIRE.says()(exchange)

    with (
        scripted(step) as server,
        open_door(profile_of(server.url)) as door,
        door.client() as client,
        client.stream("POST", "/chat/completions", json=HELLO | {"stream": True}) as response,
    ):
        lines = response.iter_lines()
        assert next(lines) == ": keep-alive"
        silent.set()
        assert list(lines)[-2] == "data: [DONE]"


def tool_events(finish: str = "tool_calls") -> list[bytes]:
    def event(delta: dict[str, Any], finish: str | None = None) -> dict[str, Any]:
        return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}

    def part(index: int, arguments: str, **more: Any) -> dict[str, Any]:
        name = more.pop("name", None)
        function = {"arguments": arguments, **({"name": name} if name else {})}
        return {"tool_calls": [{"index": index, "function": function, **more}]}

    return _sse(
        event({"role": "assistant", "content": None}),
        event(part(0, "", id="c-1", type="function", name="read")),
        event(part(0, '{"path": ')),
        event(part(1, "{", id="c-2", type="function", name="list")),
        event(part(0, '"a.py"}')),
        event(part(1, "}")),
        event({}, finish),
    )


@pytest.mark.parametrize("stream", [True, False])
def test_tool_calls_come_whole(open_door: OpenDoor, stream: bool) -> None:
    def step(exchange: Exchange) -> None:
        exchange.stream(tool_events(), WIRE.kind)

    with scripted(step) as server, open_door(profile_of(server.url)) as door:
        if stream:
            events = door.events(tools=TOOLS)
            (found,) = [
                e["choices"][0]["delta"]["tool_calls"] for e in events if "tool_calls" in str(e["choices"][0]["delta"])
            ]
            assert found == [{"index": 0, **CALLS[0]}, {"index": 1, **CALLS[1]}]
            assert events[-1]["choices"][0]["finish_reason"] == "tool_calls"
        else:
            message = door.ask(tools=TOOLS).json()["choices"][0]["message"]
            assert message == {"role": "assistant", "content": None, "tool_calls": CALLS}
        assert server.requests[0].body["tools"] == TOOLS


CONVERSATION = [
    {"role": "developer", "content": "Be brief."},
    {"role": "user", "content": [{"type": "text", "text": "Read"}, {"type": "text", "text": "it."}]},
    {"role": "assistant", "content": None, "tool_calls": CALLS[:1]},
    {"role": "tool", "tool_call_id": "c-1", "content": "x = 1"},
]


def test_what_is_more_than_text_is_sent_as_it_came(open_door: OpenDoor) -> None:
    keys = {
        "tools": TOOLS, "tool_choice": "auto", "response_format": {"type": "json_object"}, "presence_penalty": 0.5,
        "frequency_penalty": 0, "messages": [*CONVERSATION, {"role": "user", "content": [IMAGE]}],
    }  # fmt: skip
    with scripted(WIRE.says()) as server, open_door(profile_of(server.url)) as door:
        assert door.ask(**keys).status_code == 200
        sent = server.requests[0].body
    assert sent["messages"] == keys["messages"]
    assert {key: sent.get(key) for key in keys} == keys | {"frequency_penalty": None}, "0 is the default"


def test_plain_text_reaches_every_provider(open_door: OpenDoor) -> None:
    wire = OllamaChat(stream=True)
    with scripted(wire.says()) as server, open_door(wire.profile(server.url)) as door:
        assert door.ask(messages=CONVERSATION[:2]).status_code == 200
        refused = door.ask(tools=TOOLS)
        assert len(server.requests) == 1
    assert server.requests[0].body["messages"] == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Read\nit."},
    ]
    assert refused.status_code == 400
    error = error_of(refused)
    assert error["code"] == "upstream_error"
    assert "tools" in error["message"]


WISH = {"temperature": 0.9, "top_p": 0.5, "seed": 5, "max_completion_tokens": 77, "stop": "END"}


def test_the_clients_wish_wins_and_the_profile_fills(open_door: OpenDoor) -> None:
    drawn = Sampling(temperature=0.1, top_k=7)
    with scripted(WIRE.says()) as server, open_door(profile_of(server.url, sampling=drawn)) as door:
        door.ask(**WISH)
        sent = server.requests[0].body
    wished = {"temperature": 0.9, "top_p": 0.5, "seed": 5, "max_tokens": 77, "stop": ["END"], "top_k": 7}
    assert {key: sent[key] for key in wished} == wished


def test_pinned_sampling_wins(open_door: OpenDoor) -> None:
    drawn = Sampling(temperature=0.1, seed=1)
    pinned = Sampling(seed=42, max_tokens=9)
    with (
        scripted(WIRE.says()) as server,
        open_door(profile_of(server.url, sampling=drawn), sampling=pinned) as door,
    ):
        door.ask(**WISH)
        sent = server.requests[0].body
    expected = {"temperature": 0.1, "seed": 42, "max_tokens": 9, "top_p": 0.5, "stop": ["END"]}
    assert {key: sent[key] for key in expected} == expected


def test_a_call_is_recorded(open_door: OpenDoor) -> None:
    attempt = AttemptKey(task="s/t", model="tested", repeat=0, attempt=1)
    price: Any = {"input": 1.0, "output": 2.0}
    with (
        scripted(WIRE.says()) as server,
        open_door(profile_of(server.url, price=price), attempt=attempt) as door,
    ):
        door.ask()
        call = door.calls.one()
        spent = door.session.spent()
    assert (call.session, call.number, call.attempt, call.asked, call.model) == (
        door.session.name, 1, attempt, "m", "tested",
    )  # fmt: skip
    assert call.request == HELLO
    assert call.reply is not None
    assert (call.reply.text, call.status, call.error) == (TEXT, 200, "")
    assert call.cost_usd == pytest.approx((USAGE[0] + 2 * USAGE[1]) / 1e6)
    assert spent.cost_usd == pytest.approx(call.cost_usd)
    assert (spent.calls, spent.prompt_tokens, spent.completion_tokens, spent.cached_tokens) == (1, *USAGE, 2)
    assert door.session.name not in door.session.token
    assert door.session.first_call_at is not None
    assert ModelCall.model_validate_json(call.model_dump_json()) == call


@pytest.mark.parametrize("stream", [True, False])
def test_it_is_told_before_the_client_has_its_end(open_door: OpenDoor, stream: bool) -> None:
    telling, go = threading.Event(), threading.Event()
    ended = threading.Event()

    def on_call(call: ModelCall) -> None:
        telling.set()
        assert go.wait(PATIENCE_S)
        assert not ended.is_set()

    with scripted(WIRE.says()) as server, open_door(profile_of(server.url), on_call=on_call) as door:
        answers: list[Any] = []

        def ask() -> None:
            answers.append(door.ask(stream=stream))
            ended.set()

        thread = threading.Thread(target=ask)
        thread.start()
        assert telling.wait(PATIENCE_S)
        assert not ended.wait(0.1), "an answer that is not kept has an end"
        go.set()
        thread.join(PATIENCE_S)
    assert answers[0].status_code == 200
    assert door.session.broken is None


def test_models_are_listed(open_door: OpenDoor) -> None:
    with scripted(WIRE.says()) as server, open_door(profile_of(server.url)) as door, door.client() as client:
        one = {"id": "m", "object": "model", "created": 0, "owned_by": "openai_compatible"}
        assert client.get("/models").json() == {"object": "list", "data": [one]}
        assert client.get("/models/m").json() == one
        missing = client.get("/models/other")
    assert (missing.status_code, error_of(missing)["code"]) == (404, "model_not_found")
    assert [call.status for call in door.calls.told] == [404], "looking is no call"
