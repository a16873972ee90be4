"""The unit of work: one candidate, 20 hidden inputs, run isolated, outputs compared on the host, box destroyed."""

from __future__ import annotations

from functools import cache

from harness.errors import SandboxError
from harness.grading.grade import grade
from harness.sandbox.pool import Pool
from harness.types import CallCase, Candidate, Extraction, IsolationLevel, Limits, Returns, Task

INPUTS = 20
PER_TASK = 20
"""Candidates of one task, which follow each other in a box under isolation `task`."""
LIMITS = Limits()

SOURCE = '''
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
_ARGUMENTS = ["a" * (number % 3 + 1) + "b" * number for number in range(INPUTS)]
_RETURNS = [[("a", number % 3 + 1)] + [("b", number)] * (number > 0) for number in range(INPUTS)]

EXTRACTION = Extraction(candidate=Candidate(files={"solution.py": SOURCE}), choice="given")


def task(name: str) -> Task:
    """A task with that name; tasks of other names share no box with it."""
    return _task().model_copy(update={"id": f"bench/{name}", "name": name})


@cache
def _task() -> Task:
    """Made once: reading a task is no part of a verdict."""
    return Task(
        id="bench/task",
        suite="bench",
        name="task",
        kind="function",
        instruction="",
        entry="f",
        limits=LIMITS,
        cases=tuple(
            CallCase(id=f"f-{number}", source=f"f({argument!r})", args=(argument,), expect=Returns(value=value))
            for number, (argument, value) in enumerate(zip(_ARGUMENTS, _RETURNS, strict=True))
        ),
    )


def verdict(one: Task, pool: Pool, isolation: IsolationLevel) -> None:
    """Grade the candidate. Raises SandboxError when it does not pass: it is right, so the machine is not well."""
    found, _ = grade(one, EXTRACTION, pool, isolation)
    if not found.passed:
        raise SandboxError(
            f"the bench's honest candidate ended as {found.outcome}: {found.detail or 'see harness doctor'}",
            remedy="let the machine calm down, look at `harness doctor`, repeat",
        )
