"""Best of N by judges."""

from __future__ import annotations

from harness.judging.choosing import chosen
from harness.types import Marked, Outcome
from tests.judging.courtroom import attempt, code_task, judged, marks

TASK = code_task()
ROWS = [attempt(TASK, "m", f"v{number}", number=number) for number in range(3)]


def ranked(judge: str, *ranks: int, score: float = 5) -> list[Marked]:
    return [
        judged(TASK, "m", marks("A", score + number, rank=rank), judge=judge, purpose="select", number=number, of=3)
        for number, rank in enumerate(ranks)
        if rank
    ]


def pick(*marked: list[Marked]) -> tuple[int, str, str]:
    found = chosen(TASK, ROWS, [mark for one in marked for mark in one])
    assert found is not None
    return found.attempt, found.method, found.reason


def test_the_best_mean_rank_wins() -> None:
    assert pick(ranked("j", 2, 1, 3)) == (1, "judge", "mean rank 1 of 3 by j; no verdict was shown")
    assert pick(ranked("j", 1, 2, 3), ranked("k", 3, 2, 1), ranked("l", 3, 1, 2))[0] == 1


def test_equals_are_told_apart_by_scores_and_then_by_order() -> None:
    assert pick(ranked("j", 1, 1, 1))[0] == 2, "scores rise with the number"
    even = [judged(TASK, "m", marks("A", 5, rank=1), purpose="select", number=n, of=3) for n in range(3)]
    assert pick(even)[0] == 0


def test_an_attempt_that_only_one_judge_ranked_is_not_compared_with_those_that_all_did() -> None:
    number, _, reason = pick(ranked("j", 1, 2), ranked("k", 2, 1, 1))
    assert number == 1, "two have mean rank 1.5, and the later of them the greater score"
    assert reason.startswith("mean rank 1.5")
    assert pick(ranked("j", 1), ranked("k", 0, 1))[0] == 1, "where nobody was ranked by all, what there is decides"


def test_without_a_readable_verdict_the_rule_without_judges_decides_and_says_so() -> None:
    number, method, reason = pick()
    assert (number, method) == (0, "verifier")
    assert reason.startswith("no judge's verdict could be read: ")
    same = [attempt(TASK, "m", "v", number=number) for number in range(3)]
    found = chosen(TASK, same, [])
    assert found is not None
    assert found.reason.startswith("nothing for a judge to choose from: ")
    alone = chosen(TASK, ROWS[:1], [])
    assert alone is not None
    assert "judge" not in alone.reason


def test_marks_of_attempts_that_are_gone_do_not_count() -> None:
    assert pick(ranked("j", 2, 1, 3), [judged(TASK, "m", marks("A", rank=1), purpose="select", number=9)])[0] == 1


def test_nobody_to_choose() -> None:
    failed = [attempt(TASK, "m", outcome=outcome) for outcome in (None, Outcome.infra_error)]
    assert chosen(TASK, failed, []) is None
