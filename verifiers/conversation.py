"""Checks the mechanical criteria of a conversation. Nothing is run: a reply is text, and is read on the host."""

from __future__ import annotations

from harness.grading import criteria
from harness.grading.verifier import Plan, result
from harness.tasks.turns import replies_of
from harness.types import (
    Assurance,
    Candidate,
    CaseEvidence,
    CaseResult,
    Evidence,
    Job,
    Outcome,
    Task,
    TextCase,
)


class Verifier:
    """Replies against what the author can say without a judge."""

    assurance: Assurance = "proof"

    def plan(self, task: Task, candidate: Candidate) -> Plan:
        """No input for any sandbox; the replies themselves."""
        return Plan(job=Job(inputs=()), secret={"replies": replies_of(candidate.files)}, comparable=False)

    def verify(self, task: Task, plan: Plan, evidence: Evidence) -> list[CaseResult]:
        """One result a criterion."""
        replies: list[str] = plan.secret["replies"]
        return [_checked(case, replies) for case in task.cases if isinstance(case, TextCase)]


def _checked(case: TextCase, replies: list[str]) -> CaseResult:
    seen = CaseEvidence(id=case.id, ending="value")
    wanted = criteria.wanted(case)
    place = len(replies) - 1 if case.turn is None else case.turn
    if not 0 <= place < len(replies):
        return result(case, seen, Outcome.wrong_answer, expected=wanted, got="the model gave no such reply")
    ok, found = criteria.check(case, replies[place])
    return result(case, seen, Outcome.passed if ok else Outcome.wrong_answer, expected=wanted, got=found)
