"""Kind `write_tests`: the model's pytest file must pass on the good implementation and fail on each bad one.

Every implementation is a pytest process of its own in the same names and places, in random order, so that nothing tells
them apart but what they are.
"""

from __future__ import annotations

import random

from harness.grading.records import Records
from harness.grading.verifier import ENDINGS, Plan, result
from harness.types import (
    Assurance,
    Candidate,
    CaseEvidence,
    CaseResult,
    Evidence,
    Job,
    MutantCase,
    Outcome,
    PytestInput,
    Task,
)

_random = random.SystemRandom()


class Verifier:
    """One point an implementation."""

    assurance: Assurance = "tamper-evident"

    def plan(self, task: Task, candidate: Candidate) -> Plan:
        inputs = tuple(
            PytestInput(id=case.id, files={**case.files, **candidate.files}, targets=(task.solution,))
            for case in task.cases
            if isinstance(case, MutantCase)
        )
        shuffled = tuple(_random.sample(inputs, len(inputs)))
        return Plan(job=Job(limits=task.limits, inputs=shuffled))

    def verify(self, task: Task, plan: Plan, evidence: Evidence) -> list[CaseResult]:
        mutants = [case for case in task.cases if isinstance(case, MutantCase)]
        seen = {one.id: one for one in evidence.cases}
        return [_judge(case, seen[case.id]) for case in mutants]


def _judge(case: MutantCase, seen: CaseEvidence) -> CaseResult:
    expected = "all tests pass" if case.should_pass else "at least one test fails"
    if seen.ending != "exit":
        return result(case, seen, ENDINGS[seen.ending], expected=expected, got=seen.ending)
    records = Records(seen)
    got = records.summary()
    problem = records.problem()
    if problem:
        outcome = Outcome.tampered if seen.exit_code == 0 else Outcome.runtime_error
        return result(case, seen, outcome, expected=expected, got=got, detail=problem)
    if not records.ran:
        return result(
            case, seen, Outcome.runtime_error, expected=expected, got=got, detail=records.first_error() or "no test ran"
        )
    passes = seen.exit_code == 0 and not records.failed and not records.errors
    fails = bool(records.failed)
    right = passes if case.should_pass else fails
    return result(
        case,
        seen,
        Outcome.passed if right else Outcome.wrong_answer,
        expected=expected,
        got=got,
        detail=records.first_error(),
    )
