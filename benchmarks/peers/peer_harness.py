"""This project on the same unit, counted like the peers: from the first verdict asked for to the last box destroyed.

Isolation candidate: a container each, used once, made ahead by the pool. Isolation task: a container for 20 candidates,
each under a user id of its own, killed and wiped between. Expected values stay on the host in both.
"""

from __future__ import annotations

import contextlib
import threading
import time

from unit import EXPECTED, INPUTS, TEXT, options, run, tell

from harness import __version__
from harness.bench import unit as bench
from harness.bench.ways import Verdicts

if __name__ == "__main__":
    given = options(__doc__ or "")
    assert bench.SOURCE == TEXT, "not the candidate that peers get"
    assert [case.args for case in bench.task("").cases] == [(text,) for text in INPUTS]  # type: ignore[union-attr]
    assert [case.expect.value for case in bench.task("").cases] == EXPECTED  # type: ignore[union-attr]
    backend, _, isolation = given.mode.partition(" ")
    way = Verdicts(backend, "task" if isolation == "task" else "candidate")
    with contextlib.ExitStack() as stack:
        made = stack.enter_context(way.backend())
        calls = stack.enter_context(way.calls(made, given.concurrency, full=False))
        workers: dict[int, int] = {}
        lock = threading.Lock()

        def call(_: int) -> None:
            with lock:
                worker = workers.setdefault(threading.get_ident(), len(workers))
            calls(worker)

        seconds, each = run(call, given.count, given.concurrency)
        began = time.perf_counter()
    seconds += time.perf_counter() - began
    box = "container" if backend == "docker" else "namespaces"
    text = {
        "candidate": f"fresh {box} each, no network, own profile, unprivileged, read-only",
        "task": f"{box} for 20 candidates, own user each, wiped between; else as isolation candidate",
    }[way.isolation]
    tell(f"harness, {backend}, isolation {way.isolation}", __version__, given, seconds, each, text)
