"""What judgments make of conversations: mechanical criteria first, then the majority of the judges.

Solutions of code tasks are never touched: their tests have the last word.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Iterator
from statistics import fmean
from typing import Protocol

from harness.judging.results import ELSEWHERE
from harness.types import DIMENSIONS, JUDGE_CASE, Attempt, CaseResult, JudgeMode, Marked, Outcome, Purpose, Verdict

Key = tuple[str, int, str, int]
"""Task, repeat, model, attempt."""
DECIDES: tuple[JudgeMode, ...] = ("listwise", "rubric")
"""Modes that say whether an answer passes; of two answers, both or neither may be good."""
FULL_RUBRIC = 3
UNREAD = "no judge's verdict on this attempt could be read"
"""Detail of the case `judge` where nobody has marked the attempt."""


class Asked(Protocol):
    """A question that was asked here, whatever came of it: a Judgment, or a row about one."""

    @property
    def purpose(self) -> Purpose: ...
    @property
    def mode(self) -> JudgeMode: ...
    @property
    def task(self) -> str: ...
    @property
    def repeat(self) -> int: ...


def applied(attempts: Iterable[Attempt], marked: Iterable[Marked], judgments: Iterable[Asked]) -> Iterator[Attempt]:
    """The attempts, those of judged conversations with the judges' verdict in theirs; one in memory at a time."""
    return Bench(marked, judgments).applied(attempts)


class Bench:
    """What judges said of each attempt, to be applied as often as the attempts are walked."""

    def __init__(self, marked: Iterable[Marked], judgments: Iterable[Asked]) -> None:
        # People and other systems say what they say, of some replies and not of others; only a judge that was asked
        # here and did not answer leaves a reply unscored.
        self._judged = {(j.task, j.repeat) for j in judgments if j.purpose == "compare" and j.mode in DECIDES}
        self._heard: set[Key] = set()
        """What one of those said passes or does not."""
        self._marks: dict[Key, dict[str, list[Marked]]] = defaultdict(lambda: defaultdict(list))
        for mark in marked:
            if mark.purpose == "compare" and mark.mode in DECIDES:
                key = (mark.task, mark.repeat, mark.model, mark.attempt)
                self._marks[key][mark.judge].append(mark)
                if mark.judge.startswith(ELSEWHERE) and _passes(mark) is not None:
                    self._heard.add(key)

    def applied(self, attempts: Iterable[Attempt]) -> Iterator[Attempt]:
        """The attempts, in their order."""
        for attempt in attempts:
            key = (attempt.task, attempt.repeat, attempt.model, attempt.attempt)
            judged = (attempt.task, attempt.repeat) in self._judged or key in self._heard
            verdict = attempt.verdict
            if judged and attempt.kind == "conversation" and verdict is not None and _can_be_judged(verdict):
                verdict = _with_judges(verdict, self._marks.get(key, {}))
                attempt = attempt.model_copy(update={"verdict": verdict})
            yield attempt


def left_open(attempt: Attempt) -> bool:
    """Whether judges have marked the attempt and none says whether it passes, or as many for as against."""
    if attempt.outcome is not Outcome.unscored or attempt.verdict is None:
        return False
    return any(case.id == JUDGE_CASE and case.detail != UNREAD for case in attempt.verdict.cases)


def without_flag(marked: Iterable[Marked], tasks: Container[str]) -> dict[str, int]:
    """Judge -> its accepted readings about these tasks that leave out whether an answer passes."""
    found: dict[str, set[str]] = defaultdict(set)
    for mark in marked:
        asked = mark.purpose == "compare" and mark.mode == "listwise" and not mark.judge.startswith(ELSEWHERE)
        if asked and mark.task in tasks and mark.mark.passes is None:
            found[mark.judge].add(mark.judgment)
    return {judge: len(found[judge]) for judge in sorted(found)}


def _can_be_judged(verdict: Verdict) -> bool:
    """An answer that is missing, or that nothing of ours could grade, stays what it is."""
    return verdict.outcome not in (Outcome.no_candidate, Outcome.infra_error)


def _with_judges(verdict: Verdict, by_judge: dict[str, list[Marked]]) -> Verdict:
    """The verdict with the case `judge`; its score is the judges' mean share where they gave one."""
    votes = {judge: vote for judge, marks in by_judge.items() if (vote := _vote(marks)) is not None}
    shares = [
        fmean(found) for marks in by_judge.values() if (found := [s for s in map(_share, marks) if s is not None])
    ]
    for_it = sum(votes.values())
    against = len(votes) - for_it
    said = Outcome.unscored if for_it == against else Outcome.passed if for_it > against else Outcome.wrong_answer
    share = fmean(shares) if shares else None
    case = CaseResult(
        id=JUDGE_CASE,
        outcome=said,
        points=share or 0.0,
        max_points=0.0 if share is None else 1.0,
        detail=_told(by_judge, votes),
    )
    # A criterion that is not met decides alone; without one, the judges do.
    failed = verdict.outcome not in (Outcome.passed, Outcome.unscored)
    score = {} if share is None else {"points": share, "max_points": 1.0}
    return verdict.model_copy(
        update={"outcome": verdict.outcome if failed else said, "cases": (*verdict.cases, case), **score}
    )


def _vote(marks: list[Marked]) -> bool | None:
    """Whether one judge lets an answer pass; None where it does not say, or says both in two modes."""
    said = {passes for mark in marks if (passes := _passes(mark)) is not None}
    return said.pop() if len(said) == 1 else None


def _passes(marked: Marked) -> bool | None:
    if marked.mode == "rubric":
        return None if marked.mark.rubric is None else marked.mark.rubric == FULL_RUBRIC
    return marked.mark.passes


def _share(marked: Marked) -> float | None:
    """0..1: rubric / 3, or (mean of the five dimensions - 1) / 9."""
    mark = marked.mark
    if mark.rubric is not None:
        return mark.rubric / FULL_RUBRIC
    if set(mark.scores) >= set(DIMENSIONS):
        return (fmean(mark.scores[name] for name in DIMENSIONS) - 1) / 9
    return None


def _told(by_judge: dict[str, list[Marked]], votes: dict[str, bool]) -> str:
    if not by_judge:
        return UNREAD
    words = {True: "passes", False: "does not pass"}
    return "; ".join(
        f"{judge}: {words[votes[judge]] if judge in votes else 'does not say'}" for judge in sorted(by_judge)
    )
