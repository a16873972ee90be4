"""Best of N on visible evidence only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from harness.errors import UsageError
from harness.grading.select import select
from harness.types import Attempt, CaseResult, Outcome, Task, Verdict

NewTask = Callable[..., Task]


@pytest.fixture(scope="module")
def visible(new_task: NewTask) -> Task:
    return new_task("function", entry="f", select_on="visible")


@pytest.fixture(scope="module")
def vote(new_task: NewTask) -> Task:
    return new_task("function", entry="f", select_on="vote")


def attempt(
    number: int, shown: float | None = None, hidden: float = 0, outcome: str = "wrong_answer", **more: Any
) -> Attempt:
    """An attempt with `shown` of two visible points (None: nothing ran) and `hidden` of two hidden ones."""
    cases = []
    if shown is not None:
        cases = [
            CaseResult(id="shown", outcome=Outcome.passed, visible=True, points=shown, max_points=2),
            CaseResult(id="hidden", outcome=Outcome.passed, points=hidden, max_points=2),
        ]
    facts: dict[str, Any] = {
        "verdict": Verdict(outcome=Outcome(outcome), points=(shown or 0) + hidden, max_points=4, cases=tuple(cases)),
        "signature": "",
        **more,
    }
    return Attempt(
        task="suite/task",
        suite="suite",
        category="c",
        kind="function",
        model="m",
        repeat=1,
        attempt=number,
        seed=0,
        solver="s",
        **facts,
    )


def chosen(task: Task, *attempts: Attempt, method: str = "verifier") -> tuple[int, str, str] | None:
    found = select(task, attempts, method)
    return (found.attempt, found.method, found.reason) if found else None


def test_the_best_visible_score_wins_whatever_is_hidden(visible: Task) -> None:
    found = chosen(visible, attempt(0, 1, hidden=2), attempt(1, 2, hidden=0), attempt(2, 0, hidden=2))
    assert found == (1, "verifier", "100% of the visible points")


def test_the_earliest_of_equals_in_whatever_order_they_came(visible: Task) -> None:
    found = chosen(visible, attempt(2, 1, hidden=2), attempt(0, 0), attempt(1, 1, hidden=0))
    assert found == (1, "verifier", "50% of the visible points, the earliest of 2 equals")


def test_hidden_verdicts_never_decide(visible: Task) -> None:
    for hidden in range(3):
        one = attempt(0, 1, hidden=hidden, outcome="passed" if hidden == 2 else "wrong_answer")
        assert chosen(visible, one, attempt(1, 1, hidden=2 - hidden)) == (
            *(0, "verifier"),
            "50% of the visible points, the earliest of 2 equals",
        )


def test_nothing_to_run_loses_to_anything(visible: Task) -> None:
    nothing = attempt(0, outcome="no_candidate")
    found = chosen(visible, nothing, attempt(1, 0))
    assert found is not None
    assert found[0] == 1
    assert chosen(visible, nothing, attempt(1, outcome="no_candidate")) == (
        *(0, "verifier"),
        "no attempt had a candidate",
    )


def test_failures_of_ours_and_of_providers_cannot_be_chosen(visible: Task, vote: Task) -> None:
    failed = [attempt(0, outcome="infra_error", signature="x"), attempt(1, verdict=None, error="unreachable")]
    for task in (visible, vote):
        for method in ("verifier", "vote", "first"):
            assert chosen(task, *failed, method=method) is None
            found = chosen(task, *failed, attempt(2, 0, signature="y"), method=method)
            assert found is not None
            assert found[0] == 2
    assert chosen(visible) is None


def test_a_vote_takes_the_largest_group(vote: Task) -> None:
    attempts = [attempt(n, signature=signature) for n, signature in enumerate(["a", "b", "b", "", "c"])]
    assert chosen(vote, *attempts) == (
        1,
        "vote",
        "its outputs agree with 1 of the 4 other attempts; no expected value was used",
    )


def test_a_tie_of_groups_goes_to_the_earliest(vote: Task) -> None:
    attempts = [attempt(n, signature=signature) for n, signature in enumerate(["", "b", "a", "a", "b"])]
    found = chosen(vote, *reversed(attempts))
    assert found is not None
    assert found[:2] == (1, "vote")


def test_attempts_without_output_do_not_outvote_one_with(vote: Task) -> None:
    attempts = [attempt(n, signature="") for n in range(4)]
    assert chosen(vote, *attempts) == (0, "vote", "no attempt had outputs to compare")
    found = chosen(vote, *attempts, attempt(4, signature="a"))
    assert found is not None
    assert found[0] == 4


def test_methods_by_name(visible: Task, vote: Task) -> None:
    attempts = [attempt(0, 0, signature="a"), attempt(1, 2, signature="b"), attempt(2, 2, signature="b")]
    assert chosen(visible, *attempts, method="first") == (0, "first", "the first attempt")
    assert (chosen(visible, *attempts, method="vote") or ())[:2] == (1, "vote")
    assert (chosen(vote, *attempts, method="verifier") or ())[:2] == (1, "vote")
    for some in (attempts, []):
        with pytest.raises(UsageError, match="no selection method 'luck'") as caught:
            select(visible, some, "luck")
        assert "verifier, vote, first" in caught.value.remedy
