"""`harness sandbox bench`: one document on stdout, or tables of the same."""

from __future__ import annotations

import pytest

from harness.bench.report import BenchReport
from tests.bench.conftest import SHORT
from tests.cli.conftest import Harness

pytestmark = pytest.mark.engine


@pytest.fixture(autouse=True)
def _short(monkeypatch: pytest.MonkeyPatch, image: object) -> None:
    monkeypatch.setattr("harness.bench.plan.BenchPlan", lambda: SHORT)


def test_the_document(harness: Harness) -> None:
    done = harness("sandbox", "bench", "--json", "--sandbox", "docker", "--concurrency", 1, "--concurrency", 3)
    assert done.code == 0
    report = BenchReport.model_validate_json(done.out)
    assert {row.concurrency for row in report.rates if row.backend} == {1, 3}
    assert {"cpus", "kernel", "docker", "load before", "load after"} <= set(report.machine)
    assert "rates, round 1 of 1" in done.err


def test_the_tables(harness: Harness) -> None:
    done = harness("sandbox", "bench", "--sandbox", "docker", "--rounds", 1)
    assert done.code == 0
    for title in ("rates; a verdict", "latency through a warm pool", "what one unit takes", "does anything grow?"):
        assert title in done.out
    assert "docker, isolation task" in done.out


def test_an_unknown_backend(harness: Harness) -> None:
    assert "no sandbox 'nonsense'" in harness("sandbox", "bench", "--sandbox", "nonsense").refused(2)


def test_nothing_at_once(harness: Harness) -> None:
    assert "concurrency" in harness("sandbox", "bench", "--concurrency", 0).refused(2)
