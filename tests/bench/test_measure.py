"""A very short bench with the real engine: shapes, units and sums, never speeds."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from harness.bench import measure
from harness.bench.measure import Bench
from harness.bench.report import BenchReport
from harness.bench.ways import DockerRun, Fork, Interpreter, Verdicts, WarmPool, Watched
from harness.errors import SandboxError, UsageError
from harness.sandbox import Box
from harness.sandbox.docker import DockerSandbox
from harness.sandbox.reaper import list_containers
from tests.bench.conftest import SHORT

if TYPE_CHECKING:
    import docker

    from harness.sandbox.image import Image

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def measured(image: Image, engine: docker.APIClient) -> tuple[BenchReport, set[str]]:
    """The report, and the containers that are there after it and were not before."""

    def own() -> set[str]:
        return {container.id for container in list_containers(engine) if container.owner == "this"}

    before = own()
    return Bench(SHORT, print).measure(["docker"]), own() - before


@pytest.fixture(scope="module")
def report(measured: tuple[BenchReport, set[str]]) -> BenchReport:
    return measured[0]


def test_every_way_is_in_it(report: BenchReport) -> None:
    def names(rows: Any) -> list[tuple[str | None, str | None]]:
        return [(row.backend, row.isolation) for row in rows]

    verdicts = [("docker", "candidate"), ("docker", "task")]
    # The baseline is measured at its concurrency, asked for or not.
    assert [row.concurrency for row in report.rates] == [1, 1, 1, 4, 2, 2]
    assert names(report.rates)[4:] == verdicts
    assert names(report.counters)[3:] == verdicts
    assert names(report.lengths) == verdicts
    assert names(report.open_loop) == names(report.bursts) == verdicts[:1]
    assert len({row.way for row in report.counters}) == len(report.counters) == 5
    assert not set(report.not_measured) - {"execs"}


def test_ratios_are_rates_over_the_baseline(report: BenchReport) -> None:
    assert report.baseline is not None
    assert report.baseline.concurrency == 4
    for row in report.rates:
        assert row.ratio == pytest.approx(row.per_s / report.baseline.per_s)
        assert 0 < row.low <= row.per_s <= row.high
        assert 0 < row.p50_ms <= row.p95_ms
        assert row.counted >= 8 * row.rounds
    assert [row.ratio for row in report.rates if row.way == report.baseline.way and row.concurrency == 4] == [1.0]


def test_latencies(report: BenchReport) -> None:
    (arrivals,), (burst,) = report.open_loop, report.bursts
    assert (arrivals.arrivals_per_s, arrivals.boxes, arrivals.counted) == (20, 2, 4)
    assert 0 < arrivals.p50_ms <= arrivals.p95_ms <= arrivals.max_ms
    assert (burst.size, burst.boxes, burst.rounds) == (3, 3, 1)
    assert 0 < burst.p50_ms <= burst.p95_ms == burst.last_ms


def test_counters_are_counted(report: BenchReport) -> None:
    by_way = {(row.backend, row.isolation): row for row in report.counters}
    alone, shared = by_way["docker", "candidate"], by_way["docker", "task"]
    assert (alone.counted, shared.counted) == (2, 20)
    # A container is made, attached to, started and removed; others may be on their way in or out at either end.
    assert alone.engine_calls is not None
    assert 4 <= alone.engine_calls <= 8
    assert shared.engine_calls is not None
    assert 4 / 20 <= shared.engine_calls <= 1
    for row in report.counters:
        assert row.own_cpu_ms > 0
        assert row.machine_cpu_ms >= 0
        assert row.clones >= 1 or row.isolation == "task"
        assert row.execs is None or row.execs >= 0
    assert report.counters[0].engine_calls is None


def test_lengths(report: BenchReport) -> None:
    for row in report.lengths:
        assert row.verdicts == 3
        assert row.own_cpu_ms > 0
        assert row.own_mb > 10
        assert row.per_s > 0


def test_nothing_is_left(measured: tuple[BenchReport, set[str]]) -> None:
    assert measured[1] == set()


def test_a_bare_container_without_the_command_line(image: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shutil.which", lambda name: None)
    way = DockerRun(image.tag)
    assert "docker-py" in way.subject.way
    with way.open(1) as call:
        call(0)
    with DockerRun("no-such-image:at-all").open(1) as call, pytest.raises(Exception, match="no-such-image"):
        call(0)


def test_a_program_that_fails_is_not_counted(image: Image) -> None:
    with DockerRun("no-such-image:at-all").open(1) as call, pytest.raises(SandboxError, match="no-such-image"):
        call(0)


def forks() -> int:
    """Processes that this machine has made since it started."""
    found = re.search(r"^processes (\d+)$", Path("/proc/stat").read_text(), re.MULTILINE)
    assert found is not None
    return int(found[1])


def test_floors_do_their_work() -> None:
    for way in (Interpreter(), Fork()):
        with way.open(2) as call:
            before = forks()
            call(0)
            call(1)
            assert forks() - before >= 2


def test_a_warm_pool_is_full_again_after_each_fill(sandbox: DockerSandbox) -> None:
    class Open(Watched):
        """The backend of all tests, which is not ours to close."""

        def close(self) -> None:
            pass

    backend = Open(sandbox)
    pool = WarmPool(backend, 2)
    try:
        pool.fill()
        assert backend.made == 2
        pool.call(0)
        pool.fill()
        assert backend.made == 3
    finally:
        pool.close()


def test_a_backend_that_makes_no_boxes_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    class Idle:
        """No real backend can be made to make nothing, without an error, on demand."""

        name = "idle"

        def start(self, memory_mb: int) -> Box:
            raise AssertionError("nobody asked")

        def layers(self) -> dict[str, str]:
            return {}

        def close(self) -> None:
            pass

    monkeypatch.setattr("harness.bench.ways.WARM_S", 0.01)
    with pytest.raises(SandboxError, match="idle made 0 of 1 boxes"):
        Watched(Idle()).wait_for(1)


def test_backends_that_do_not_work_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "BACKENDS", {"nonsense": "harness.nonsense:Nonsense"})
    monkeypatch.setattr(measure, "open_sandbox", _unknown)
    report = Bench(SHORT, print).measure()
    assert "nonsense" in report.not_measured
    assert "ratios" in report.not_measured
    assert report.baseline is None
    assert [row.ratio for row in report.rates] == [None, None]
    with pytest.raises(UsageError):
        Bench(SHORT, print).measure(["nonsense"])


def _unknown(name: str, log: Any = None) -> Any:
    raise UsageError(f"no sandbox {name!r}")


def test_isolations_have_a_period() -> None:
    assert Verdicts("docker", "candidate").period == 1
    assert Verdicts("docker", "task").period == 20
