"""Standings: worked examples, ties, missing readings, relatives, and that order and names change nothing."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.judging.analysis.standings import FEW_TASKS, Standing, Standings, difference_p
from harness.judging.analysis.whole import Judged, judged
from harness.types import DIMENSIONS
from tests.judging.making import Bench, simulated


def result(bench: Bench, **families: str) -> Judged:
    found = judged(bench.judgments, bench.marked, labels=bench.labels, families=families)
    assert found is not None
    return found


def panel(bench: Bench, **families: str) -> Standings:
    found = result(bench, **families).panel
    assert found is not None
    return found


def by_name(table: Standings) -> dict[str, Standing]:
    return {one.model: one for one in table.models}


def test_wins_totals_and_ranks_of_two_tests() -> None:
    bench = Bench()
    bench.ask("j", "s/1", {"a": {"score": 8, "rank": 1}, "b": {"score": 6, "rank": 2}, "c": {"score": 2, "rank": 3}})
    bench.ask("j", "s/2", {"b": {"score": 7, "rank": 1}, "a": {"score": 7, "rank": 1}, "c": {"score": 1, "rank": 3}})
    rows = by_name(panel(bench))
    assert [rows[m].wins for m in "abc"] == [1.5, 0.5, 0]
    assert [rows[m].win.value for m in "abc"] == [0.75, 0.25, 0]
    assert [rows[m].total.value for m in "abc"] == pytest.approx([37.5, 32.5, 7.5])
    assert [rows[m].rank.value for m in "abc"] == pytest.approx([1, 1.5, 3])
    assert rows["a"].dimensions["reasoning"].value == pytest.approx(7.5)
    assert rows["a"].chance == pytest.approx(1 / 3)
    assert [one.model for one in panel(bench).models] == ["a", "b", "c"]
    for one in rows.values():
        assert one.win.low is not None
        assert one.win.high is not None
        assert one.win.low < one.win.high, "no interval has zero width"
        assert (one.tasks, one.scored, one.comparisons, one.unscored) == (2, 2, 2, 0)


def test_repeats_are_nested_in_tasks() -> None:
    """Task 1 three times 10, task 2 once 4: the mean over tasks is 7 a dimension, not 8.5."""
    bench = Bench()
    for repeat in range(3):
        bench.ask("j", "s/1", {"a": {"score": 10, "rank": 1}, "b": {"score": 5, "rank": 2}}, repeat=repeat)
    bench.ask("j", "s/2", {"a": {"score": 4, "rank": 2}, "b": {"score": 5, "rank": 1}})
    row = by_name(panel(bench))["a"]
    assert row.total.value == pytest.approx(35)
    assert row.total.n == 2
    assert (row.wins, row.win.value) == (3, 0.5)


def test_what_is_missing_is_no_zero_no_tie_and_no_loss() -> None:
    bench = Bench()
    said = {"a": {"score": 8, "rank": 1}, "b": {"score": 6, "rank": 2}}
    bench.ask("j", "s/1", said)
    alone = by_name(panel(bench))
    bench.ask("j", "s/2", said, reason="truncated")
    bench.ask("j", "s/3", said, error="503")
    bench.ask("j", "s/4", {"a": {}, "c": {}}, reason="empty")
    found = result(bench)
    rows = by_name(found.rankings[0].panel)
    for model in "ab":
        kept = {"unscored": 0, "letters": "", "best_rank": 0, "worst_rank": 0}
        assert rows[model].model_copy(update=kept) == alone[model].model_copy(update=kept)
    assert [rows[m].unscored for m in "abc"] == [3, 2, 1]
    assert found.unscored == {"a": 3, "b": 2, "c": 1}
    never = rows["c"]
    assert (never.scored, never.wins, never.comparisons) == (0, 0, 0)
    assert never.total.value is None
    assert never.win.value is None
    assert never.letters == ""
    cover = found.coverage[0]
    assert (cover.asked, cover.scored, cover.failed, cover.rejected) == (4, 1, 1, {"empty": 1, "truncated": 1})
    assert cover.unreadable.value == pytest.approx(2 / 3)


def test_without_labels_nobody_knows_whose_replies_went_unscored() -> None:
    bench = Bench()
    bench.ask("j", "s/1", {"a": {"score": 8, "rank": 1}, "b": {"score": 6, "rank": 2}})
    bench.ask("j", "s/2", {"a": {}, "b": {}}, reason="truncated")
    found = judged(bench.judgments, bench.marked)
    assert found is not None
    assert (found.unattributed, found.unscored) == (1, {})


def test_nothing_readable_is_still_counted() -> None:
    bench = Bench()
    bench.ask("j", "s/1", {"a": {}, "b": {}}, reason="refusal")
    found = result(bench)
    assert (found.rankings, found.bias, found.agreement, found.panel) == ((), (), (), None)
    assert found.coverage[0].unreadable.value == 1
    assert found.lead("a") is None
    assert judged([], []) is None


def test_a_candidate_alone_is_scored_and_wins_nothing() -> None:
    bench = Bench()
    bench.ask("j", "s/1", {"a": {"score": 9, "rank": 1}})
    bench.ask("j", "s/2", {"a": {"score": 7}})
    row = by_name(panel(bench))["a"]
    assert row.total.value == pytest.approx(40)
    assert (row.comparisons, row.wins, row.win.value, row.rank.value, row.chance) == (0, 0, None, None, None)


def test_questions_for_picking_one_attempt_are_no_evidence() -> None:
    bench = Bench()
    bench.ask("j", "s/1", {"a": {"score": 9, "rank": 1}, "b": {"score": 7, "rank": 2}}, purpose="select", part="x")
    found = result(bench)
    assert found.rankings == ()
    assert found.coverage[0].purpose == "select"


def test_the_panel_is_the_mean_of_its_judges() -> None:
    bench = Bench()
    bench.ask("j1", "s/1", {"a": {"score": 8, "rank": 1}, "b": {"score": 6, "rank": 2}})
    bench.ask("j2", "s/1", {"b": {"score": 10, "rank": 1}, "a": {"score": 2, "rank": 2}})
    bench.ask("j1", "s/2", {"a": {"score": 8, "rank": 1}, "b": {"score": 6, "rank": 2}})
    bench.ask("j2", "s/2", {"a": {}, "b": {}}, reason="truncated")
    found = result(bench)
    rows = by_name(found.rankings[0].panel)
    assert rows["a"].total.value == pytest.approx((5 * (8 + 2) / 2 + 40) / 2)
    assert (rows["a"].wins, rows["b"].wins, rows["a"].comparisons) == (1.5, 0.5, 2)
    assert [table.judges for table in found.rankings[0].judges] == [("j1",), ("j2",)]
    assert [by_name(table)["a"].wins for table in found.rankings[0].judges] == [2, 0]
    assert [by_name(table)["a"].unscored for table in found.rankings[0].judges] == [0, 1]
    assert rows["a"].scored == 3


def test_a_judge_without_any_reading_is_in_what_is_not_judged() -> None:
    bench = Bench()
    said = {"a": {"score": 8, "rank": 1}, "b": {"score": 6, "rank": 2}}
    bench.ask("j", "s/1", said)
    alone = result(bench)
    for task in range(3):
        bench.ask("mute", f"s/{task}", said, reason="empty")
    found = result(bench)
    assert {name: one.unscored for name, one in by_name(found.rankings[0].panel).items()} == {"a": 3, "b": 3}
    assert found.unscored == {"a": 3, "b": 3}, "the run's summary says the same"
    # It has no say in anything else.
    assert found.rankings[0].panel.judges == ("j",)
    assert found.rankings[0].judges == alone.rankings[0].judges
    kept = {"unscored": 0}
    assert [one.model_copy(update=kept) for one in found.rankings[0].panel.models] == list(
        alone.rankings[0].panel.models
    )


def test_a_mute_relative_is_left_out_with_the_others() -> None:
    bench = Bench()
    said = {"a": {"score": 8, "rank": 1}, "b": {"score": 6, "rank": 2}}
    bench.ask("j", "s/1", said)
    bench.ask("a", "s/1", said)
    bench.ask("mute", "s/1", said, reason="empty")
    bench.ask("b", "s/1", said, reason="empty")
    ranking = result(bench, a="alpha", b="beta").rankings[0]
    assert ranking.independent is not None
    assert [one.unscored for one in ranking.panel.models] == [2, 2]
    assert [one.unscored for one in ranking.independent.models] == [1, 1], "b is a contestant"


def test_pairs_count_when_both_orders_agree() -> None:
    bench = Bench()
    bench.pair("j", "s/1", "a", "b", ["a", "a"])
    bench.pair("j", "s/2", "a", "b", ["a", "b"])
    bench.pair("j", "s/3", "a", "b", ["tie", "a"])
    bench.pair("j", "s/4", "a", "b", ["a"])
    bench.pair("j", "s/5", "a", "b", ["tie", "tie"])
    table = panel(bench)
    rows = by_name(table)
    assert table.leading == "win"
    assert (rows["a"].wins, rows["b"].wins, rows["a"].comparisons) == (2.5, 1.5, 4), "one order is no pair"
    assert rows["a"].win.value == pytest.approx(2.5 / 4)
    assert rows["a"].total.value is None


def test_rubric_points() -> None:
    bench = Bench()
    for task, points in (("s/1", 3), ("s/2", 1), ("s/3", 0)):
        bench.ask("j", task, {"a": {"rubric": points}}, mode="rubric", part="a")
    row = by_name(panel(bench))["a"]
    assert (row.rubric_points, row.rubric_most) == (4, 9)
    assert row.rubric.value == pytest.approx(4 / 3)
    assert row.rubric.low is not None
    assert 0 <= row.rubric.low < 4 / 3


def test_judges_that_are_relatives_are_marked_and_left_out() -> None:
    bench = Bench()
    for judge, best in (("fair", "b"), ("a", "a"), ("cousin", "a")):
        said = {model: {"score": 9 if model == best else 5, "rank": 1 if model == best else 2} for model in "ab"}
        bench.ask(judge, "s/1", said)
        bench.ask(judge, "s/2", said)
    ranking = result(bench, a="fam", cousin="Fam", b="other").rankings[0]
    assert ranking.partial == ("a", "cousin")
    assert [one.model for one in ranking.panel.models] == ["a", "b"]
    assert [one.own_family for one in ranking.panel.models] == [True, False]
    assert ranking.independent is not None
    assert [one.model for one in ranking.independent.models] == ["b", "a"]
    assert not any(one.own_family for one in ranking.independent.models)


def test_without_an_impartial_judge_there_is_no_table_without_the_partial() -> None:
    bench = Bench()
    bench.ask("a", "s/1", {"a": {"score": 9, "rank": 1}, "b": {"score": 5, "rank": 2}})
    ranking = result(bench).rankings[0]
    assert (ranking.partial, ranking.independent) == (("a",), None)


def test_letters_separate_what_differs_and_nothing_else() -> None:
    bench = simulated(["j"], ["good", "same1", "same2"], 40, lambda r, j, m, s, c: r.gauss(3.0 * (m == "good"), 1))
    rows = by_name(panel(bench))
    assert rows["good"].letters == "a"
    assert (rows["good"].best_rank, rows["good"].worst_rank) == (1, 1)
    assert set(rows["same1"].letters) & set(rows["same2"].letters)
    assert not set(rows["good"].letters) & set(rows["same1"].letters)
    assert (rows["same1"].best_rank, rows["same1"].worst_rank) == (2, 3)


def test_equal_models_are_seldom_told_apart() -> None:
    apart = 0
    for seed in range(120):
        bench = simulated(["j"], ["a", "b", "c"], 12, lambda r, j, m, s, c: r.gauss(0, 1.5), seed=seed)
        apart += any(one.letters != "a" for one in panel(bench).models)
    assert apart <= 12, "5% of 120 is 6"


def test_exact_and_drawn_differences_go_into_each_other() -> None:
    rng = random.Random(1)
    few = np.array([rng.gauss(0.4, 1) for _ in range(FEW_TASKS)])
    more = np.append(few, 1e-6)
    assert difference_p(few) == pytest.approx(difference_p(more), abs=0.03)
    assert difference_p(np.zeros(30)) == 1
    assert difference_p(np.ones(30)) == pytest.approx(2**-29)


def test_rounding_is_no_difference() -> None:
    rounding = 0.1 + 0.2 - 0.3
    assert difference_p(np.array([rounding, -rounding] * 10)) == 1
    assert difference_p(np.full(20, rounding)) == 1
    assert difference_p(np.array([rounding, 1, 1, 1, 1, 1])) == pytest.approx(2 / 2**5)


@settings(max_examples=25, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 3))
def test_order_and_names_change_nothing(rng: random.Random, repeats: int) -> None:
    bench = simulated(["j1", "j2"], ["a", "b", "c"], 4, lambda r, j, m, s, c: r.gauss(0, 2), seed=7, repeats=repeats)
    shuffled, judgments = list(bench.marked), list(bench.judgments)
    rng.shuffle(shuffled)
    rng.shuffle(judgments)
    one = judged(bench.judgments, bench.marked, labels=bench.labels)
    other = judged(judgments, shuffled, labels=bench.labels)
    assert one is not None
    assert other is not None
    assert other.panel is not None
    assert one.panel is not None
    for a, b in zip(one.panel.models, other.panel.models, strict=True):
        assert (a.model, a.letters) == (b.model, b.letters)
        assert a.wins == pytest.approx(b.wins)
        assert a.total.value == pytest.approx(b.total.value)
    assert [x.slots and x.slots.chi2 for x in one.bias] == [pytest.approx(x.slots and x.slots.chi2) for x in other.bias]
    assert one.agreement[0].overall == other.agreement[0].overall


def test_every_dimension_is_kept() -> None:
    bench = Bench()
    scores = {name: float(place + 2) for place, name in enumerate(DIMENSIONS)}
    bench.ask("j", "s/1", {"a": {"scores": scores, "rank": 1}, "b": {"score": 5, "rank": 2}})
    row = by_name(panel(bench))["a"]
    assert {name: row.dimensions[name].value for name in DIMENSIONS} == pytest.approx(scores)
    assert row.total.value == pytest.approx(20)


def test_models_are_compared_on_the_tasks_both_have() -> None:
    """a is better wherever both were judged; b alone had the easy tasks, and so the greater mean."""
    bench = Bench()
    for task in range(10):
        bench.ask("j", f"s/both{task}", {"a": {"score": 5, "rank": 1}, "b": {"score": 4, "rank": 2}})
        bench.ask("j", f"s/easy{task}", {"b": {"score": 10, "rank": 1}})
    table = panel(bench)
    assert [one.model for one in table.models] == ["b", "a"]
    rows = by_name(table)
    assert not set(rows["a"].letters) & set(rows["b"].letters)
    assert (rows["a"].best_rank, rows["b"].best_rank) == (1, 2), "what is significant is the difference on common tasks"
    nothing = Bench()
    nothing.ask("j", "s/1", {"a": {"score": 9, "rank": 1}})
    nothing.ask("j", "s/2", {"b": {"score": 1, "rank": 1}})
    assert [one.letters for one in panel(nothing).models] == ["a", "a"]


def test_unreadable_choices_of_an_attempt_are_no_unscored_comparison() -> None:
    bench = Bench()
    bench.ask("j", "s/1", {"a": {}, "b": {}}, purpose="select", reason="truncated", part="x")
    found = result(bench)
    assert (found.unscored, found.unattributed) == ({}, 0)
    assert found.coverage[0].rejected == {"truncated": 1}


def test_three_judges_who_give_two_models_the_same_marks_in_another_order() -> None:
    """Thirds add up to sums that differ in the last digit: no difference, and no reason to stop."""
    bench, marks, rng = Bench(), [3, 4, 5, 5, 6, 7, 8, 9, 10], random.Random(2)
    for task in range(14):
        rng.shuffle(marks)
        for repeat in range(3):
            for judge in range(3):
                place = 3 * repeat + judge
                said = {"a": {"score": marks[place], "rank": 1}, "b": {"score": marks[(place + 4) % 9], "rank": 1}}
                bench.ask(f"j{judge}", f"t{task}", said, repeat=repeat)
    one, two = panel(bench).models
    assert (one.letters, two.letters, one.worst_rank, two.best_rank) == ("a", "a", 2, 1)
