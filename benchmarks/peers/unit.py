"""The unit of work that every peer is put on, with the standard library only: each peer has an environment of its own.

One candidate (a function as text), 20 inputs, one verdict: ran, outputs compared, result known. `TEXT` is the
candidate of `harness sandbox bench`; a peer that takes a program gets `program()`, which prints the outputs, and they
are compared here.
"""

from __future__ import annotations

import argparse
import json
import math
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor

TEXT = '''
def f(text):
    """Run lengths of a text: "aab" -> [("a", 2), ("b", 1)]."""
    found = []
    for letter in text:
        if found and found[-1][0] == letter:
            found[-1] = (letter, found[-1][1] + 1)
        else:
            found.append((letter, 1))
    return found
'''
INPUTS = ["a" * (number % 3 + 1) + "b" * number for number in range(20)]
EXPECTED = [[("a", number % 3 + 1)] + [("b", number)] * (number > 0) for number in range(20)]


def program(text: str = TEXT) -> str:
    """The candidate, and the lines that call it and print what it returned as JSON."""
    return f"{text}\nimport json\nprint(json.dumps([f(text) for text in {INPUTS!r}]))\n"


def check(output: str) -> None:
    """Raise ValueError unless this is what `program` prints for a candidate that is right."""
    try:
        found = json.loads(output)
    except ValueError:
        raise ValueError(f"no JSON: {output[:500]!r}") from None
    if [[tuple(pair) for pair in one] for one in found] != EXPECTED:
        raise ValueError(f"wrong: {output[:500]!r}")


def options(description: str) -> argparse.Namespace:
    """Options that every peer takes."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--concurrency", type=int, default=1)
    parser.add_argument("--count", type=int, default=8, help="verdicts")
    parser.add_argument("--image", default="", help="container image with python3, for peers that use one")
    parser.add_argument("--mode", default="", help="which of several ways of one peer")
    return parser.parse_args()


def run(
    call: Callable[[int], object], count: int, concurrency: int, make: Callable[[int], Executor] = ThreadPoolExecutor
) -> tuple[float, list[float]]:
    """(seconds of all, seconds of each) of `count` calls, so many at once, after one that does not count."""
    with make(concurrency) as executor:
        executor.submit(_timed, call, -1).result()
        began = time.perf_counter()
        each = list(executor.map(_timed, [call] * count, range(count)))
        return time.perf_counter() - began, each


def tell(peer: str, version: str, given: argparse.Namespace, seconds: float, each: Sequence[float], text: str) -> None:
    """Print the one line: rate and latencies; `text` says what is isolated."""
    found = {
        "peer": peer,
        "version": version,
        "concurrency": given.concurrency,
        "verdicts": len(each),
        "seconds": round(seconds, 3),
        "per_s": round(len(each) / seconds, 3),
        "p50_ms": round(_percentile(each, 0.5) * 1000, 1),
        "p95_ms": round(_percentile(each, 0.95) * 1000, 1),
        "isolation": text,
    }
    print(json.dumps(found), flush=True)


def _timed(call: Callable[[int], object], number: int) -> float:
    began = time.perf_counter()
    call(number)
    return time.perf_counter() - began


def _percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank."""
    return sorted(values)[max(0, math.ceil(share * len(values)) - 1)]
