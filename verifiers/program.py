"""Kind `program`: exact stdout, exit code and files of each run."""

from __future__ import annotations

from harness.grading.verifier import ENDINGS, Plan, result, uncaught
from harness.types import (
    Assurance,
    Candidate,
    CaseEvidence,
    CaseResult,
    Evidence,
    ExecInput,
    Job,
    Outcome,
    ProgramCase,
    Task,
)


class Verifier:
    """A case passes when everything it names is byte for byte as it says."""

    assurance: Assurance = "proof"

    def plan(self, task: Task, candidate: Candidate) -> Plan:
        inputs = tuple(
            ExecInput(
                id=case.id,
                files={**case.files, **candidate.files},
                argv=(task.solution, *case.argv),
                stdin=case.stdin,
                collect=tuple(case.writes),
            )
            for case in task.cases
            if isinstance(case, ProgramCase)
        )
        return Plan(job=Job(limits=task.limits, inputs=inputs))

    def verify(self, task: Task, plan: Plan, evidence: Evidence) -> list[CaseResult]:
        runs = [case for case in task.cases if isinstance(case, ProgramCase)]
        return [_judge(case, seen) for case, seen in zip(runs, evidence.cases, strict=True)]


def _judge(case: ProgramCase, seen: CaseEvidence) -> CaseResult:
    expected = _shown(case.stdout, case.exit_code, case.writes)
    files = {name: data.decode("utf-8", "replace") for name, data in seen.files.items()}
    got = _shown(seen.stdout.decode("utf-8", "replace"), seen.exit_code, files)
    if seen.ending == "rejected":
        return result(case, seen, Outcome.artifact_rejected, expected=expected, got=got)
    if seen.ending != "exit":
        return result(case, seen, ENDINGS[seen.ending], expected=expected, got=got)
    differs = _differences(case, seen)
    if not differs:
        return result(case, seen, Outcome.passed, expected=expected, got=got)
    # An uncaught exception is the usual way to exit with 1 and a traceback where something else was asked for.
    broke = seen.exit_code != case.exit_code and uncaught(seen)
    outcome = Outcome.runtime_error if broke else Outcome.wrong_answer
    return result(case, seen, outcome, expected=expected, got=got, detail="; ".join(differs))


def _differences(case: ProgramCase, seen: CaseEvidence) -> list[str]:
    found = []
    if seen.exit_code != case.exit_code:
        found.append(f"exit code {seen.exit_code}, expected {case.exit_code}")
    if case.stdout is not None and seen.stdout != case.stdout.encode():
        found.append("stdout differs")
    for name, text in case.writes.items():
        if name not in seen.files:
            found.append(f"{name} was not written")
        elif seen.files[name] != text.encode():
            found.append(f"{name} differs")
    return found


def _shown(stdout: str | None, exit_code: int | None, files: dict[str, str]) -> str:
    parts = [] if stdout is None else [stdout]
    parts += [f"--- {name}\n{text}" for name, text in files.items()]
    if exit_code != 0:
        parts.append(f"--- exit code {exit_code}")
    return "\n".join(parts)
