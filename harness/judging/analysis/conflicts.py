"""Where a judge and the mechanical criteria, or the tests of code, say different things of a reply."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from harness.judging.analysis.sheet import Cell, Question, questions
from harness.types import JUDGE_CASE, Attempt, Frozen, JudgeMode, Mark, Marked, Outcome

MAX_CRITERIA = 20


@dataclass(frozen=True, slots=True)
class Mechanical:
    """What was decided about a reply without a judge."""

    checked: int
    """Criteria, or cases of code."""
    failed: tuple[str, ...]
    """Ids, at most `MAX_CRITERIA`."""


class Conflict(Frozen):
    """One judge about one reply, against the mechanics."""

    task: str
    repeat: int
    model: str
    attempt: int
    judge: str
    mode: JudgeMode
    says: tuple[str, ...]
    """`passes` and `ranked first` of a reply that fails; `fails` of one that passes all."""
    criteria: tuple[str, ...]
    """Those that failed; empty where all passed."""
    checked: int
    note: str
    """The judge's reason."""


class Conflicts(Frozen):
    """Conflicts of one judge in one mode."""

    judge: str
    mode: JudgeMode
    failing: int
    """Replies that fail a criterion and that the judge says pass or fail, or ranks with others."""
    overlooked: int
    """Of these, it passes or ranks first."""
    passing: int
    """Replies that pass all criteria, and that the judge says pass or fail."""
    refused: int
    """Of these, it fails."""
    rows: tuple[Conflict, ...]
    """Overlooked ones first."""


def mechanical_of(attempt: Attempt) -> Mechanical | None:
    """What criteria or tests found; None where they found nothing, or the sandbox failed."""
    if attempt.verdict is None or attempt.outcome is Outcome.infra_error:
        return None
    cases = attempt.verdict.cases
    decided = [case for case in cases if case.id != JUDGE_CASE and case.outcome is not Outcome.unscored]
    failed = [case.id for case in decided if case.outcome is not Outcome.passed]
    return Mechanical(len(decided), tuple(failed[:MAX_CRITERIA])) if decided else None


def mechanics(attempts: Iterable[Attempt]) -> dict[Cell, Mechanical]:
    """The same of many, by cell; walked once. Attempts of which nothing was found are left out."""
    return {
        Cell(attempt.task, attempt.repeat, attempt.model, attempt.attempt): found
        for attempt in attempts
        if (found := mechanical_of(attempt)) is not None
    }


def says(mark: Mark) -> bool | None:
    """Whether a judge passes a reply; a rubric's 3 passes, 0 and 1 fail, 2 is neither. None where it did not say."""
    if mark.passes is not None:
        return mark.passes
    return {3: True, 1: False, 0: False}.get(-1 if mark.rubric is None else mark.rubric)


def conflicts(marked: Sequence[Marked], mechanical: Mapping[Cell, Mechanical]) -> tuple[Conflicts, ...]:
    """Of every (judge, mode) with a reply that both decided on, sorted."""
    found = []
    for mode in ("listwise", "rubric"):
        asked = questions(marked, mode)
        for judge in sorted({question.judge for question in asked}):
            mine = [question for question in asked if question.judge == judge]
            counted = _of_judge(judge, mode, mine, mechanical)
            if counted.failing or counted.passing:
                found.append(counted)
    return tuple(found)


def _of_judge(
    judge: str, mode: JudgeMode, asked: Iterable[Question], mechanical: Mapping[Cell, Mechanical]
) -> Conflicts:
    failing = passing = 0
    rows = []
    for question in asked:
        shares = question.shares
        known = [mechanical.get(Cell.of(one)) for one in question.marks]
        # Where every candidate fails, somebody is first all the same.
        choice = shares is not None and any(one is not None and not one.failed for one in known)
        for place, (one, machine) in enumerate(zip(question.marks, known, strict=True)):
            verdict = says(one.mark)
            if machine is None or (verdict is None and not (choice and machine.failed)):
                continue
            failing += bool(machine.failed)
            passing += not machine.failed
            words = []
            if machine.failed and verdict:
                words.append("passes")
            if machine.failed and choice and shares and shares[place] > 0:
                words.append("ranked first")
            if not machine.failed and verdict is False:
                words.append("fails")
            if words:
                rows.append(Conflict(
                    **Cell.of(one)._asdict(), judge=judge, mode=mode, says=tuple(words), criteria=machine.failed,
                    checked=machine.checked, note=one.mark.note,
                ))  # fmt: skip
    overlooked = sum(bool(row.criteria) for row in rows)
    rows.sort(key=lambda row: (not row.criteria, row.task, row.repeat, row.model, row.attempt))
    return Conflicts(
        judge=judge, mode=mode, failing=failing, overlooked=overlooked, passing=passing,
        refused=len(rows) - overlooked, rows=tuple(rows),
    )  # fmt: skip
