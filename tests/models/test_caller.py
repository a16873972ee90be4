"""Callers of requests: woken wherever they wait, and never told a key."""

from __future__ import annotations

import threading
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.config import ModelProfile
from harness.errors import ProviderError
from harness.models.bodies import Merged
from harness.models.caller import Caller, Once, wait
from harness.models.governor import Backoff, Governor, Slots
from harness.models.reference import Reference
from harness.types import Message, Reply, Request

KEY = "sk-aab-aabaabc-0123456789"
LONG_S = 60.0


def test_a_switch_calls_those_who_wait_and_nobody_later() -> None:
    switch, called = Once(), list[str]()
    with switch.calling(lambda: called.append("left")):
        pass
    with switch.calling(lambda: called.append("waits")):
        assert not switch.is_set()
        switch.set()
        switch.set()
    with switch.calling(lambda: called.append("late")):
        assert switch.is_set()
    assert called == ["waits", "late"]


def test_a_wait_ends_with_any_of_its_switches() -> None:
    first, second = Once(), Once()
    began = time.monotonic()
    threading.Timer(0.01, second.set).start()
    wait(LONG_S, first, second)
    wait(LONG_S, first, second)
    assert time.monotonic() - began < LONG_S / 2
    wait(0.001, first)


@given(st.lists(st.text(alphabet="abcks-019", max_size=12) | st.sampled_from([KEY, KEY[:8], KEY[8:]]), max_size=12))
def test_no_piece_and_no_join_of_pieces_has_the_key(pieces: list[str]) -> None:
    heard: list[str] = []
    caller = Caller(lambda text, _: heard.append(text))
    caller.begin(KEY)
    for piece in pieces:
        caller.delta(piece)
    said, hidden = "".join(heard), "".join(pieces).replace(KEY, "***")
    assert KEY not in said
    assert hidden.startswith(said)
    assert len(hidden) - len(said) < len(KEY), "no more is held back than a beginning of the key"


class Waits:
    """A provider that answers when it is told to: the layer around it is under test."""

    def __init__(self) -> None:
        self.asked = threading.Semaphore(0)
        self.go = threading.Event()

    def complete(self, request: Request) -> Reply:
        self.asked.release()
        assert self.go.wait(LONG_S)
        return Reply(text="x")

    def identity(self) -> dict[str, str]:
        return {}

    def close(self) -> None:
        """Nothing to give back."""


def test_a_caller_that_gives_up_leaves_the_queue() -> None:
    inner = Waits()
    governor = Governor(inner, ModelProfile(name="m", provider="x", concurrency=1))
    callers = [Caller() for _ in range(3)]
    ended: list[str] = []

    def ask(number: int) -> None:
        try:
            governor.complete(Request(prompt="x", caller=callers[number]))
            ended.append(f"{number} answered")
        except ProviderError as error:
            ended.append(f"{number} {error.message}")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
    threads[0].start()
    assert inner.asked.acquire(timeout=LONG_S)
    for thread in threads[1:]:
        thread.start()
    callers[1].cancel("nobody waits")
    threads[1].join(LONG_S)
    assert ended == ["1 the request to m was given up: nobody waits"]
    inner.go.set()
    for thread in threads:
        thread.join(LONG_S)
    assert sorted(ended[1:]) == ["0 answered", "2 answered"]


def test_places_are_given_in_the_order_in_which_they_are_asked_for() -> None:
    slots, order = Slots(1), list[int]()

    def take(number: int) -> None:
        with slots.taken(None, "m"):
            order.append(number)

    with slots.taken(None, "m"):
        threads = [threading.Thread(target=take, args=(number,)) for number in range(5)]
        for number, thread in enumerate(threads):
            thread.start()
            deadline = time.monotonic() + LONG_S
            while len(slots._queue) <= number:
                assert time.monotonic() < deadline
                time.sleep(0.001)
    for thread in threads:
        thread.join(LONG_S)
    assert order == [0, 1, 2, 3, 4]


def test_a_caller_that_gives_up_wakes_from_the_wait_for_its_turn() -> None:
    inner = Waits()
    inner.go.set()
    governor = Governor(inner, ModelProfile(name="m", provider="x", requests_per_minute=1))
    governor.complete(Request(prompt="x"))
    caller = Caller()
    threading.Timer(0.02, caller.cancel, ("changed my mind",)).start()
    with pytest.raises(ProviderError, match="given up: changed my mind"):
        governor.complete(Request(prompt="x", caller=caller))


def test_closing_wakes_a_caller_from_a_backoff() -> None:
    class Busy(Waits):
        def complete(self, request: Request) -> Reply:
            self.asked.release()
            raise ProviderError("busy", retryable=True)

    inner = Busy()
    profile = ModelProfile(name="m", provider="x")
    governor = Governor(inner, profile, backoff=Backoff(base_s=1000.0, cap_s=1000.0))
    threading.Timer(0.02, governor.close).start()
    with pytest.raises(ProviderError):
        governor.complete(Request(prompt="x", caller=Caller()))


def test_what_a_provider_does_not_send_is_refused_by_name() -> None:
    profile = ModelProfile(name="r", provider="reference")
    request = Request(messages=(Message(role="user", content="x"),), passed={"tools": [], "response_format": {}})
    with pytest.raises(ProviderError, match="response_format, tools") as refused:
        Governor(Reference(profile), profile).complete(request)
    assert refused.value.status == 400


def test_the_caller_is_in_no_record() -> None:
    request = Request(prompt="x", caller=Caller(), passed={"tools": [1]})
    assert "caller" not in request.model_dump()
    assert Request.model_validate_json(request.model_dump_json()).passed == {"tools": [1]}


@pytest.mark.parametrize("indexed", [True, False])
def test_tool_calls_of_a_stream_are_put_together(indexed: bool) -> None:
    merged = Merged()
    parts: list[tuple[int, dict[str, Any]]] = [
        (0, {"id": "a", "type": "function", "function": {"name": "f", "arguments": '{"x"'}}),
        (0, {"function": {"arguments": ": 1}"}}),
        (1, {"id": "b", "function": {"name": "g", "arguments": None}}),
        (1, {"id": "b", "function": {"arguments": "{}"}}),
    ]
    for index, part in parts:
        call: dict[str, Any] = dict(part) | ({"index": index} if indexed else {})
        assert not merged.add({"choices": [{"delta": {"tool_calls": [call, "noise"]}}]})
    assert merged.body()["choices"][0]["message"]["tool_calls"] == [
        {"type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}, "id": "a"},
        {"type": "function", "function": {"name": "g", "arguments": "{}"}, "id": "b"},
    ]
