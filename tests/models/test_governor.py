"""The layer around every provider: waits, rates and places, on a clock that the test moves."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from harness.config import ModelProfile
from harness.errors import BudgetExceeded, ProviderError
from harness.models.failures import Refused, retry_after
from harness.models.governor import Backoff, Governor, Pace, filled
from harness.types import Reply, Request, Sampling

REQUEST = Request(prompt="x")


class Clock:
    """Time that passes only by sleeping."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.waits: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.waits.append(seconds)
        self.now += seconds

    def __call__(self) -> float:
        return self.now


class Inner:
    """A provider that does as it is told: the layer is under test here, not a wire (those have tests of their own)."""

    def __init__(self, *steps: Callable[[], Reply] | Exception) -> None:
        self.steps = list(steps)
        self.requests: list[Request] = []
        self.closed = False

    def complete(self, request: Request) -> Reply:
        self.requests.append(request)
        step = self.steps[min(len(self.requests), len(self.steps)) - 1]
        if isinstance(step, Exception):
            raise step
        return step()

    def identity(self) -> dict[str, str]:
        raise RuntimeError("a plugin's bug")

    def close(self) -> None:
        self.closed = True


def ok() -> Reply:
    return Reply(text="ok")


def busy(seconds: float | None = None) -> Refused:
    return Refused("busy", retryable=True, status=429, retry_after_s=seconds)


def governor(inner: Inner, clock: Clock, **keys: Any) -> Governor:
    profile = ModelProfile(name="m", provider="x", **keys)
    return Governor(inner, profile, backoff=Backoff(base_s=1.0, cap_s=4.0), sleep=clock.sleep, clock=clock)


def test_waits_grow_to_a_cap_and_are_drawn_below_it() -> None:
    clock = Clock()
    made = governor(Inner(*[busy()] * 6, ok), clock, retries=6)
    assert made.complete(REQUEST).tries == 7
    assert all(0 <= wait <= bound for wait, bound in zip(clock.waits, [1, 2, 4, 4, 4, 4], strict=True))
    # Jitter: all equal to their bounds would be none.
    assert clock.waits != [1, 2, 4, 4, 4, 4]


def test_what_the_server_asks_is_waited_and_little_more() -> None:
    clock = Clock()
    made = governor(Inner(busy(20.0), ok), clock)
    assert made.complete(REQUEST).tries == 2
    assert 20.0 <= sum(clock.waits) <= 21.0


def test_what_one_request_is_told_holds_for_the_next() -> None:
    clock = Clock()
    made = governor(Inner(busy(20.0), ProviderError("gone")), clock)
    made._pace.hold(20.0)
    with pytest.raises(ProviderError):
        made.complete(REQUEST)
    assert clock.now >= 1020.0


def test_errors_that_will_not_pass_are_not_tried_again() -> None:
    for error in (ProviderError("no"), BudgetExceeded("spent", retryable=True)):
        inner = Inner(error)
        with pytest.raises(type(error)):
            governor(inner, Clock()).complete(REQUEST)
        assert len(inner.requests) == 1


def test_the_last_error_is_told_with_the_number_of_tries() -> None:
    with pytest.raises(ProviderError, match=r"busy \(3 tries\)") as caught:
        governor(Inner(busy()), Clock(), retries=2).complete(REQUEST)
    assert (caught.value.status, caught.value.retryable) == (429, True)


def test_requests_per_minute_count_every_try() -> None:
    clock = Clock()
    inner = Inner(busy(), ok)
    made = governor(inner, clock, requests_per_minute=2)
    starts = []
    for _ in range(3):
        made.complete(REQUEST)
        starts.append(clock.now)
    # Two tries of the first request filled the first minute; the second request starts in the next one.
    assert starts[1] >= 1060.0
    assert len(inner.requests) == 4


def test_pace_never_lets_more_than_its_number_into_a_minute() -> None:
    clock = Clock()
    pace = Pace(3, wait=clock.sleep, clock=clock)
    starts = []
    for _ in range(10):
        pace.start()
        starts.append(clock.now)
    assert all(later - first >= 60.0 for first, later in zip(starts, starts[3:], strict=False))
    assert starts[9] - starts[0] == 180.0


def test_places_are_limited() -> None:
    lock, now, most = threading.Lock(), 0, 0
    full = threading.Barrier(2)

    def meet() -> Reply:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        # Passes only if two are here at once: the limit is reached as well as kept.
        full.wait(10)
        with lock:
            now -= 1
        return ok()

    made = governor(Inner(meet), Clock(), concurrency=2)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(made.complete, [REQUEST] * 8))
    assert most == 2


def test_close_wakes_who_waits_for_the_next_try() -> None:
    failed = threading.Event()

    def fail() -> Reply:
        failed.set()
        raise busy(100.0)

    inner = Inner(fail)
    made = Governor(inner, ModelProfile(name="m", provider="x"))
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(made.complete, REQUEST)
        assert failed.wait(10)
        made.close()
        with pytest.raises(ProviderError):
            future.result(10)
    assert inner.closed
    assert len(inner.requests) == 1


def test_identity_survives_a_plugin() -> None:
    assert "a plugin's bug" in governor(Inner(ok), Clock(), model="m-1").identity()["status"]


def test_the_profile_fills_what_the_request_leaves_open() -> None:
    inner = Inner(ok)
    profile = Sampling(temperature=0.7, top_k=20, seed=1, think=True, stop=("a",))
    made = governor(inner, Clock(), sampling=profile)
    made.complete(Request(prompt="x", sampling=Sampling(temperature=0.0, seed=0, think=False)))
    sent = inner.requests[0].sampling
    assert sent == Sampling(temperature=0.0, top_k=20, seed=0, think=False, stop=("a",))
    assert filled(Sampling(stop=("b",)), profile).stop == ("b",)


def test_retry_after_in_all_its_forms() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert retry_after({}) is None
    assert retry_after({"retry-after": "7"}) == 7.0
    assert retry_after({"retry-after": "7", "retry-after-ms": "1500"}) == 1.5
    assert retry_after({"retry-after": "soon"}) is None
    assert retry_after({"retry-after": "-3"}) is None
    found = retry_after({"retry-after": soon})
    assert found is not None
    assert 80 < found <= 90
    assert retry_after({"retry-after": "Wed, 21 Oct 2015 07:28:00 GMT"}) == 0.0
