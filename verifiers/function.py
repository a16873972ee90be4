"""Kind `function`: each call's value or exception is compared here, outside the sandbox."""

from __future__ import annotations

from harness.grading.verifier import ENDINGS, Plan, result
from harness.sandbox import wire
from harness.sandbox.session import WHILE_LOADING
from harness.types import (
    Assurance,
    CallCase,
    CallInput,
    Candidate,
    CaseEvidence,
    CaseResult,
    Evidence,
    Job,
    Outcome,
    Raises,
    Returns,
    Task,
)

KNOWN = 4096
"""Expected values that are kept in the form in which they are compared."""
_known: dict[int, tuple[Returns, wire.Expected]] = {}


class Verifier:
    """One point a case, one more for the message of an expected exception."""

    assurance: Assurance = "proof"

    def plan(self, task: Task, candidate: Candidate) -> Plan:
        inputs = tuple(
            # Checked when the task was read.
            CallInput.model_construct(id=case.id, args=case.args, kwargs=case.kwargs)
            for case in task.cases
            if isinstance(case, CallCase)
        )
        source = candidate.files.get(task.solution, "")
        return Plan(job=Job(source=source, entry=task.entry, fresh=task.fresh, limits=task.limits, inputs=inputs))

    def verify(self, task: Task, plan: Plan, evidence: Evidence) -> list[CaseResult]:
        calls = [case for case in task.cases if isinstance(case, CallCase)]
        return [_judge(case, seen, task.tolerance) for case, seen in zip(calls, evidence.cases, strict=True)]


def _judge(case: CallCase, seen: CaseEvidence, tolerance: float | None) -> CaseResult:
    if isinstance(case.expect, Returns):
        return _returned(case, case.expect, seen, tolerance)
    return _raised(case, case.expect, seen)


def _returned(case: CallCase, expect: Returns, seen: CaseEvidence, tolerance: float | None) -> CaseResult:
    wanted = _expected(expect)
    if seen.ending != "value":
        return result(case, seen, ENDINGS[seen.ending], expected=wanted.shown, got=_said(seen))
    if wanted.is_exactly(seen.value):
        return result(case, seen, Outcome.passed, expected=wanted.shown, got=wanted.shown)
    right = wire.same(seen.value, wanted.form, tolerance)
    outcome = Outcome.passed if right else Outcome.wrong_answer
    return result(case, seen, outcome, expected=wanted.shown, got=wire.show(seen.value))


def _expected(expect: Returns) -> wire.Expected:
    """Made once for all candidates of a task."""
    known = _known.get(id(expect))
    if known is None or known[0] is not expect:
        if len(_known) >= KNOWN:
            _known.clear()
        # With the object itself, so that its identity stays its own.
        known = _known[id(expect)] = (expect, wire.Expected(expect.value))
    return known[1]


def _raised(case: CallCase, expect: Raises, seen: CaseEvidence) -> CaseResult:
    expected = f"raises {expect.type_name}" + (f"({expect.message!r}…)" if expect.message is not None else "")
    if seen.ending == "value":
        return result(case, seen, Outcome.wrong_answer, expected=expected, got=wire.show(seen.value))
    if seen.exception is None or seen.detail.startswith(WHILE_LOADING):
        return result(case, seen, ENDINGS[seen.ending], expected=expected, got=_said(seen))
    name, message = seen.exception
    points = float(name == expect.type_name)
    if expect.message is not None:
        points += float(message.startswith(expect.message))
    outcome = Outcome.passed if points == case.points else Outcome.wrong_answer
    return result(case, seen, outcome, points=points, expected=expected, got=_said(seen))


def _said(seen: CaseEvidence) -> str:
    if seen.exception is not None:
        return f"{seen.exception[0]}: {seen.exception[1]}"
    if seen.ending == "exit":
        return f"the process exited with code {seen.exit_code}"
    if seen.ending == "signal":
        return f"the process was killed by signal {seen.signal}"
    return seen.ending
