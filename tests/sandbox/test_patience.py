"""Waiting for an engine that is away: one outage for all, an end to it, and nothing held against a candidate."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from harness.errors import ConfigError, EngineUnavailable, SandboxError
from harness.sandbox import SEND_S, Box, BoxLost, BoxTaken, Frame
from harness.sandbox.patience import TAKEN, WAIT_VARIABLE, Patience, wait_s
from harness.sandbox.pool import Pool
from harness.sandbox.work import EXCUSES
from harness.types import Job
from tests.servers.dockerd import wait_until

MakeJob = Callable[..., Job]


class Scripted:
    """A backend that follows a script, one step a box that is asked for, the last one for good; the boxes lead
    nowhere. The real engine's outages are in tests/faults; here every order of events is wanted, at once."""

    name = "scripted"

    def __init__(self, *steps: object) -> None:
        self.steps, self.asked = list(steps), 0
        self.most, self._now = 0, 0
        self._lock = threading.Lock()

    def start(self, memory_mb: int) -> Box:
        with self._lock:
            self.asked += 1
            self._now += 1
            self.most = max(self.most, self._now)
            step = self.steps.pop(0) if len(self.steps) > 1 else self.steps[0]
        try:
            if isinstance(step, threading.Event):
                step.wait(10)
                raise EngineUnavailable("timed out")
            if isinstance(step, Exception):
                raise step
            return Nowhere(step)
        finally:
            with self._lock:
                self._now -= 1

    def layers(self) -> dict[str, str]:
        return {}

    def close(self) -> None:
        pass


class Nowhere:
    """A box that is lost when it is spoken to; its step says what the backend knows of it then."""

    def __init__(self, fate: Any) -> None:
        self.fate = fate

    def send(self, *frames: Frame, within_s: float = SEND_S) -> None:
        raise BoxLost("it is gone")

    def receive(self, timeout_s: float) -> Frame:
        raise AssertionError("never got so far")

    def ran_out_of_memory(self) -> bool:
        if self.fate == "taken":
            raise BoxTaken("somebody took it")
        return False

    def close(self) -> None:
        pass


AWAY = EngineUnavailable("refused")


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.sandbox.patience.PAUSES_S", (0.01, 0.01))
    monkeypatch.setattr("harness.sandbox.patience.FIRST_PAUSE_S", 0.01)
    monkeypatch.setenv(WAIT_VARIABLE, "20")


def test_an_outage_is_waited_for_by_all_and_looked_at_by_one(said: list[str]) -> None:
    backend = Scripted(*[AWAY] * 8, "ok")
    patience = Patience(backend, said.append)
    with pytest.raises(EngineUnavailable):
        patience.start(64, wait=False)
    backend.most = 0
    with ThreadPoolExecutor(8) as threads:
        boxes = list(threads.map(patience.start, [64] * 8))
    assert len(boxes) == 8
    assert patience.outages == 1
    assert [line.partition(",")[0].partition(";")[0] for line in said] == [
        "refused",
        "the container engine works again",
    ]
    assert backend.asked == 8 + 8, "seven looks of one thread at a time, not of each"


def test_an_outage_has_an_end(monkeypatch: pytest.MonkeyPatch, said: list[str]) -> None:
    monkeypatch.setenv(WAIT_VARIABLE, "0.1")
    backend = Scripted(AWAY)
    patience = Patience(backend, said.append)
    for _ in range(20):
        with pytest.raises(EngineUnavailable, match=r"out of order for \d+ s: refused") as caught:
            patience.start(64)
        assert WAIT_VARIABLE in caught.value.remedy
    asked = backend.asked
    assert asked < 20, "once it is given up nobody asks each time"
    assert patience.outages == 1


def test_an_engine_that_was_given_up_is_looked_for_now_and_then(
    monkeypatch: pytest.MonkeyPatch, said: list[str]
) -> None:
    monkeypatch.setenv(WAIT_VARIABLE, "0")
    monkeypatch.setattr("harness.sandbox.patience.RECHECK_S", 0.0)
    patience = Patience(Scripted(AWAY, AWAY, "ok"), said.append)
    failures = 0

    def back() -> bool:
        nonlocal failures
        try:
            patience.start(64)
        except EngineUnavailable:
            failures += 1
            return False
        return True

    wait_until(back, 10)
    assert failures >= 2
    assert said[-1].startswith("the container engine works again")


