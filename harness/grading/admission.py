"""Admits tasks: the reference passes, nothing else does, every wrong answer fails for its reason, three times alike."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterator

from harness.errors import SandboxError
from harness.grading.extract import candidate_from
from harness.grading.grade import grade
from harness.sandbox.pool import Pool
from harness.tasks.turns import LAST
from harness.types import Answer, Frozen, Outcome, Task, Verdict

ROUNDS = 3


class Admission(Frozen):
    """What came of checking one task."""

    task: str
    admitted: bool
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    """What people should know of a task that is admitted all the same."""


STUB = "the stub"
PASSES = "it passes, and must not"


def admit(task: Task, pool: Pool, rounds: int = ROUNDS) -> Admission:
    """Check one task against its own answers. Raises SandboxError when one of them could not be graded."""
    problems: list[str] = []
    notes = [] if task.reference else ["it has no reference: nothing shows that its tests can be passed"]
    if not task.cases:
        notes.append("it has no criteria: only a judge can say what an answer is worth")
    # The stub is graded like any answer here: whether it passes is the question.
    plain = task.model_copy(update={"stub_may_pass": False})
    for answer in _answers(task):
        found = _check(plain, answer, pool, rounds)
        if task.stub_may_pass and answer.name == STUB and f"{STUB}: {PASSES}" in found:
            found.remove(f"{STUB}: {PASSES}")
            notes.append(
                "the files it comes with pass already: an answer that leaves them as they are has done nothing"
            )
        problems += found
    return Admission(task=task.id, admitted=not problems, problems=tuple(problems), notes=tuple(notes))


def _answers(task: Task) -> Iterator[Answer]:
    if task.reference is not None:
        yield task.reference
    if not task.runs:
        yield Answer(name="the empty answer", files={LAST: ""}, fails=("*",))
        yield from task.flawed
        return
    yield Answer(name="the empty answer", files={} if task.kind == "workspace" else {task.solution: ""}, fails=("*",))
    yield Answer(name=STUB, files=stub(task), fails=("*",))
    yield from task.flawed


def stub(task: Task) -> dict[str, str]:
    """The answer of someone who changed nothing."""
    if task.kind == "workspace":
        return dict(task.workspace)
    if task.kind == "function":
        return {task.solution: f"def {task.entry}(*args, **kwargs):\n    pass\n"}
    if task.kind == "write_tests":
        return {task.solution: "def test_nothing():\n    pass\n"}
    return {task.solution: "pass\n"}


def _check(task: Task, answer: Answer, pool: Pool, rounds: int) -> list[str]:
    verdicts = [_grade(task, answer, pool) for _ in range(rounds)]
    first = verdicts[0]
    where = str(answer.path.relative_to(task.directory)) if answer.path and task.directory else answer.name
    for verdict in verdicts:
        if verdict.outcome is Outcome.infra_error:
            raise SandboxError(f"{task.id}: {where} could not be graded: {verdict.detail}")
    problems = []
    if any(_outcomes(verdict) != _outcomes(first) for verdict in verdicts):
        problems.append(f"{where}: {rounds} rounds of grading did not agree: {'; '.join(_words(v) for v in verdicts)}")
    if answer is task.reference:
        hint = "; tests that need more than values are `tests_pass: objects`" if task.by_value else ""
        fine = first.passed or (not task.cases and first.outcome is Outcome.unscored)
        return problems if fine else [*problems, f"{where}: the reference does not pass: {_words(first)}{hint}"]
    return problems + [f"{where}: {problem}" for problem in _failed_as_stated(answer, first)]


def _grade(task: Task, answer: Answer, pool: Pool) -> Verdict:
    if task.single_file:
        extraction = candidate_from(task, code=answer.files.get(task.solution, ""), files=None)
    else:
        extraction = candidate_from(task, code=None, files=answer.files)
    return grade(task, extraction, pool, "task")[0]


def _failed_as_stated(answer: Answer, verdict: Verdict) -> Iterator[str]:
    if verdict.passed:
        yield PASSES
        return
    if answer.outcome is not None and verdict.outcome is not answer.outcome:
        yield f"its outcome is {verdict.outcome.value}, stated is {answer.outcome.value}"
    if answer.fails == ("*",) or not verdict.cases:
        return
    failed = [case.id for case in verdict.cases if case.outcome is not Outcome.passed]
    surprising = [ident for ident in failed if not any(_matches(ident, glob) for glob in answer.fails)]
    if surprising:
        yield f"it also fails {', '.join(surprising)}, which its `fails` does not list"
    for glob in answer.fails:
        if not any(_matches(ident, glob) for ident in failed):
            yield f"it does not fail {glob}, which its `fails` lists"


def _matches(ident: str, glob: str) -> bool:
    # Parametrised ids have brackets, which are no character classes here.
    return fnmatch.fnmatchcase(ident, glob.replace("[", "[[]"))


def _outcomes(verdict: Verdict) -> list[tuple[str, str]]:
    return [(case.id, case.outcome.value) for case in verdict.cases]


def _words(verdict: Verdict) -> str:
    failed = []
    for case in verdict.cases:
        if case.outcome is not Outcome.passed:
            why = case.got or case.detail
            failed.append(f"{case.id} {case.outcome.value}" + (f" ({why})" if why else ""))
    shown = "; ".join(text[:200] for text in failed[:3]) + (f"; and {len(failed) - 3} more" if len(failed) > 3 else "")
    return f"{verdict.outcome.value}, {verdict.points:g}/{verdict.max_points:g} points: {shown or verdict.detail}"
