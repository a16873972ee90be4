"""What of a box's cost is the engine's: from `docker run` to a verdict in steps, each with one thing more or less.

    .venv/bin/python benchmarks/floors.py [--rounds 8] [--write]

All steps take turns, four at once. Then the harness's own part of a verdict, one at a time through a pool that is full:
what its threads use of a processor, and how long what takes. `--write` puts both tables into benchmarks/RESULTS.md.
Quiet, a round takes about half a minute.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import secrets
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import results

from harness.bench import counters, unit
from harness.bench.ways import DockerRun
from harness.sandbox import session
from harness.sandbox.docker import DockerSandbox
from harness.sandbox.pool import Pool

AT_ONCE, UNITS = 4, 16
SETTLES_S = 0.5
"""Seconds until the engine has done what a removal leaves to be done."""
ENDS_S = 10.0
SAMPLES = 40


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=8)
    parser.add_argument("--write", action="store_true", help="into benchmarks/RESULTS.md")
    given = parser.parse_args()
    load_before = results.load()
    with contextlib.closing(DockerSandbox(log=lambda line: print(line, file=sys.stderr))) as sandbox:
        found = measure(sandbox, given.rounds)
        own = own_part(sandbox)
    text = f"{results.machine(load_before)} Medians of {given.rounds} rounds.\n\n{table(found)}\n\n{own}"
    print(text)
    if given.write:
        results.write("floors", text)


def measure(sandbox: DockerSandbox, rounds: int) -> dict[str, list[tuple[float, float, float]]]:
    """Step -> (units a second, machine CPU ms a unit, execs a unit) of each round."""
    found: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    with (
        ThreadPoolExecutor(AT_ONCE) as threads,
        DockerRun(sandbox.image.tag).open(AT_ONCE) as docker_run,
        Pool(sandbox, size=AT_ONCE) as pool,
    ):
        task = unit.task("floors")
        steps: dict[str, Callable[[int], None]] = {
            "`docker run --rm --network none IMAGE python3 -c pass`": docker_run,
            "the same container, made and removed by this client": alone(sandbox, plain(sandbox)),
            "this profile, `/bin/true`": alone(sandbox, profiled(sandbox, ["/bin/true"])),
            "this profile, `python3 -I -S -c pass`": alone(
                sandbox, profiled(sandbox, ["python3", "-I", "-S", "-c", "pass"])
            ),
            "this profile, the supervisor: a box": lambda _: sandbox.start(unit.LIMITS.memory_mb).close(),
            "a verdict": lambda _: unit.verdict(task, pool, "candidate"),
        }
        pool.warm(unit.LIMITS.memory_mb)
        for number in range(rounds):
            for name, step in steps.items():
                time.sleep(SETTLES_S)
                before, began = counters.read(), time.perf_counter()
                with counters.execs() as executed:
                    list(threads.map(step, range(UNITS)))
                    seconds = time.perf_counter() - began
                    time.sleep(SETTLES_S)
                used = counters.read() - before
                execs = (executed.count or 0) / UNITS
                found[name].append((UNITS / seconds, 1000 * used.machine_cpu_s / UNITS, execs))
            print(f"round {number + 1} of {rounds}", file=sys.stderr)
    return found


def plain(sandbox: DockerSandbox) -> bytes:
    """The request that `docker run` makes, as far as it matters here."""
    body = {
        "Image": sandbox.image.tag,
        "Cmd": ["python3", "-c", "pass"],
        "AttachStdout": True,
        "AttachStderr": True,
        "HostConfig": {"NetworkMode": "none"},
        "Labels": labels(sandbox),
    }
    return json.dumps(body).encode()


def profiled(sandbox: DockerSandbox, command: list[str]) -> bytes:
    body = json.loads(sandbox._request(unit.LIMITS.memory_mb))
    return json.dumps({**body, "Cmd": command}).encode()


def labels(sandbox: DockerSandbox) -> dict[str, str]:
    found: dict[str, str] = json.loads(sandbox._request(unit.LIMITS.memory_mb))["Labels"]
    return found


def alone(sandbox: DockerSandbox, request: bytes) -> Callable[[int], None]:
    """A container's life with the harness's own client of the engine, nothing being said to it."""

    def call(_: int) -> None:
        name = f"harness-{secrets.token_hex(8)}"
        engine = sandbox._api
        engine.create(name, request)
        stream, _rest = engine.attach(name)
        with contextlib.closing(stream):
            engine.start(name)
        engine.wait_for_end(name, ENDS_S)
        engine.remove(name)

    return call


def own_part(sandbox: DockerSandbox) -> str:
    """What this process does for one verdict, in milliseconds."""
    spent: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def timed(name: str, step: Callable[[], Any]) -> Any:
        cpu, clock = time.thread_time(), time.perf_counter()
        made = step()
        spent[name].append((1000 * (time.thread_time() - cpu), 1000 * (time.perf_counter() - clock)))
        return made

    engine = sandbox._api
    for _ in range(SAMPLES):
        box = timed("create, attach, start, until it says hello", lambda: sandbox.start(unit.LIMITS.memory_mb))
        box.hang_up()
        timed("wait for its end", lambda name=box.name: engine.wait_for_end(name, ENDS_S))
        timed("remove", lambda name=box.name: engine.remove(name))
    inside = session.calls
    try:
        session.calls = lambda *args, **more: timed(
            "- of it 20 calls in a box, one round trip", lambda: inside(*args, **more)
        )
        with Pool(sandbox, size=AT_ONCE) as pool:
            for number in range(SAMPLES):
                time.sleep(SETTLES_S)
                task = unit.task(f"own-{number}")
                timed("a verdict in a box that is ready", lambda task=task: unit.verdict(task, pool, "candidate"))
    finally:
        session.calls = inside
    rows = [
        [name, *(results.figure(statistics.median(column)) for column in zip(*figures, strict=True))]
        for name, figures in spent.items()
    ]
    return results.table(["of one verdict", "own CPU ms", "ms"], rows)


def table(found: dict[str, list[tuple[float, float, float]]]) -> str:
    base = next(iter(found.values()))
    rows = []
    for name, rounds in found.items():
        rate, cpu, execs = (statistics.median(column) for column in zip(*rounds, strict=True))
        ratio = statistics.median(mine[0] / its[0] for mine, its in zip(rounds, base, strict=True))
        rows.append([name, results.figure(rate), f"{ratio:.2f}", results.figure(cpu), results.figure(execs)])
    return results.table(["step", "per s", "to the first", "machine CPU ms", "execs"], rows)


if __name__ == "__main__":
    main()
