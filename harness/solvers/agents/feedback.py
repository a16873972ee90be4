"""What an agent is told: the task at the start, and which hidden tests failed where a task allows that."""

from __future__ import annotations

from harness.solvers.agents.files import editable, given
from harness.types import CaseResult, Outcome, Task, Verdict

MOST_FAILURES = 20
PER_FAILURE = 600
IN_ALL = 6000


def task_text(task: Task) -> str:
    """The task's instruction as its author wrote it, and which files are the answer."""
    if task.single_file:
        which = f"Write the answer into the file `{task.solution}`."
    else:
        shown = [path for path in sorted(given(task)) if editable(task, path)]
        globs = ", ".join(f"`{glob}`" for glob in task.editable)
        which = f"Only files that match {globs} count as the answer; changes of others are dropped."
        if shown:
            which = f"Change these files: {', '.join(f'`{path}`' for path in shown)}. {which}"
    tests = (
        f" The tests in {_folders(task)} show some of what is wanted; they cannot be changed."
        if task.visible_tests
        else ""
    )
    return f"{task.instruction.rstrip()}\n\n{which}{tests}\n"


def _folders(task: Task) -> str:
    return ", ".join(sorted({f"`{path.rpartition('/')[0] or path}`" for path in task.visible_tests}))


def failures_text(verdict: Verdict, changed: bool) -> str:
    """The failures of a verdict as text without any test's source, cut to a few; what to do about them."""
    failed = [case for case in verdict.cases if case.outcome is not Outcome.passed]
    lines = [_failure(case) for case in failed[:MOST_FAILURES]]
    if len(failed) > MOST_FAILURES:
        lines.append(f"- and {len(failed) - MOST_FAILURES} more")
    if not lines:
        said = "no file was changed" if not changed else verdict.outcome.value.replace("_", " ")
        lines = [f"- {said}"]
    told = "\n".join(lines)
    if len(told) > IN_ALL:
        told = f"{told[:IN_ALL]}\n[{len(told) - IN_ALL} more characters]"
    passed = len(verdict.cases) - len(failed)
    return (
        f"Hidden tests were run on your files: {passed} passed, {len(failed)} failed.\n\n{told}\n\n"
        "The tests are right and stay as they are: find out what your code does otherwise, and correct it.\n"
    )


def _without_source(message: str) -> str:
    """Of a traceback, as pytest prints one where a test file cannot be imported, only what was raised."""
    raised = [line[1:].strip() for line in message.splitlines() if line.startswith("E ")]
    return "\n".join(raised) or message


def _failure(case: CaseResult) -> str:
    name = case.id.partition("::")[2] or case.id
    what = _without_source(case.got or case.detail) or case.outcome.value.replace("_", " ")
    what = what if len(what) <= PER_FAILURE else f"{what[:PER_FAILURE]} [{len(what) - PER_FAILURE} more characters]"
    return f"- {name}: {what}"
