"""Judges against mechanics: who let pass what fails, and who fails what passes."""

from __future__ import annotations

from harness.judging.analysis.conflicts import Mechanical, conflicts, mechanics, says
from harness.judging.analysis.sheet import Cell
from harness.types import Attempt, CaseResult, Mark, Outcome, Verdict
from tests.judging.making import Bench

GOOD, BAD = Mechanical(3, ()), Mechanical(3, ("max_words", "regex:2"))


def cell(task: str, model: str) -> Cell:
    return Cell(task, 0, model, 0)


def test_each_kind_of_conflict_is_listed_once() -> None:
    bench = Bench()
    bench.ask("j", "s/1", {
        "a": {"score": 9, "rank": 1, "passes": True, "note": "short and right"},
        "b": {"score": 5, "rank": 2, "passes": False},
        "c": {"score": 4, "rank": 3, "passes": False},
    })  # fmt: skip
    (found,) = conflicts(bench.marked, {cell("s/1", "a"): BAD, cell("s/1", "b"): GOOD, cell("s/1", "c"): BAD})
    assert (found.failing, found.overlooked, found.passing, found.refused) == (2, 1, 1, 1)
    first, second = found.rows
    assert (first.model, first.says, first.criteria) == ("a", ("passes", "ranked first"), ("max_words", "regex:2"))
    assert first.note == "short and right"
    assert (second.model, second.says, second.criteria, second.checked) == ("b", ("fails",), (), 3)


def test_where_all_fail_being_first_is_no_conflict() -> None:
    bench = Bench()
    bench.ask("j", "s/1", {"a": {"score": 9, "rank": 1}, "b": {"score": 5, "rank": 2}})
    assert conflicts(bench.marked, {cell("s/1", "a"): BAD, cell("s/1", "b"): BAD}) == ()
    (found,) = conflicts(bench.marked, {cell("s/1", "a"): BAD, cell("s/1", "b"): GOOD})
    assert [row.says for row in found.rows] == [("ranked first",)]
    assert (found.passing, found.refused) == (0, 0), "it did not say whether b passes"


def test_without_mechanics_there_is_nothing_to_contradict() -> None:
    bench = Bench()
    bench.ask("j", "s/1", {"a": {"score": 9, "rank": 1, "passes": True}})
    assert conflicts(bench.marked, {}) == ()


def test_rubric_points_as_words() -> None:
    assert [says(Mark(label="A", rubric=points)) for points in (0, 1, 2, 3)] == [False, False, None, True]
    assert says(Mark(label="A", passes=False, rubric=3)) is False
    assert says(Mark(label="A")) is None


def attempt(model: str, *cases: tuple[str, Outcome], outcome: Outcome = Outcome.wrong_answer) -> Attempt:
    results = tuple(CaseResult(id=name, outcome=found) for name, found in cases)
    return Attempt(
        task="s/1", suite="s", category="c", kind="conversation", model=model, repeat=0, attempt=0, seed=None,
        solver="conversation", verdict=Verdict(outcome=outcome, cases=results),
    )  # fmt: skip


def test_mechanics_are_what_no_judge_said() -> None:
    rows = [
        attempt("a", ("max_words", Outcome.passed), ("judge", Outcome.wrong_answer)),
        attempt("b", ("max_words", Outcome.wrong_answer), ("regex", Outcome.passed)),
        attempt("c", ("judge", Outcome.passed)),
        attempt("d", ("max_words", Outcome.unscored)),
        attempt("e", ("max_words", Outcome.infra_error), outcome=Outcome.infra_error),
    ]
    found = mechanics(rows)
    assert found == {
        cell("s/1", "a"): Mechanical(1, ()), cell("s/1", "b"): Mechanical(2, ("max_words",))
    }  # fmt: skip
