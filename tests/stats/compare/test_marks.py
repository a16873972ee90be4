"""What judges said of answers as the metric `judge`: who said nothing, who was not asked, who failed."""

from __future__ import annotations

from typing import Any

import pytest

from harness.stats.compare import route
from harness.stats.compare.build import standings
from harness.stats.compare.missing import shares_known
from harness.types import Mark, Marked, Outcome, Verdict
from tests.stats.compare.made import attempt, table


def rubric(model: str, task: str, points: int, index: int = 0) -> Marked:
    return Marked(
        judgment=f"j{task}{model}{index}", purpose="compare", mode="rubric", judge="j", task=task, repeat=0, part="",
        model=model, attempt=index, slot=0, of=1, characters=9, mark=Mark(label="A", rubric=points),
    )  # fmt: skip


def test_who_says_nothing_has_nothing_from_judges() -> None:
    """Ten replies that are better, and ten that are empty: no judge is asked about these."""
    empty = Verdict(outcome=Outcome.no_candidate, points=0, max_points=1)
    silent: dict[str, Any] = {"kind": "conversation", "verdict": empty, "reply": ""}
    spoken: dict[str, Any] = {
        "kind": "conversation",
        "verdict": Verdict(outcome=Outcome.passed, points=1, max_points=1),
    }
    rows = [attempt("steady", f"t{t:02d}", **spoken) for t in range(20)]
    rows += [attempt("mute", f"t{t:02d}", **(silent if t < 10 else spoken)) for t in range(20)]
    found = table("one", rows)
    found.judge([rubric("steady", f"t{t:02d}", 2) for t in range(20)])
    assert ("mute", "t03", 0) in found.marks, "others were marked there"
    found.judge(
        [rubric(m, f"t{t:02d}", p) for m, p in (("steady", 2), ("mute", 3)) for t in range(20) if m != "mute" or t > 9]
    )
    means = {row.model: row.mean for row in standings([found], "judge")}
    assert means == {"steady": pytest.approx(2 / 3), "mute": pytest.approx(0.5)}
    assert shares_known([found], {"t03", "t12"}, "judge") == {"steady": 1.0, "mute": 1.0}
    assert route([found], "judge").default.basis == "none"


def test_of_several_replies_a_rubric_counts_those_that_say_nothing() -> None:
    empty = Verdict(outcome=Outcome.no_candidate, points=0, max_points=1)
    rows = [attempt(m, "t", kind="conversation", index=i) for m in "ab" for i in range(3)]
    rows += [attempt("a", "t", kind="conversation", index=3, verdict=empty)]
    found = table("one", rows)
    found.judge([rubric(m, "t", 3, i) for m in "ab" for i in range(3)])
    assert found.marks == {("a", "t", 0): 0.75, ("b", "t", 0): 1.0}


def test_an_empty_reply_that_was_marked_elsewhere_keeps_its_mark() -> None:
    empty = Verdict(outcome=Outcome.no_candidate, points=0, max_points=1)
    rows = [attempt(m, "t", kind="conversation", index=i) for m in "ab" for i in range(2)]
    rows[1] = attempt("a", "t", kind="conversation", index=1, verdict=empty)
    found = table("one", rows)
    found.judge([rubric(m, "t", 2, i) for m in "ab" for i in range(2)])
    assert found.marks == {("a", "t", 0): pytest.approx(2 / 3), ("b", "t", 0): pytest.approx(2 / 3)}


def test_replies_recorded_without_their_task_may_be_empty_too() -> None:
    waits = Verdict(outcome=Outcome.unscored, points=0, max_points=1)
    said = {"a": "Four.", "b": " \n"}
    rows = [attempt(m, "t", kind="conversation", verdict=waits, reply=text) for m, text in said.items()]
    found = table("one", rows)
    found.judge([rubric("a", "t", 2)])
    assert found.marks == {("a", "t", 0): pytest.approx(2 / 3), ("b", "t", 0): 0.0}


def test_what_no_judge_was_asked_about_is_no_lack() -> None:
    """A sheet of a sample, or questions at which every reply is empty: the others decide."""
    rows = [attempt(m, f"t{t:02d}", kind="conversation") for m in "ab" for t in range(24)]
    found = table("one", rows)
    found.judge([rubric(m, f"t{t:02d}", p) for m, p in (("a", 3), ("b", 1)) for t in range(12)])
    assert shares_known([found], set(found.categories), "judge") == {"a": 1.0, "b": 1.0}
    made_route = route([found], "judge", prices={"a": 9.0, "b": 0.0}).default
    assert (made_route.primary, made_route.reason) == ("a", "best")


def test_programs_that_failed_are_shown_to_no_judge_and_make_nobody_the_best() -> None:
    rows = [attempt("full", f"t{t:02d}") for t in range(20)]
    rows += [attempt("rare", f"t{t:02d}", score=float(t > 9)) for t in range(20)]
    found = table("one", rows)
    found.judge(
        [rubric(m, f"t{t:02d}", p) for m, p in (("full", 2), ("rare", 3)) for t in range(20) if m == "full" or t > 9]
    )
    assert shares_known([found], set(found.categories), "judge") == {"full": 1.0, "rare": 0.5}
    made_route = route([found], "judge").default
    assert (made_route.primary, made_route.fallback) == ("full", None)
    assert "by the share of answers with a mark of judges: rare 50%" in made_route.reason
