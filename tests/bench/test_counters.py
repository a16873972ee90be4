"""Counters rise with what they count."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from harness.bench import counters


def test_processes_and_processor_time_are_seen() -> None:
    before = counters.read()
    for _ in range(5):
        subprocess.run([sys.executable, "-S", "-c", "sum(range(10 ** 6))"], check=True)
    sum(range(10**6))
    used = counters.read() - before
    assert used.clones >= 5
    assert used.own_cpu_s > 0
    assert used.machine_cpu_s > 0
    assert used.disk_flushes is None or used.disk_flushes >= 0


def test_executions_are_seen_or_it_is_said_why_not() -> None:
    with counters.execs() as found:
        for _ in range(3):
            subprocess.run([sys.executable, "-S", "-c", ""], check=True)
    if os.geteuid() == 0:
        assert found.count is not None
    if found.count is None:
        assert "process connector" in found.why_not
    else:
        assert found.count >= 3
        assert found.why_not == ""


def test_a_kernel_that_does_not_tell_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "LISTENER", "raise PermissionError('not for you')")
    with counters.execs() as found:
        pass
    assert found.count is None
    assert "not for you" in found.why_not


def test_memory_is_in_mebibytes() -> None:
    before = counters.own_mb()
    block = bytearray(b"x" * (64 << 20))
    assert 60 <= counters.own_mb() - before <= 80
    del block


@pytest.mark.engine
def test_the_memory_of_a_daemon_on_this_machine_is_found(image: object) -> None:
    found = counters.engine_mb()
    assert found is None or found > 1