def test_those_who_wait_do_not_hang_with_the_one_who_asks(monkeypatch: pytest.MonkeyPatch, said: list[str]) -> None:
    monkeypatch.setenv(WAIT_VARIABLE, "0.2")
    never = threading.Event()
    patience = Patience(Scripted(AWAY, never), said.append)
    with pytest.raises(EngineUnavailable):
        patience.start(64, wait=False)
    with ThreadPoolExecutor(1) as threads:
        scout = threads.submit(patience.start, 64)
        while not patience._outage or not patience._outage.scouting:
            time.sleep(0.005)
        with pytest.raises(EngineUnavailable, match="out of order"):
            patience.start(64)
        assert not scout.done()
        never.set()
        with pytest.raises(EngineUnavailable):
            scout.result()


def test_closing_ends_the_waiting(said: list[str]) -> None:
    patience = Patience(Scripted(AWAY), said.append)
    with ThreadPoolExecutor(3) as threads:
        waiting = [threads.submit(patience.start, 64) for _ in range(3)]
        while not patience.outages:
            time.sleep(0.005)
        patience.close()
        for future in waiting:
            with pytest.raises(SandboxError, match="the pool is closed"):
                future.result()


def test_a_refusal_is_tried_a_few_times_and_is_no_outage(said: list[str]) -> None:
    backend = Scripted(SandboxError("no"))
    patience = Patience(backend, said.append)
    with pytest.raises(SandboxError, match="no"):
        patience.start(64)
    assert backend.asked == 3
    assert patience.outages == 0
    assert isinstance(Patience(Scripted(SandboxError("no"), SandboxError("no"), "ok"), said.append).start(64), Nowhere)
    assert said == []


def test_boxes_that_are_taken_before_they_are_ready_are_made_again(said: list[str]) -> None:
    taken = BoxTaken("somebody took it")
    assert isinstance(Patience(Scripted(*[taken] * TAKEN, "ok"), said.append).start(64), Nowhere)
    backend = Scripted(taken)
    with pytest.raises(BoxTaken):
        Patience(backend, said.append).start(64)
    assert backend.asked == TAKEN + 3


def test_an_interrupt_while_asking_leaves_the_turn_to_others(said: list[str]) -> None:
    patience = Patience(Scripted(AWAY, ZeroDivisionError(), "ok"), said.append)
    with pytest.raises(EngineUnavailable):
        patience.start(64, wait=False)
    with pytest.raises(ZeroDivisionError):
        patience.start(64)
    assert isinstance(patience.start(64), Nowhere)


@pytest.mark.parametrize("said_by_user", ["soon", "-1", "nan", "1e9"])
def test_a_wait_that_is_no_number_of_seconds(monkeypatch: pytest.MonkeyPatch, said_by_user: str) -> None:
    monkeypatch.setenv(WAIT_VARIABLE, said_by_user)
    with pytest.raises(ConfigError, match=f"{WAIT_VARIABLE}={said_by_user}"):
        wait_s()


# whose fault ---------------------------------------------------------------------------------------------------------


def test_boxes_lost_in_outages_are_not_the_candidates_crash(make_job: MakeJob) -> None:
    # Every box is lost, and before every third the engine was away: never three losses of one time.
    backend = Scripted(*["lost", "lost", AWAY] * (10 * EXCUSES))
    with Pool(backend, size=1, makers=1) as pool:
        evidence = pool.run(make_job("def f():\n    return 1\n"))
    assert evidence.cases == ()
    assert "containers in a row were lost to others, the last so: it is gone" in evidence.infra


def test_boxes_that_somebody_takes_are_not_the_candidates_crash(make_job: MakeJob) -> None:
    with Pool(Scripted("taken"), size=1, makers=1) as pool:
        evidence = pool.run(make_job("def f():\n    return 1\n"))
    assert evidence.cases == ()
    assert f"{EXCUSES} containers in a row were lost to others, the last so: somebody took it" in evidence.infra


def test_boxes_lost_beside_a_control_that_is_lost_too_are_nobodys_crash(make_job: MakeJob) -> None:
    backend = Scripted("lost")
    with Pool(backend, size=1, makers=1) as pool:
        evidence = pool.run(make_job("def f():\n    return 1\n"))
    assert evidence.cases == ()
    assert evidence.infra == "it is gone"
