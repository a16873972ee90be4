"""How long `harness --help` takes, beside a Python that does nothing: ratios within one run.

    python benchmarks/startup.py [--rounds 11]

The aim is 0.3 s. What must not be imported for it is a test (tests/test_structure.py); how long that takes depends on
the machine and stands here.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time

WAYS = {
    "python -c pass": ["-c", "pass"],
    "import click": ["-c", "import click"],
    "harness --help": ["-m", "harness", "--help"],
    "harness run --help": ["-m", "harness", "run", "--help"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=11)
    options = parser.parse_args()
    seconds: dict[str, list[float]] = {name: [] for name in WAYS}
    for _ in range(options.rounds):
        for name, arguments in WAYS.items():
            began = time.perf_counter()
            subprocess.run([sys.executable, *arguments], stdout=subprocess.DEVNULL, check=True)
            seconds[name].append(time.perf_counter() - began)
    base = statistics.median(seconds["python -c pass"])
    for name, found in seconds.items():
        middle = statistics.median(found)
        print(f"{name:20} {middle * 1000:7.1f} ms  x{middle / base:5.2f}   (n={len(found)})")


if __name__ == "__main__":
    main()
