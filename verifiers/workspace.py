"""Kind `workspace`: hidden pytest files over the candidate's files.

Where tests pass values only (`tests_pass: values`), they run in a box of their own and reach the candidate's modules in
another one through the host (`harness.sandbox.relay`): once, as they are, and the verdict is proof.

Otherwise the modules share a process with the tests. So there is a second run with changed tests: files have
random names, the second process holds tests that must fail (`harness.grading.canaries`) among others that must come out
as before, nothing tells the candidate which of the two processes it is in, and the records must agree with each other
and with the exit code. That is tamper-evident, not proof.
"""

from __future__ import annotations

import random
from typing import Any

from harness.grading import canaries
from harness.grading.records import Records
from harness.grading.verifier import ENDINGS, Plan, result
from harness.types import (
    Assurance,
    Candidate,
    CaseEvidence,
    CaseResult,
    Evidence,
    Job,
    Outcome,
    PytestCase,
    PytestInput,
    Task,
)

_random = random.SystemRandom()


class Verifier:
    """One point a test function; `limits.timeout_s` is for the whole pytest process."""

    assurance: Assurance = "tamper-evident"

    def plan(self, task: Task, candidate: Candidate) -> Plan:
        return _apart(task, candidate) if task.by_value else self._together(task, candidate)

    def _together(self, task: Task, candidate: Candidate) -> Plan:
        mutants: dict[str, str] = {}
        must_fail: list[str] = []
        targets = _targets(task)
        for path, text in task.tests.items():
            if path in targets:
                mutants[path], names = canaries.mutate(text, _random)
                must_fail += [f"{path}::{name}" for name in names]
        originals = {
            path: canaries.normal(text) if path in targets else text
            for path, text in {**task.visible_tests, **task.tests}.items()
        }
        inputs, aliases = [], {}
        for ident, tests in (("plain", originals), ("mutated", {**originals, **mutants})):
            aliases[ident] = {path: _alias(path) for path in targets}
            named = {aliases[ident].get(path, path): text for path, text in tests.items()}
            run = tuple(sorted(aliases[ident].values()))
            inputs.append(PytestInput(id=ident, files={**candidate.files, **named}, targets=run))
        if not must_fail:
            inputs.pop()
        _random.shuffle(inputs)
        secret = {"aliases": aliases, "must_fail": must_fail}
        hidden = [name for path, name in aliases["plain"].items() if path in task.tests]
        return Plan(
            job=Job(limits=task.limits, inputs=tuple(inputs)),
            secret=secret,
            left_out=("mutated", *hidden),
            comparable=bool(task.visible_tests),
        )

    def verify(self, task: Task, plan: Plan, evidence: Evidence) -> list[CaseResult]:
        cases = [case for case in task.cases if isinstance(case, PytestCase)]
        runs = {seen.id: _Run(seen, plan.secret["aliases"][seen.id]) for seen in evidence.cases}
        for run in (runs["plain"], *runs.values()):
            outcome, detail = run.trouble()
            if outcome is not Outcome.passed:
                return [result(case, run.seen, outcome, detail=detail) for case in cases]
        must_fail, second = plan.secret["must_fail"], runs.get("mutated")
        if second is None:
            return [_judge(case, runs["plain"]) for case in cases]
        # Who fails a test and passes its mutation is wrong; nobody honest passes both.
        passed = [ident for ident in must_fail if second.passed(ident) and runs["plain"].passed(ident)]
        if passed:
            detail = f"{len(passed)} of {len(must_fail)} tests that must fail passed"
            return [result(case, second.seen, Outcome.tampered, detail=detail) for case in cases]
        return [_judge(case, runs["plain"], None if case.id in must_fail else second) for case in cases]


