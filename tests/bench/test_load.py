"""Load on something of known length: what counts, what does not, and that a failure is not swallowed."""

from __future__ import annotations

import threading
from collections import Counter
from itertools import pairwise

import pytest

from harness.bench import load


def test_a_closed_loop_asks_again_at_once_and_counts_whole_periods() -> None:
    asked: Counter[int] = Counter()
    inside = threading.Barrier(3, timeout=60)

    def call(worker: int) -> None:
        asked[worker] += 1
        # All three are in here together.
        if asked[worker] <= 3:
            inside.wait()

    slot = load.closed_loop(call, 3, 0.01, period=5)
    assert min(asked.values()) >= 3
    assert len(slot.latencies_s) % 5 == 0
    assert len(slot.latencies_s) >= load.LEAST
    assert slot.per_s > 0
    assert min(slot.latencies_s) > 0


def test_the_failure_of_one_worker_ends_all() -> None:
    def call(worker: int) -> None:
        if worker == 1:
            raise ValueError("it broke")

    with pytest.raises(ValueError, match="it broke"):
        load.closed_loop(call, 2, 60.0)
    with pytest.raises(ValueError, match="it broke"):
        load.elapsed(call, 2, 10**9)
    with pytest.raises(ValueError, match="it broke"):
        load.open_loop(call, [0.0, 0.0])
    with pytest.raises(ValueError, match="it broke"):
        load.burst(call, 2)


def test_so_many_units_are_done_and_no_more() -> None:
    asked: Counter[int] = Counter()

    def call(worker: int) -> None:
        asked[worker] += 1

    assert load.elapsed(call, 3, 100) > 0
    assert sum(asked.values()) == 100


def test_a_schedule_is_the_same_for_the_same_seed() -> None:
    arrivals = load.schedule(5, 20, seed=1)
    assert arrivals == load.schedule(5, 20, seed=1) != load.schedule(5, 20, seed=2)
    assert len(arrivals) == 20
    assert all(0 <= earlier <= later <= 4 for earlier, later in pairwise(arrivals))
    gaps = [later - earlier for earlier, later in pairwise(arrivals)]
    assert max(gaps) > 3 * min(gaps)


def test_latency_is_counted_from_the_scheduled_arrival() -> None:
    held = threading.Event()

    def call(number: int) -> None:
        # The first is held until the last has come: arrivals do not wait for earlier ones to end.
        if number == 2:
            held.set()
        assert held.wait(60)

    first, second, third = load.open_loop(call, [0.0, 0.05, 0.1])
    assert first >= second + 0.04 >= third + 0.08


def test_a_burst_comes_together() -> None:
    together = threading.Barrier(16, timeout=60)

    def call(_: int) -> None:
        together.wait()

    found = load.burst(call, 16)
    assert len(found) == 16
    assert min(found) > 0


def test_percentiles_are_values_that_occurred() -> None:
    values = [float(number) for number in range(1, 101)]
    assert load.percentile(values, 0.5) == 50
    assert load.percentile(values, 0.95) == 95
    assert load.percentile([7.0], 0.5) == load.percentile([7.0], 0.95) == 7
