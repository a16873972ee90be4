"""Time that others had the processor is made up for, within bounds and once."""

from __future__ import annotations

import importlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from harness.content import content_package

process = importlib.import_module(f"{content_package('sandboxes')}.runner.process")


class NoGroup:
    """A kernel that counts nothing for a container."""

    def cpu_s(self) -> float:
        return 0.0


@pytest.fixture
def asleep() -> Iterator[Any]:
    """A process that does nothing, as the runner watches one."""
    watched = process.Watched(lambda *ends: time.sleep(60))
    yield watched
    watched.kill()
    watched.close()


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    return lambda seconds: monkeypatch.setattr(process, "_held_up", lambda: seconds)


def test_a_wait_for_the_processor_is_granted_once(asleep: Any, held_up: Callable[[float], None]) -> None:
    held_up(0.3)
    first = process.Spent(asleep, NoGroup())
    assert first.deadline(100.0, 1.0) == pytest.approx(101.3)
    held_up(0.5)  # it goes on waiting in the same call
    assert first.deadline(100.0, 1.0) == pytest.approx(101.5)
    again = process.Spent(asleep, NoGroup())
    assert again.deadline(200.0, 1.0) == pytest.approx(201.0)
    held_up(0.7)
    assert again.deadline(200.0, 1.0) == pytest.approx(201.2)


def test_a_limit_grows_within_bounds(asleep: Any, held_up: Callable[[float], None]) -> None:
    held_up(1000.0)
    assert process.Spent(asleep, NoGroup()).deadline(100.0, 1.0) == pytest.approx(100.0 + process.STRETCH)


def test_a_limit_grows_no_further_than_the_whole_has_time(asleep: Any, held_up: Callable[[float], None]) -> None:
    held_up(1000.0)
    assert process.Spent(asleep, NoGroup(), most_s=1.5).deadline(100.0, 1.0) == pytest.approx(101.5)


def test_who_used_its_time_gets_none_back(held_up: Callable[[float], None]) -> None:
    held_up(1000.0)

    def burn(*ends: int) -> None:
        while True:
            pass

    busy = process.Watched(burn)
    try:
        spent = process.Spent(busy, NoGroup())
        while busy.cpu() < 0.2:
            os.sched_yield()
        assert spent.deadline(100.0, 0.1) == 100.0
    finally:
        busy.kill()
        busy.close()