def _apart(task: Task, candidate: Candidate) -> Plan:
    """Tests in one box, the candidate in another. Only modules below the workspace's own names are the candidate's."""
    tests = {**task.visible_tests, **task.tests}
    known = {*task.workspace, *(task.reference.files if task.reference else ())}
    tops = {_top(path) for path in known if path.endswith(".py")} - {_top(path) for path in tests}
    run = PytestInput(
        id="plain",
        files=tests,
        targets=_targets(task),
        candidate=candidate.files,
        modules=tuple(sorted(filter(str.isidentifier, tops))),
    )
    return Plan(
        job=Job(limits=task.limits, inputs=(run,)),
        secret={"aliases": {"plain": {path: path for path in tests}}, "must_fail": []},
        left_out=tuple(task.tests),
        comparable=bool(task.visible_tests),
        assurance="proof",
    )


class _Run:
    """One pytest process: its records under the names the task knows."""

    def __init__(self, seen: CaseEvidence, aliases: dict[str, str]) -> None:
        self.seen, self.aliases = seen, aliases
        self.records = Records(seen)

    def trouble(self) -> tuple[Outcome, str]:
        """Why nothing of this process can be believed; (passed, "") when there is no reason."""
        if self.seen.ending != "exit":
            detail = f": {self.seen.detail}" if self.seen.detail else ""
            return ENDINGS[self.seen.ending], f"the test process: {self.seen.ending}{detail}"
        problem = self.records.problem()
        if not problem:
            return Outcome.passed, ""
        crashed = problem.startswith("pytest did not finish") and self.seen.exit_code != 0
        return (Outcome.runtime_error if crashed else Outcome.tampered), problem

    def of(self, ident: str) -> list[tuple[str, dict[str, Any]]]:
        path, _, name = ident.partition("::")
        return self.records.of(f"{self.aliases[path]}::{name}")

    def passed(self, ident: str) -> bool:
        """Whether any instance of this test passed."""
        return any(group == "passed" for group, _ in self.of(ident))

    def named(self, message: str) -> str:
        """A message with the files called as the task calls them."""
        for path, alias in self.aliases.items():
            message = message.replace(alias, path)
        return message


def _why_not(case: PytestCase, run: _Run) -> str:
    """Why a test did not run. People may see this of a visible test: errors of other files quote hidden ones."""
    if not case.visible:
        return run.named(run.records.first_error() or "did not run")
    path = case.id.partition("::")[0]
    own = run.records.broken_files.get(run.aliases[path], "")
    if own or not run.records.errors:
        return run.named(own or "did not run")
    return "did not run: another file of tests could not be loaded"


def _judge(case: PytestCase, run: _Run, again: _Run | None = None) -> CaseResult:
    instances = run.of(case.id)
    # The process's output belongs to all tests together; it is not repeated in each.
    quiet = run.seen.model_copy(update={"stdout": b"", "stderr": b"", "wall_s": _seconds(instances)})
    if not instances:
        return result(case, quiet, Outcome.runtime_error, detail=_why_not(case, run))
    group, record = instances[0]  # failures come first
    if group == "passed":
        if again is not None and not again.passed(case.id):
            return result(case, quiet, Outcome.wrong_answer, detail="passed once, and not when it was run again")
        return result(case, quiet, Outcome.passed)
    message = run.named(str(record.get("message", "")))
    if group == "skipped":
        return result(case, quiet, Outcome.wrong_answer, detail=f"skipped: {message}")
    asserted = message.startswith(("assert", "AssertionError", "Failed: DID NOT RAISE"))
    return result(case, quiet, Outcome.wrong_answer if asserted else Outcome.runtime_error, got=message)


def _seconds(instances: list[tuple[str, dict[str, Any]]]) -> float:
    found = [record.get("seconds") for _, record in instances]
    # The candidate may have written these: neither nan nor a year.
    return sum(float(value) for value in found if isinstance(value, int | float) and 0 <= value < 86_400)


def _targets(task: Task) -> tuple[str, ...]:
    """The files that hold the task's tests; others beside them only help."""
    return tuple(sorted({case.id.partition("::")[0] for case in task.cases if isinstance(case, PytestCase)}))


def _top(path: str) -> str:
    return path.partition("/")[0].removesuffix(".py")


def _alias(path: str) -> str:
    folder, slash, _ = path.rpartition("/")
    return f"{folder}{slash}test_{_random.getrandbits(48):012x}.py"
