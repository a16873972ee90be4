"""Time limits follow the machine: they grow where the reference itself is slow, asked about only when needed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.grading import pace
from harness.grading.grade import grade
from harness.sandbox.pool import Pool
from harness.types import Answer, Candidate, Evidence, Extraction, Job, Limits, Outcome, Task

NewTask = Callable[..., Task]
BURN = """
import time

def f(n):
    end = time.process_time() + {seconds}
    while time.process_time() < end:
        pass
    return n
"""
FOREVER = "def f(n):\n    while True:\n        pass\n"


class Counting:
    """The pool, and the time limits of what was asked of it."""

    def __init__(self, pool: Pool) -> None:
        self._pool, self.sandbox = pool, pool.sandbox
        self.limits: list[float] = []

    def run(self, job: Job, share: str = "") -> Evidence:
        self.limits.append(job.limits.timeout_s)
        return self._pool.run(job, share)


@pytest.fixture
def counting(pool: Pool) -> Any:
    return Counting(pool)


def slow_task(function_task: NewTask, seconds: float, timeout_s: float, name: str) -> Task:
    reference = Answer(name="reference", files={"solution.py": BURN.format(seconds=seconds)})
    case = ("returns", "a", 1, 1)
    return function_task(case, limits=Limits(timeout_s=timeout_s), reference=reference, content_hash=name)


def verdict_on(task: Task, code: str, pool: Any) -> Any:
    return grade(task, Extraction(candidate=Candidate(files={"solution.py": code}), choice="given"), pool)[0]


def test_a_reference_that_is_slow_here_gives_everybody_more_time(function_task: NewTask, counting: Any) -> None:
    task = slow_task(function_task, 0.4, 0.2, "slow")
    verdict = verdict_on(task, BURN.format(seconds=0.5), counting)
    assert verdict.outcome is Outcome.passed
    assert "by what the reference takes on this machine" in verdict.detail
    first, measured, again = counting.limits
    assert (first, measured) == (0.2, pace.ROOM * 0.2)
    assert again >= pace.SLACK * 0.4
    # The next one is late too; the reference was measured already.
    assert verdict_on(task, FOREVER, counting).outcome is Outcome.timeout
    assert counting.limits[3:] == [0.2, again]


def test_what_is_in_time_asks_for_nothing_more(function_task: NewTask, counting: Any) -> None:
    task = slow_task(function_task, 0.01, 5.0, "quick")
    assert verdict_on(task, BURN.format(seconds=0.02), counting).outcome is Outcome.passed
    assert counting.limits == [5.0]


def test_a_quick_reference_leaves_the_limit_as_it_is(function_task: NewTask, counting: Any) -> None:
    task = slow_task(function_task, 0.0, 0.5, "quick reference")
    verdict = verdict_on(task, FOREVER, counting)
    assert (verdict.outcome, verdict.detail) == (Outcome.timeout, "")
    assert counting.limits == [0.5, pace.ROOM * 0.5]


def test_without_a_reference_the_limit_is_the_task_s(function_task: NewTask, counting: Any) -> None:
    task = function_task(("returns", "a", 1, 1), limits=Limits(timeout_s=0.3))
    assert verdict_on(task, FOREVER, counting).outcome is Outcome.timeout
    assert counting.limits == [0.3]
