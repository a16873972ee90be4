"""What a bench found: frozen, as `harness sandbox bench --json` prints it (docs/formats.md)."""

from __future__ import annotations

from harness.types import Frozen, IsolationLevel


class Baseline(Frozen):
    """What every rate is a ratio to."""

    way: str
    concurrency: int
    per_s: float


class Subject(Frozen):
    """What was measured: a backend under an isolation, or one of the floors beside them."""

    way: str
    """Name for people, unique."""
    backend: str | None = None
    isolation: IsolationLevel | None = None


class Rate(Subject):
    """Units of work a second with so many at once; medians of rounds that took turns with all the others."""

    concurrency: int
    per_s: float
    low: float
    """The slowest round, units a second."""
    high: float
    ratio: float | None
    """`per_s` over that of the baseline; None where there is no engine."""
    p50_ms: float
    """Of the time from asking to the verdict, all rounds together."""
    p95_ms: float
    counted: int
    """Units that the rate rests on, all rounds together."""
    rounds: int


class OpenLoop(Subject):
    """Latency of verdicts that arrive on a fixed schedule, whether earlier ones have ended or not, at a warm pool."""

    arrivals_per_s: float
    boxes: int
    """Kept ready."""
    p50_ms: float
    """From the scheduled arrival to the verdict."""
    p95_ms: float
    max_ms: float
    counted: int


class Burst(Subject):
    """Latency of verdicts that arrive all at once at a warm pool."""

    size: int
    boxes: int
    p50_ms: float
    p95_ms: float
    last_ms: float
    """Until the last verdict, median of the rounds."""
    rounds: int


class Counted(Subject):
    """What one unit of work takes, by counters that a slow clock cannot touch. The lowest round: others only add."""

    own_cpu_ms: float
    """Processor time of this process."""
    machine_cpu_ms: float
    """Processor time of the whole machine."""
    clones: float
    """Processes and threads begun, on the whole machine."""
    execs: float | None
    """Programs executed, on the whole machine."""
    disk_flushes: float | None
    """Cache flushes of the disks, which is what an fsync ends in; the kernel does not count fsync calls."""
    engine_calls: float | None
    """Requests to the container engine."""
    counted: int
    rounds: int


class Length(Subject):
    """Cost after so many verdicts through one pool: does anything grow?"""

    verdicts: int
    per_s: float
    own_cpu_ms: float
    """Processor time of this process a verdict."""
    own_mb: float
    """Resident memory of this process at the end, MiB."""
    engine_mb: float | None
    """Of the engine's daemon."""


class BenchReport(Frozen):
    """Everything one bench measured."""

    machine: dict[str, str]
    """Processor, kernel, Python, engine, load before and after."""
    baseline: Baseline | None
    rates: tuple[Rate, ...]
    open_loop: tuple[OpenLoop, ...]
    bursts: tuple[Burst, ...]
    counters: tuple[Counted, ...]
    lengths: tuple[Length, ...]
    not_measured: dict[str, str]
    """What could not be measured here -> why."""
