"""`harness sandbox bench`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from harness.bench.report import BenchReport


@click.command(name="bench")
@click.option(
    "--sandbox", "backends", multiple=True, help="Only this backend (repeatable); all that work here without."
)
@click.option("--full", is_flag=True, help="Longer rounds, more of them, and 10, 100, 1000 verdicts: some ten minutes.")
@click.option("--concurrency", type=click.IntRange(1, 64), multiple=True, help="Verdicts at once (repeatable).")
@click.option("--rounds", type=click.IntRange(1, 100), help="Every measurement is made once a round.")
@click.option("--seconds", type=click.FloatRange(0, 60, min_open=True), help="Of one measurement of a rate.")
@click.option("--length", type=click.IntRange(1), multiple=True, help="Verdicts through one pool (repeatable).")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
def bench(
    backends: tuple[str, ...],
    full: bool,
    concurrency: tuple[int, ...],
    rounds: int | None,
    seconds: float | None,
    length: tuple[int, ...],
    as_json: bool,
) -> int:
    """Measure how fast verdicts are on this machine.

    A verdict is one candidate with 20 hidden inputs. Rates stand beside those of a bare `docker run --rm`, which is 1,
    because absolute figures depend on the machine and on what else it does.
    """
    from harness.bench.measure import Bench
    from harness.bench.plan import FULL, BenchPlan

    given = {"concurrency": concurrency or None, "rounds": rounds, "seconds": seconds, "lengths": length or None}
    plan = (FULL if full else BenchPlan()).model_copy(update={key: v for key, v in given.items() if v is not None})
    report = Bench(plan, lambda line: click.echo(line, err=True)).measure(backends)
    if as_json:
        click.echo(report.model_dump_json(indent=2))
    else:
        _show(report)
    return 0


def _show(report: BenchReport) -> None:
    _show_rates(report)
    _show_latency(report)
    _show_counters(report)
    for name, value in report.machine.items():
        click.echo(f"{name}: {value}")
    for name, why in report.not_measured.items():
        click.echo(f"{name} not measured: {why}")


def _show_rates(report: BenchReport) -> None:
    from harness.cli.tables import show, table

    base = report.baseline
    title = "rates; a verdict: one candidate, 20 inputs"
    title += f"; {base.way}, {base.concurrency} at once = 1" if base else ""
    made = table(title, "way", "at once", "per s", "from", "to", "ratio", "p50 ms", "p95 ms", "n")
    for row in report.rates:
        figures = (row.per_s, row.low, row.high, row.ratio, row.p50_ms, row.p95_ms)
        made.add_row(row.way, str(row.concurrency), *map(_figure, figures), str(row.counted))
    show(made)


def _show_latency(report: BenchReport) -> None:
    from harness.cli.tables import show, table

    made = table("latency through a warm pool", "way", "arrivals", "boxes", "p50 ms", "p95 ms", "max ms", "n")
    for row in report.open_loop:
        figures = (row.p50_ms, row.p95_ms, row.max_ms)
        made.add_row(
            row.way, f"{row.arrivals_per_s:g} a second", str(row.boxes), *map(_figure, figures), str(row.counted)
        )
    for burst in report.bursts:
        figures = (burst.p50_ms, burst.p95_ms, burst.last_ms)
        count = str(burst.size * burst.rounds)
        made.add_row(burst.way, f"{burst.size} together", str(burst.boxes), *map(_figure, figures), count)
    show(made)


def _show_counters(report: BenchReport) -> None:
    from harness.cli.tables import show, table

    columns = ("way", "own CPU ms", "machine CPU ms", "clones", "execs", "disk flushes", "engine calls", "n")
    made = table("what one unit takes, lowest round", *columns)
    for row in report.counters:
        used = (row.own_cpu_ms, row.machine_cpu_ms, row.clones, row.execs, row.disk_flushes, row.engine_calls)
        made.add_row(row.way, *map(_figure, used), str(row.counted))
    show(made)
    if not report.lengths:
        return
    made = table("does anything grow?", "way", "verdicts", "per s", "own CPU ms", "own MiB", "engine MiB")
    for length in report.lengths:
        figures = (length.per_s, length.own_cpu_ms, length.own_mb, length.engine_mb)
        made.add_row(length.way, str(length.verdicts), *map(_figure, figures))
    show(made)


def _figure(value: float | None) -> str:
    """Three digits that count."""
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
