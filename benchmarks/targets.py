"""Runs `harness sandbox bench --full` and holds it against the targets.

    .venv/bin/python benchmarks/targets.py [--from FILE.json] [--write]

`--from` takes what `harness sandbox bench --json` printed before. `--write` puts the tables into benchmarks/RESULTS.md.
Quiet, it takes some ten minutes.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import results

from harness.bench.report import BenchReport, Counted, Length, OpenLoop, Rate

FLAT = 1.05
"""Resident memory may be so many times what it was after a tenth of the verdicts."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--from", dest="file", type=Path)
    parser.add_argument("--write", action="store_true", help="into benchmarks/RESULTS.md")
    given = parser.parse_args()
    load_before = results.load()
    if given.file:
        text = given.file.read_text()
    else:
        command = [sys.executable, "-m", "harness", "sandbox", "bench", "--full", "--json"]
        text = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True).stdout
    report = BenchReport.model_validate_json(text)
    head = results.machine(report.machine.get("load before", load_before))
    targets = results.table(["target", "measured", "met"], list(held(report)))
    found = f"{head}\n\n{tables(report)}"
    print(f"{targets}\n\n{found}")
    if given.write:
        results.write("targets", f"{head}\n\n{targets}")
        results.write("bench", found)


def held(report: BenchReport) -> Iterator[list[str]]:
    """Each target, what was measured, and whether that meets it."""
    crun = "crun" in report.machine.get("docker", "")
    wanted = (
        ("docker", "candidate", 2.4 if crun else 2.0),
        ("docker", "task", 20.0),
        ("bubblewrap", "candidate", 11.0),
    )
    for backend, isolation, least in wanted:
        found = [
            row.ratio
            for row in report.rates
            if (row.backend, row.isolation, row.concurrency) == (backend, isolation, 4) and row.ratio is not None
        ]
        target = f"{backend}, isolation {isolation}: at least {least} times `docker run --rm`, 4 at once"
        yield line(target, found and f"{found[0]:.2f}", bool(found) and found[0] >= least)
    for arrivals in [row for row in report.open_loop if row.arrivals_per_s == 5] or [None]:
        name = arrivals.backend if arrivals else "docker"
        said = arrivals and f"p50 {arrivals.p50_ms:.1f} ms, p95 {arrivals.p95_ms:.1f} ms"
        met = arrivals is not None and arrivals.p50_ms <= 5 and arrivals.p95_ms <= 15
        yield line(f"{name}, 5 arrivals a second through the pool: p50 at most 5 ms, p95 at most 15 ms", said, met)
    for counted in report.counters:
        if counted.backend:
            target = f"{counted.way}: own processor time at most 2 ms a verdict"
            yield line(target, f"{counted.own_cpu_ms:.2f} ms", counted.own_cpu_ms <= 2)
    sizes = sorted({row.verdicts for row in report.lengths})
    for way in dict.fromkeys(row.way for row in report.lengths):
        used = {row.verdicts: row.own_mb for row in report.lengths if row.way == way}
        said = ", ".join(f"{used[size]:.0f} MiB after {size}" for size in sizes)
        met = len(sizes) > 1 and used[sizes[-1]] <= FLAT * used[sizes[-2]]
        yield line(f"{way}: resident memory flat from 1,000 verdicts on", said, met)


def line(target: str, measured: object, met: bool) -> list[str]:
    return [target, str(measured) if measured else "not measured", "yes" if met else "no"]


def tables(report: BenchReport) -> str:
    """Everything that was measured."""
    base = report.baseline
    ratio = f"ratio to {base.way}, {base.concurrency} at once" if base else "ratio"
    columns = ["way", "at once", "per s", "slowest to fastest round", ratio, "p50 ms", "p95 ms", "n"]
    latency = ["way", "arrivals", "boxes ready", "p50 ms", "p95 ms", "max ms", "n"]
    bursts = [
        [row.way, f"{row.size} together", row.boxes, *figures(row.p50_ms, row.p95_ms, row.last_ms), row.rounds]
        for row in report.bursts
    ]
    used = ["way", "own CPU ms", "machine CPU ms", "clones", "execs", "disk flushes", "engine calls", "n"]
    grown = ["way", "verdicts", "per s", "own CPU ms", "own MiB", "engine MiB"]
    parts = [
        results.table(columns, [rate(row) for row in report.rates]),
        results.table(latency, [arriving(row) for row in report.open_loop] + bursts),
        results.table(used, [counters(row) for row in report.counters]),
        results.table(grown, [length(row) for row in report.lengths]),
        "\n".join(f"- {name} was not measured: {why}" for name, why in report.not_measured.items()),
    ]
    return "\n\n".join(part for part in parts if part)


def figures(*values: float | None) -> list[str]:
    return ["-" if value is None else results.figure(value) for value in values]


def rate(row: Rate) -> list[object]:
    spread = " to ".join(figures(row.low, row.high))
    latency = figures(row.p50_ms, row.p95_ms)
    return [row.way, row.concurrency, *figures(row.per_s), spread, *figures(row.ratio), *latency, row.counted]


def arriving(row: OpenLoop) -> list[object]:
    latency = figures(row.p50_ms, row.p95_ms, row.max_ms)
    return [row.way, f"{row.arrivals_per_s:g} a second", row.boxes, *latency, row.counted]


def counters(row: Counted) -> list[object]:
    used = (row.own_cpu_ms, row.machine_cpu_ms, row.clones, row.execs, row.disk_flushes, row.engine_calls)
    return [row.way, *figures(*used), f"{row.rounds} x {row.counted}"]


def length(row: Length) -> list[object]:
    return [row.way, row.verdicts, *figures(row.per_s, row.own_cpu_ms, row.own_mb, row.engine_mb)]


if __name__ == "__main__":
    main()
