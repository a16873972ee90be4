"""From a candidate to a verdict: plan on the host, evidence from a sandbox, results on the host."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Container
from typing import Any

from harness.grading import pace
from harness.grading.verifier import Plan, open_verifier, uncaught
from harness.sandbox import wire
from harness.sandbox.pool import Pool
from harness.sandbox.session import WHILE_LOADING
from harness.types import (
    Candidate,
    CaseEvidence,
    Evidence,
    Extraction,
    IsolationLevel,
    Outcome,
    PytestInput,
    Task,
    Verdict,
)

FILES = "files-"
"""Begins a signature that stands for the candidate's text, not for its outputs."""


def grade(
    task: Task, extraction: Extraction, pool: Pool, isolation: IsolationLevel = "candidate"
) -> tuple[Verdict, str]:
    """(verdict, signature of the outputs) of one candidate. Never raises for what a candidate does.

    The signature is equal for candidates that did the same on every input; empty for one that never got as far as an
    output, so that candidates broken in the same way do not outvote one that works; `FILES` and a hash of the candidate
    where only hidden tests would have outputs.
    """
    if extraction.candidate is None:
        return _nothing(task, extraction.counts_as, extraction.choice, isolation), ""
    return _run(task, extraction.candidate, pool, isolation)


def _run(task: Task, candidate: Candidate, pool: Pool, isolation: IsolationLevel) -> tuple[Verdict, str]:
    if task.stub_may_pass and candidate.files == task.workspace:
        return _nothing(task, Outcome.no_candidate, "every file is as it was given", isolation), ""
    verifier = open_verifier(task.kind)
    plan = verifier.plan(task, candidate)
    share = task.id + task.content_hash if isolation == "task" else ""
    evidence, limit_s = _evidence(task, plan, pool, share)
    if evidence.infra:
        verdict = _nothing(task, Outcome.infra_error, evidence.infra, isolation)
        return verdict.model_copy(update={"layers": evidence.isolation, "backend": evidence.backend}), ""
    results = tuple(verifier.verify(task, plan, evidence))
    verdict = Verdict(
        outcome=Outcome.worst([case.outcome for case in results]) if task.cases else Outcome.unscored,
        points=sum(case.points for case in results),
        max_points=float(task.points),
        cases=results,
        assurance=plan.assurance or verifier.assurance,
        isolation=isolation,
        backend=evidence.backend,
        layers=evidence.isolation,
        seconds=evidence.seconds,
        detail=_remarks(evidence, limit_s if limit_s != task.limits.timeout_s else None),
    )
    return verdict, _signature(plan, evidence) if plan.comparable else FILES + candidate.hash


def _evidence(task: Task, plan: Plan, pool: Pool, share: str) -> tuple[Evidence, float]:
    """(what a sandbox saw, seconds a case could take); nothing where nothing is to be run."""
    if plan.job.inputs:
        return pace.run(task, plan.job, pool, share)
    return Evidence(cases=(), backend="none"), task.limits.timeout_s


def _remarks(evidence: Evidence, stretched_to_s: float | None) -> str:
    said = [f"{evidence.tries} containers were used"] if evidence.tries > 1 else []
    if evidence.run_again:
        said.append(f"{evidence.run_again} time-outs in company were run again alone")
    if stretched_to_s is not None:
        said.append(f"time limit {stretched_to_s:.3g} s a case, by what the reference takes on this machine")
    return "; ".join(said)


def _nothing(task: Task, outcome: Outcome, detail: str, isolation: IsolationLevel) -> Verdict:
    return Verdict(outcome=outcome, max_points=float(task.points), isolation=isolation, detail=detail)


def _signature(plan: Plan, evidence: Evidence) -> str:
    """What the candidate did, without when and how long: values, exceptions, exits, outputs, files."""
    tests = {item.id for item in plan.job.inputs if isinstance(item, PytestInput)}
    did, answered = [], False
    for case in sorted(evidence.cases, key=lambda case: case.id):
        if case.id in plan.left_out:
            continue
        if case.id not in tests:
            did.append(_outputs(case))
            answered = answered or _had_output(case)
        elif seen := _outcomes(case, plan.left_out):
            did.append([case.id, case.ending, seen])
            answered = True
    return hashlib.sha256(json.dumps(did).encode()).hexdigest()[:16] if answered else ""


def _outputs(case: CaseEvidence) -> list[Any]:
    return [
        case.id,
        case.ending,
        wire.fingerprint(case.value),
        case.exception,
        case.exit_code,
        case.stdout.hex(),
        sorted((name, data.hex()) for name, data in case.files.items()),
    ]


def _outcomes(case: CaseEvidence, hidden: Container[str]) -> list[tuple[str, str]]:
    """Outcomes of a pytest process by test, but for those of hidden files; its exit status would tell of these."""
    named = [
        (str(record["id"]).partition("::"), str(record.get("outcome"))) for record in case.records if "id" in record
    ]
    return sorted((name, outcome) for (path, _, name), outcome in named if path not in hidden)


def _had_output(case: CaseEvidence) -> bool:
    """Whether this input was answered at all, rightly or wrongly."""
    if case.ending == "exception":
        return not case.detail.startswith(WHILE_LOADING)
    return case.ending == "value" or (case.ending == "exit" and not uncaught(case))
