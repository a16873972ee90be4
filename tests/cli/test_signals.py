"""Signals become one interruption, and nothing of it stays behind in the process (whole commands: tests/faults)."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from harness.cli.signals import HANDLED, interruptible


@pytest.fixture
def handled() -> Iterator[None]:
    """None of the signals is ignored, as one of them is in a process under nohup."""
    before = {number: signal.signal(number, signal.default_int_handler) for number in HANDLED}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.usefixtures("handled")
@pytest.mark.parametrize("number", HANDLED)
def test_the_first_signal_interrupts_and_names_the_exit_code(number: signal.Signals) -> None:
    before = [signal.getsignal(each) for each in HANDLED]
    with interruptible() as found, pytest.raises(KeyboardInterrupt):
        signal.raise_signal(number)
    assert found.code == 128 + number
    assert [signal.getsignal(each) for each in HANDLED] == before


def test_one_wish_that_arrives_twice_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[int] = []
    now = [100.0]
    monkeypatch.setattr("harness.cli.signals.time.monotonic", lambda: now[0])
    monkeypatch.setattr("harness.cli.signals.os._exit", ended.append)
    with interruptible() as found:
        with pytest.raises(KeyboardInterrupt):
            found.handle(signal.SIGTERM, None)
        now[0] += 0.1  # `timeout` tells its child, and then the group the child is in
        found.handle(signal.SIGTERM, None)
        assert ended == []
        now[0] += 1
        found.handle(signal.SIGINT, None)
    assert ended == [143], "the first one counts"


def test_what_is_ignored_stays_ignored() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)  # as under nohup
    try:
        with interruptible():
            signal.raise_signal(signal.SIGHUP)
            assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_leave_signals_alone() -> None:
    seen = []

    def work() -> None:
        with interruptible():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]
