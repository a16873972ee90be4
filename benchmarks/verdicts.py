"""Verdicts a second of both isolation levels, beside starting and removing a bare container: ratios within one run.

    python benchmarks/verdicts.py [--rounds 5] [--count 40]

A verdict is one candidate with 20 inputs. The three ways take turns, round by round; printed are medians and the
ratio to the bare container, because absolute figures depend on the machine and what else it does.
"""

from __future__ import annotations

import argparse
import contextlib
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from harness.sandbox import open_sandbox
from harness.sandbox.docker import DockerSandbox
from harness.sandbox.pool import Pool
from harness.types import CallInput, Job

CONCURRENCY = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=40, help="verdicts a round")
    options = parser.parse_args()
    inputs = tuple(CallInput(id=str(number), args=(number,), kwargs={}) for number in range(20))
    job = Job(source="def f(x):\n    return x + 1\n", entry="f", inputs=inputs)
    with contextlib.closing(open_sandbox("docker", print)) as sandbox, Pool(sandbox, size=CONCURRENCY) as pool:
        assert isinstance(sandbox, DockerSandbox)
        ways: dict[str, Callable[[int], object]] = {
            "bare container": lambda _: bare(sandbox),
            "isolation candidate": lambda _: pool.run(job),
            "isolation task": lambda _: pool.run(job, share="bench"),
        }
        rates: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(options.rounds):
            for name, way in ways.items():
                rates[name].append(measure(way, options.count))
    base = statistics.median(rates["bare container"])
    for name, found in rates.items():
        middle = statistics.median(found)
        print(
            f"{name:20} {middle:8.1f}/s  x{middle / base:6.2f}   ({min(found):.1f} to {max(found):.1f}, n={len(found)})"
        )


def measure(way: Callable[[int], object], count: int) -> float:
    """Calls a second at `CONCURRENCY`."""
    began = time.monotonic()
    with ThreadPoolExecutor(CONCURRENCY) as executor:
        list(executor.map(way, range(count)))
    return count / (time.monotonic() - began)


def bare(sandbox: DockerSandbox) -> None:
    """What `docker run --rm` does with the image and `python3 -c pass`, everything else at the engine's defaults."""
    from harness.sandbox.engine import connect

    with contextlib.closing(connect()) as client:
        ident = client.create_container(sandbox.image.tag, ["python3", "-c", "pass"], network_disabled=False)["Id"]
        client.start(ident)
        client.wait(ident)
        client.remove_container(ident, v=True)


if __name__ == "__main__":
    main()
