"""Three ways to put load on something: so many at once, arrivals on a schedule, everything at one moment."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass

Call = Callable[[int], None]
"""One unit of work, done by the worker of this number."""
LEAST = 8
"""Units that a rate rests on at least."""
ARRIVALS_AT_ONCE = 64


@dataclass(frozen=True)
class Slot:
    """One stretch under load."""

    per_s: float
    latencies_s: tuple[float, ...]
    """Of the units that ended within the stretch."""


def closed_loop(call: Call, concurrency: int, seconds: float, period: int = 1) -> Slot:
    """`concurrency` workers that ask again at once, for about `seconds`.

    The stretch begins with the end of the first `concurrency` units, when everything is under way, and ends with a unit
    after `seconds`, at least `LEAST` later and a multiple of `period`: whatever is needed once in a period is then in
    it as often as it should be. What is in the air at either end does not count.
    """
    ended: list[tuple[float, float]] = []
    lock, enough = threading.Lock(), threading.Event()
    began = time.perf_counter()

    def work(worker: int) -> None:
        while not enough.is_set():
            asked = time.perf_counter()
            call(worker)
            now = time.perf_counter()
            with lock:
                if enough.is_set():
                    return
                ended.append((asked, now))
                counted = len(ended) - concurrency
                if now - began >= seconds and counted >= LEAST and counted % period == 0:
                    enough.set()

    in_threads(work, concurrency, enough.set)
    start, counted = ended[concurrency - 1][1], ended[concurrency:]
    return Slot(len(counted) / (counted[-1][1] - start), tuple(end - asked for asked, end in counted))


def schedule(per_s: float, count: int, seed: int) -> list[float]:
    """When `count` independent arrivals come, seconds from the start: a Poisson process given that number of them."""
    draw = random.Random(seed)
    return sorted(draw.uniform(0, count / per_s) for _ in range(count))


def open_loop(call: Call, arrivals: Sequence[float]) -> tuple[float, ...]:
    """Seconds from each scheduled arrival to the end of its unit; a late start counts against it."""
    began = time.perf_counter()

    def one(numbered: tuple[int, float]) -> float:
        call(numbered[0])
        return time.perf_counter() - began - numbered[1]

    with ThreadPoolExecutor(ARRIVALS_AT_ONCE) as threads:
        waiting = []
        for numbered in enumerate(arrivals):
            time.sleep(max(0.0, began + numbered[1] - time.perf_counter()))
            waiting.append(threads.submit(one, numbered))
        return tuple(future.result() for future in waiting)


def burst(call: Call, size: int) -> tuple[float, ...]:
    """Seconds from one moment to the end of each of `size` units that all come then."""
    moment: list[float] = []
    gate = threading.Barrier(size, lambda: moment.append(time.perf_counter()))
    ends: list[float] = []

    def one(worker: int) -> None:
        gate.wait()
        call(worker)
        ends.append(time.perf_counter())

    in_threads(one, size)
    return tuple(end - moment[0] for end in ends)


def elapsed(call: Call, concurrency: int, count: int) -> float:
    """Seconds that `count` units take, so many at once."""
    left, lock, enough = iter(range(count)), threading.Lock(), threading.Event()

    def work(worker: int) -> None:
        while not enough.is_set():
            with lock:
                if next(left, None) is None:
                    return
            call(worker)

    began = time.perf_counter()
    in_threads(work, concurrency, enough.set)
    return time.perf_counter() - began


def in_threads(work: Call, count: int, stop: Callable[[], None] = lambda: None) -> None:
    """Every worker in a thread of its own. When one fails, or this thread is interrupted, `stop` and raise that."""
    with ThreadPoolExecutor(count) as threads:
        futures = [threads.submit(work, worker) for worker in range(count)]
        try:
            wait(futures, return_when=FIRST_EXCEPTION)
        finally:
            stop()
    for future in futures:
        future.result()


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of them do not exceed (nearest rank)."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
