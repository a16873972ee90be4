"""What judgments make of conversations; nothing missing ever becomes a zero, a tie or a pass."""

from __future__ import annotations

import pytest

from harness.judging.verdicts import Bench, applied, left_open, without_flag
from harness.types import JUDGE_CASE, Attempt, CaseResult, JudgeMode, Judgment, Mark, Marked, Outcome, Reading, Verdict
from tests.judging.courtroom import attempt, chat_task, code_task, judged, judgment, marks

TASK = chat_task()


def verdict(rows: list[Marked], *, row: Attempt | None = None, asked: list[Judgment] | None = None) -> Verdict:
    """The verdict of an attempt of model m after these marks."""
    asked = asked if asked is not None else [judgment()]
    (found,) = applied([row or attempt(TASK, "m")], rows, asked)
    assert found.verdict is not None
    return found.verdict


def says(judge: str, passes: bool | None, score: float = 10) -> Marked:
    return judged(TASK, "m", marks("A", score, passes=passes), judge=judge)


@pytest.mark.parametrize(
    ("votes", "outcome"),
    [
        ([True], Outcome.passed),
        ([False], Outcome.wrong_answer),
        ([True, True, False], Outcome.passed),
        ([True, False, False], Outcome.wrong_answer),
        ([True, False], Outcome.unscored),
        ([None], Outcome.unscored),
        ([None, True], Outcome.passed),
        ([], Outcome.unscored),
    ],
)
def test_the_majority_decides_and_a_tie_decides_nothing(votes: list[bool | None], outcome: Outcome) -> None:
    found = verdict([says(f"j{number}", vote) for number, vote in enumerate(votes)])
    assert found.outcome is outcome
    assert found.cases[-1].id == JUDGE_CASE
    assert found.cases[-1].outcome is outcome


@pytest.mark.parametrize(
    ("votes", "open_"), [([True, False], True), ([None], True), ([True], False), ([False], False), ([], False)]
)
def test_what_judges_leave_open_awaits_nobody(votes: list[bool | None], open_: bool) -> None:
    rows = [says(f"j{number}", vote) for number, vote in enumerate(votes)]
    (found,) = applied([attempt(TASK, "m")], rows, [judgment()])
    assert left_open(found) is open_
    assert not left_open(attempt(TASK, "m", outcome=Outcome.unscored)), "nobody has been asked"


def test_readings_without_a_pass_flag_are_counted_by_judge() -> None:
    rows = [says("j", None), says("k", True), says("human:ann", None)]
    assert without_flag(rows, {TASK.id}) == {"j": 1}
    assert without_flag(rows, set()) == {}, "programs have tests that say so"


def test_the_score_is_the_judges_mean_share() -> None:
    found = verdict([says("j", True, 10), says("k", True, 5.5)])
    assert (found.points, found.max_points, found.score) == (0.75, 1.0, 0.75)
    assert (found.cases[-1].points, found.cases[-1].max_points) == (0.75, 1.0)
    assert verdict([says("j", False, 1)]).score == 0.0
    rubric = [judged(TASK, "m", Mark(label="A", rubric=2), mode="rubric")]
    found = verdict(rubric, asked=[judgment(mode="rubric")])
    assert found.score == pytest.approx(2 / 3)
    assert found.outcome is Outcome.wrong_answer
    full = [judged(TASK, "m", Mark(label="A", rubric=3), mode="rubric")]
    assert verdict(full, asked=[judgment(mode="rubric")]).outcome is Outcome.passed


def test_a_criterion_that_is_not_met_decides_alone() -> None:
    case = CaseResult(id="max_words", outcome=Outcome.wrong_answer)
    row = attempt(TASK, "m", outcome=Outcome.wrong_answer)
    assert row.verdict is not None
    row = row.model_copy(update={"verdict": row.verdict.model_copy(update={"cases": (case,)})})
    found = verdict([says("j", True)], row=row)
    assert found.outcome is Outcome.wrong_answer
    assert [(one.id, one.outcome) for one in found.cases] == [
        ("max_words", Outcome.wrong_answer), ("judge", Outcome.passed),
    ]  # fmt: skip
    assert found.score == 1.0
    unread = verdict([], row=row)
    assert unread.outcome is Outcome.wrong_answer
    assert unread.score == 0.0, "of the criteria: nothing of the judge"
    assert unread.cases[-1].max_points == 0


def test_without_criteria_the_judges_decide() -> None:
    row = attempt(TASK, "m", outcome=Outcome.unscored)
    assert verdict([says("j", True)], row=row).outcome is Outcome.passed
    assert verdict([], row=row).outcome is Outcome.unscored
    assert verdict([], row=row, asked=[]).outcome is Outcome.unscored


@pytest.mark.parametrize(
    "asked",
    [
        [],
        [judgment(purpose="select")],
        [judgment(mode="pairwise", labels=("A", "B"))],
        [judgment(task="s/other")],
        [judgment(repeat=1)],
    ],
)
def test_what_was_not_judged_stays_as_it_is(asked: list[Judgment]) -> None:
    row = attempt(TASK, "m")
    assert list(applied([row], [], asked)) == [row]


@pytest.mark.parametrize("said", [judgment(), judgment(reading=Reading(reason="no_json"))])
def test_a_judge_that_said_nothing_makes_unscored_not_wrong(said: Judgment) -> None:
    found = verdict([], asked=[said])
    assert found.outcome is Outcome.unscored
    assert not found.outcome.counts
    assert found.cases[-1].max_points == 0
    assert "no judge's verdict" in found.cases[-1].detail


def test_an_attempt_that_no_judge_was_shown_does_not_pass_unseen() -> None:
    rows = [attempt(TASK, "m", number=number) for number in range(2)]
    found = list(applied(rows, [says("j", True)], [judgment()]))
    assert [one.outcome for one in found] == [Outcome.passed, Outcome.unscored]


def test_code_and_what_never_answered_are_left_alone() -> None:
    code = attempt(code_task(), "m", outcome=Outcome.wrong_answer)
    rows = [
        code,
        attempt(TASK, "m", None, outcome=Outcome.no_candidate),
        attempt(TASK, "m", outcome=Outcome.infra_error),
        attempt(TASK, "m", outcome=None),
    ]
    assert list(applied(rows, [says("j", True)], [judgment()])) == rows


def test_one_judge_in_two_modes_has_one_voice() -> None:
    def both(passes: bool, grade: int) -> list[Marked]:
        return [says("j", passes), judged(TASK, "m", Mark(label="A", rubric=grade), mode="rubric", judge="j")]

    modes: list[JudgeMode] = ["listwise", "rubric"]
    asked = [judgment(mode=mode) for mode in modes]
    assert verdict([*both(True, 3), says("k", False)], asked=asked).outcome is Outcome.unscored
    assert verdict([*both(True, 0), says("k", False)], asked=asked).outcome is Outcome.wrong_answer
    assert verdict(both(True, 0), asked=asked).outcome is Outcome.unscored
    assert verdict([*both(True, 0), says("k", True)], asked=asked).score == pytest.approx((0.5 + 1) / 2)


def test_the_case_says_who_said_what() -> None:
    detail = verdict([says("j", True), says("k", False), says("l", None)]).cases[-1].detail
    assert detail == "j: passes; k: does not pass; l: does not say"


def test_attempts_are_walked_as_often_as_asked_and_one_by_one() -> None:
    bench = Bench([says("j", False)], [judgment()])
    for _ in range(2):
        rows = bench.applied(attempt(TASK, "m", number=0) for _ in range(3))
        assert next(rows).outcome is Outcome.wrong_answer
