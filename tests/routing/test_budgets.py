"""What a session may use: calls, tokens, dollars, time; exactly, also when many ask at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness.routing.gateway import Allowance, Spent
from tests.routing.conftest import PATIENCE_S, WIRE, Door, OpenDoor, error_of, events_of, profile_of, stalls, until
from tests.servers.scripted import Exchange, scripted
from tests.servers.wires import USAGE

TOKENS = sum(USAGE)


def test_many_at_once_get_exactly_what_is_allowed(open_door: OpenDoor) -> None:
    everybody = threading.Barrier(5)

    def step(exchange: Exchange) -> None:
        everybody.wait(PATIENCE_S)  # all five are under way at once, or this fails
        WIRE.says()(exchange)

    with (
        scripted(step) as server,
        open_door(profile_of(server.url, concurrency=20), allowance=Allowance(calls=5)) as door,
        ThreadPoolExecutor(20) as threads,
    ):
        answers = list(threads.map(lambda _: door.ask(), range(20)))
        assert len(server.requests) == 5
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [400] * 15
    assert {error_of(answer)["code"] for answer in answers if answer.status_code == 400} == {"budget_exceeded"}
    assert (door.session.spent().calls, door.session.spent().refused) == (5, 15)
    assert sorted(call.number for call in door.calls.told) == list(range(1, 21))


def test_a_call_whose_server_fails_is_not_used_up(open_door: OpenDoor) -> None:
    def fails(exchange: Exchange) -> None:
        exchange.json({}, 500)

    with (
        scripted(fails, WIRE.says()) as server,
        open_door(profile_of(server.url, retries=0), allowance=Allowance(calls=1)) as door,
    ):
        assert [door.ask().status_code for _ in range(3)] == [502, 200, 400]


@pytest.mark.parametrize(
    ("allowance", "answered"),
    [
        ({"tokens": 1}, 1), ({"tokens": TOKENS}, 1), ({"tokens": TOKENS + 1}, 2), ({"tokens": 0}, 0),
        ({"cost_usd": 0.5e-6 * TOKENS}, 1), ({"cost_usd": 1.5e-6 * TOKENS}, 2), ({"calls": 0}, 0),
    ],
)  # fmt: skip
def test_tokens_and_dollars(open_door: OpenDoor, allowance: dict[str, Any], answered: int) -> None:
    price = {"input": 1.0, "output": 1.0, "cached": 1.0}
    with (
        scripted(WIRE.says()) as server,
        open_door(profile_of(server.url, price=price), allowance=Allowance(**allowance)) as door,
    ):
        codes = [door.ask().status_code for _ in range(3)]
        assert codes == [200] * answered + [400] * (3 - answered)
        assert len(server.requests) == answered
    assert door.session.refusals == ["budget_exceeded"] * (3 - answered)


def test_an_unknown_price_makes_an_unknown_cost(open_door: OpenDoor) -> None:
    with scripted(WIRE.says()) as server, open_door(profile_of(server.url)) as door:
        assert door.session.spent() == Spent(cost_usd=0.0)
        door.ask()
        assert door.session.spent().cost_usd is None


def test_a_reply_of_unknown_cost_lifts_no_limit(open_door: OpenDoor) -> None:
    def uncounted(exchange: Exchange) -> None:
        message = {"role": "assistant", "content": "x"}
        exchange.json({"choices": [{"index": 0, "finish_reason": "stop", "message": message}]})

    price = {"input": 1.0, "output": 1.0, "cached": 1.0}
    with (
        scripted(uncounted, WIRE.says()) as server,
        open_door(profile_of(server.url, price=price), allowance=Allowance(cost_usd=0.5e-6 * TOKENS)) as door,
    ):
        assert [door.ask().status_code for _ in range(3)] == [200, 200, 400]
    assert door.session.spent().cost_usd is None


def test_what_is_spent_elsewhere_stops_a_session_too(open_door: OpenDoor) -> None:
    reason = ""
    with scripted(WIRE.says()) as server, open_door(profile_of(server.url), stopped=lambda: reason) as door:
        assert door.ask().status_code == 200
        reason = "the run's budget is spent"
        refused = door.ask(stream=True)
    assert (refused.status_code, error_of(refused)["code"]) == (400, "budget_exceeded")
    assert reason in refused.text


def test_stopping_that_fails_is_our_failure(open_door: OpenDoor) -> None:
    def stopped() -> str:
        raise RuntimeError("a bug")

    with scripted(WIRE.says()) as server, open_door(profile_of(server.url), stopped=stopped) as door:
        assert door.ask().status_code == 500
    assert isinstance(door.session.broken, RuntimeError)


@pytest.mark.parametrize("stream", [True, False])
def test_the_end_of_the_time_cuts_off_what_is_under_way(open_door: OpenDoor, stream: bool) -> None:
    with scripted(stalls) as server, open_door(profile_of(server.url), allowance=Allowance(seconds=0.3)) as door:
        cut = door.ask(stream=stream)
        assert server.gone.wait(PATIENCE_S), "the upstream request is dropped"
        late = door.ask()
        assert len(server.requests) == 1
    assert door.session.refusals == ["session_ended"]
    assert door.session.failure is None
    told = events_of(cut.text)[-1]["error"] if stream else error_of(cut)
    assert (told["code"], cut.status_code) == ("session_ended", 200 if stream else 400)
    assert (late.status_code, error_of(late)["code"]) == (400, "session_ended")
    assert [call.status for call in door.calls.told] == [400, 400]


def test_an_ended_session_answers_nothing(open_door: OpenDoor) -> None:
    with scripted(stalls) as server, open_door(profile_of(server.url)) as door:
        with ThreadPoolExecutor(1) as threads:
            asked = threads.submit(door.ask)
            assert server.arrived.wait(PATIENCE_S)
            door.session.end()
            assert error_of(asked.result())["code"] == "session_ended"
        assert server.gone.wait(PATIENCE_S)
        assert error_of(door.ask())["code"] == "session_ended"
        with door.client() as client:
            assert client.get("/models").status_code == 200, "looking costs nothing"


def hang_up(door: Door) -> None:
    """Read the beginning of an answer and leave."""
    body = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream": True}
    told = len(door.calls.told)
    with door.client() as client, client.stream("POST", "/chat/completions", json=body) as response:
        next(line for line in response.iter_lines() if "half" in line)
    until(lambda: len(door.calls.told) > told)


@pytest.mark.parametrize("allowance", [Allowance(calls=2), Allowance(tokens=2)])
def test_hanging_up_before_the_end_does_not_save_anything(open_door: OpenDoor, allowance: Allowance) -> None:
    with scripted(stalls) as server, open_door(profile_of(server.url), allowance=allowance) as door:
        hang_up(door)
        hang_up(door)
        assert error_of(door.ask())["code"] == "budget_exceeded"
        assert len(server.requests) == 2
    assert door.session.spent().calls == 0
