"""Short ways to make tasks and grade answers to them in real containers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.grading.grade import grade
from harness.sandbox.pool import Pool
from harness.types import CallCase, Candidate, Extraction, IsolationLevel, Raises, Returns, Task, Verdict

Judge = Callable[..., Verdict]


def make_task(kind: str, **keys: Any) -> Task:
    """A task of the suite `suite` called `task`."""
    facts = {"id": "suite/task", "suite": "suite", "name": "task", "kind": kind, "instruction": "", **keys}
    return Task.model_validate(facts)


def returns(ident: str, value: Any, *args: Any, **options: Any) -> CallCase:
    return CallCase(id=ident, source=f"f{args}", args=args, expect=Returns(value=value), **options)


def raises(ident: str, name: str, message: str | None, *args: Any, **options: Any) -> CallCase:
    return CallCase(id=ident, source=f"f{args}", args=args, expect=Raises(type_name=name, message=message), **options)


@pytest.fixture(scope="session")
def judge(pool: Pool) -> Judge:
    """The verdict on an answer: `judge(task, "code")` or `judge(task, {"path": "text"})`."""

    def run(task: Task, answer: str | dict[str, str], isolation: IsolationLevel = "candidate") -> Verdict:
        files = answer if isinstance(answer, dict) else {task.solution: answer}
        return grade(task, Extraction(candidate=Candidate(files=files), choice="given"), pool, isolation)[0]

    return run


@pytest.fixture(scope="session")
def new_task() -> Callable[..., Task]:
    return make_task


@pytest.fixture(scope="session")
def function_task() -> Callable[..., Task]:
    """A function task with cases made by `returns` and `raises`."""

    def make(*cases: Any, **keys: Any) -> Task:
        made = tuple(
            case if isinstance(case, CallCase) else (raises if case[0] == "raises" else returns)(*case[1:])
            for case in cases
        )
        return make_task("function", entry="f", cases=made, **keys)

    return make


def outcomes(verdict: Verdict) -> list[str]:
    return [case.outcome.value for case in verdict.cases]
