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


class Verifier:
    """One point a case, one more for the message of an expected exception."""

    assurance: Assurance = "proof"

    def plan(self, task: Task, candidate: Candidate) -> Plan:
        inputs = tuple(
            CallInput(id=case.id, args=case.args, kwargs=case.kwargs)
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
    wanted = wire.encode(expect.value)
    expected = wire.show(wanted)
    if seen.ending == "value":
        right = wire.same(seen.value, wanted, tolerance)
        outcome = Outcome.passed if right else Outcome.wrong_answer
        return result(case, seen, outcome, expected=expected, got=wire.show(seen.value))
    return result(case, seen, ENDINGS[seen.ending], expected=expected, got=_said(seen))


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
