"""All measurements of a bench, in rounds that take turns, so that a machine that changes its pace changes all alike."""

from __future__ import annotations

import contextlib
import os
import platform
import statistics
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from harness import __version__
from harness.bench import counters, load
from harness.bench.counters import Reading
from harness.bench.load import Slot, percentile
from harness.bench.plan import BenchPlan
from harness.bench.report import Baseline, BenchReport, Burst, Counted, Length, OpenLoop, Rate
from harness.bench.ways import DockerRun, Fork, Interpreter, Verdicts, WarmPool, Way
from harness.errors import HarnessError
from harness.sandbox import BACKENDS, open_sandbox
from harness.types import IsolationLevel

LEVELS: tuple[IsolationLevel, ...] = ("candidate", "task")
BASE_CONCURRENCY = 4
"""Of the baseline."""
Log = Callable[[str], None]


@dataclass
class Bench:
    """One bench: `measure` does it all. Raises SandboxError when an honest candidate does not pass."""

    plan: BenchPlan
    log: Log
    seed: int = 3

    def measure(self, backends: Sequence[str] = ()) -> BenchReport:
        """The report on these backends, or on all that work here. Raises UsageError for an unknown one."""
        self.not_measured: dict[str, str] = {}
        machine = {"load before": _load(), **_machine()}
        ways, base = self._ways(backends, machine)
        verdicts = [way for way in ways if isinstance(way, Verdicts)]
        single = [way for way in verdicts if way.isolation == "candidate"]
        rates = self._rates(ways, base)
        open_loop, bursts = self._open_loop(single), self._bursts(single)
        counted = [self._counted(way) for way in ways]
        lengths = [self._length(way, size) for size in self.plan.lengths for way in verdicts]
        machine["load after"] = _load()
        found = [
            rate for rate in rates if base and (rate.way, rate.concurrency) == (base.subject.way, BASE_CONCURRENCY)
        ]
        return BenchReport(
            machine=machine,
            baseline=Baseline(way=found[0].way, concurrency=BASE_CONCURRENCY, per_s=found[0].per_s) if found else None,
            rates=tuple(rates),
            open_loop=tuple(open_loop),
            bursts=tuple(bursts),
            counters=tuple(counted),
            lengths=tuple(lengths),
            not_measured=self.not_measured,
        )

    def _ways(self, backends: Sequence[str], machine: dict[str, str]) -> tuple[list[Way], DockerRun | None]:
        """What can be measured here; backends that were not asked for by name are left out when they do not work."""
        ways: list[Way] = [Interpreter(), Fork()]
        base = None
        for name in backends or BACKENDS:
            try:
                with contextlib.closing(open_sandbox(name, self.log)) as backend:
                    machine[name] = ", ".join(f"{layer} {value}" for layer, value in backend.layers().items())
                    image = getattr(backend, "image", None)
            except HarnessError as error:
                if backends:
                    raise
                self.not_measured[name] = error.message
                continue
            if image is not None:
                base = DockerRun(image.tag)
                ways.append(base)
            ways += [Verdicts(name, level) for level in LEVELS]
        if base is None:
            self.not_measured["ratios"] = "no container engine is among the backends, so there is no bare container"
        return ways, base

    def _rates(self, ways: list[Way], base: DockerRun | None) -> list[Rate]:
        slots: dict[tuple[int, int], list[Slot]] = defaultdict(list)
        for number in range(self.plan.rounds):
            self.log(f"rates, round {number + 1} of {self.plan.rounds}")
            for place, way in enumerate(ways):
                for concurrency in self._concurrency(way, base):
                    with way.open(concurrency) as call:
                        slot = load.closed_loop(call, concurrency, self.plan.seconds, way.period)
                    slots[place, concurrency].append(slot)
        middle = {key: statistics.median(slot.per_s for slot in found) for key, found in slots.items()}
        unit = middle[ways.index(base), BASE_CONCURRENCY] if base else None
        return [
            Rate(
                **ways[place].subject.model_dump(),
                concurrency=concurrency,
                per_s=middle[place, concurrency],
                low=min(slot.per_s for slot in found),
                high=max(slot.per_s for slot in found),
                ratio=middle[place, concurrency] / unit if unit else None,
                **_latencies([one for slot in found for one in slot.latencies_s]),
                counted=sum(len(slot.latencies_s) for slot in found),
                rounds=len(found),
            )
            for (place, concurrency), found in sorted(slots.items())
        ]

    def _concurrency(self, way: Way, base: DockerRun | None) -> list[int]:
        wanted = set(self.plan.concurrency if isinstance(way, Verdicts) else self.plan.floors)
        return sorted(wanted | {BASE_CONCURRENCY} if way is base else wanted)

    def _open_loop(self, ways: list[Verdicts]) -> list[OpenLoop]:
        seconds: dict[tuple[int, float], list[float]] = defaultdict(list)
        with contextlib.ExitStack() as stack:
            pools = [self._warm(way, self.plan.boxes, stack) for way in ways]
            for number in range(self.plan.rounds):
                self.log(f"open loop, round {number + 1} of {self.plan.rounds}")
                for per_s in self.plan.arrivals_per_s:
                    arrivals = load.schedule(per_s, max(1, round(per_s * self.plan.open_loop_s)), self.seed + number)
                    for place, pool in enumerate(pools):
                        pool.fill()
                        seconds[place, per_s] += load.open_loop(pool.call, arrivals)
        return [
            OpenLoop(
                **ways[place].subject.model_dump(),
                arrivals_per_s=per_s,
                boxes=self.plan.boxes,
                **_latencies(found),
                max_ms=max(found) * 1000,
                counted=len(found),
            )
            for (place, per_s), found in sorted(seconds.items())
        ]

    def _bursts(self, ways: list[Verdicts]) -> list[Burst]:
        seconds: dict[int, list[tuple[float, ...]]] = defaultdict(list)
        with contextlib.ExitStack() as stack:
            pools = [self._warm(way, self.plan.burst, stack) for way in ways]
            for number in range(self.plan.rounds):
                self.log(f"burst, round {number + 1} of {self.plan.rounds}")
                for place, pool in enumerate(pools):
                    pool.fill()
                    seconds[place].append(load.burst(pool.call, self.plan.burst))
        return [
            Burst(
                **ways[place].subject.model_dump(),
                size=self.plan.burst,
                boxes=self.plan.burst,
                **_latencies([one for burst in found for one in burst]),
                last_ms=statistics.median(max(burst) for burst in found) * 1000,
                rounds=len(found),
            )
            for place, found in seconds.items()
        ]

    def _warm(self, way: Verdicts, boxes: int, stack: contextlib.ExitStack) -> WarmPool:
        backend = stack.enter_context(way.backend())
        return stack.enter_context(contextlib.closing(WarmPool(backend, boxes)))

    def _counted(self, way: Way) -> Counted:
        """Counters over `counted` units, one after another, in whole periods."""
        size = -(-self.plan.counted // way.period) * way.period
        spent, calls = [], []
        self.log(f"counters: {way.subject.way}")
        for _ in range(self.plan.counter_rounds):
            used, asked = self._used(way, size)
            spent.append(used)
            calls.append(asked)
        with counters.execs() as programs:
            self._used(way, size)
        if programs.count is None:
            self.not_measured["execs"] = programs.why_not
        flushes = [one.disk_flushes for one in spent if one.disk_flushes is not None]
        requests = [one for one in calls if one is not None]
        return Counted(
            **way.subject.model_dump(),
            own_cpu_ms=min(one.own_cpu_s for one in spent) * 1000 / size,
            machine_cpu_ms=min(one.machine_cpu_s for one in spent) * 1000 / size,
            clones=min(one.clones for one in spent) / size,
            execs=None if programs.count is None else programs.count / size,
            disk_flushes=min(flushes) / size if flushes else None,
            engine_calls=min(requests) / size if requests else None,
            counted=size,
            rounds=self.plan.counter_rounds,
        )

    def _used(self, way: Way, size: int) -> tuple[Reading, int | None]:
        """What `size` units used, the end of every box included; and the requests to the engine among it."""
        with contextlib.ExitStack() as stack:
            if isinstance(way, Verdicts):
                # From after one verdict to after another: as many boxes are made meanwhile as are used.
                backend = stack.enter_context(way.backend())
                call = stack.enter_context(way.calls(backend, 1, full=False))
                call(0)
            else:
                backend, call = None, stack.enter_context(way.open(1))
            asked, before = backend.calls if backend else None, counters.read()
            for _ in range(size):
                call(0)
        after = counters.read()
        total = None if backend is None or backend.calls is None or asked is None else backend.calls - asked
        return after - before, total

    def _length(self, way: Verdicts, size: int) -> Length:
        self.log(f"{size} verdicts: {way.subject.way}")
        workers = min(BASE_CONCURRENCY, size)
        with way.backend() as backend, way.calls(backend, workers, full=False) as call:
            before = counters.read()
            seconds = load.elapsed(call, workers, size)
            own_mb, engine_mb = counters.own_mb(), counters.engine_mb()
            spent = counters.read() - before
        return Length(
            **way.subject.model_dump(),
            verdicts=size,
            per_s=size / seconds,
            own_cpu_ms=spent.own_cpu_s * 1000 / size,
            own_mb=own_mb,
            engine_mb=engine_mb,
        )


def _latencies(seconds: Sequence[float]) -> dict[str, float]:
    return {"p50_ms": percentile(seconds, 0.5) * 1000, "p95_ms": percentile(seconds, 0.95) * 1000}


def _load() -> str:
    return " ".join(f"{value:.2f}" for value in os.getloadavg())


def _machine() -> dict[str, str]:
    return {
        "cpus": str(os.cpu_count()),
        "kernel": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": platform.python_version(),
        "harness": __version__,
    }
