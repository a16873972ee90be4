"""What is compared and what is left out."""

from __future__ import annotations

import numpy as np
import pytest

from harness.stats.compare import Incomparable, RunTable, compare
from harness.stats.compare.grids import grid
from harness.types import Mark, Marked, Outcome, Verdict
from tests.judging.making import Bench
from tests.stats.compare.made import attempt, runs, table


def test_attempts_then_repeats_then_runs_are_averaged() -> None:
    one = [attempt("m", "s/a", index=i, score=s) for i, s in enumerate([1, 0])]
    one += [attempt("m", "s/a", repeat=1, score=1)]
    two = [attempt("m", "s/a", score=0)]
    found = grid([table("x", one), table("y", two)], "pass")
    assert found.values.tolist() == [[[0.75]], [[0.0]]]
    assert grid([table("x", one)], "pass").values.tolist() == [[[0.5]], [[1.0]]]


def test_points_keep_their_unit() -> None:
    found = compare([table("x", [attempt("m", "s/a", score=0.5), attempt("m", "s/b", score=1)])], "points")
    assert found.spread[0].values == (15.0,)
    assert found.unit == "points"


def test_a_changed_task_is_left_out_and_listed() -> None:
    first = table("x", [attempt("m", "s/a"), attempt("m", "s/b")])
    second = table("y", [attempt("m", "s/a"), attempt("m", "s/b", task_hash="another"), attempt("m", "s/c")])
    found = compare([first, second])
    assert found.tasks == ("s/a",)
    assert [(item.task, item.why.split(":")[0]) for item in found.left_out] == [
        ("s/b", "changed between the runs"),
        ("s/c", "not graded in x"),
    ]


def test_nothing_in_common() -> None:
    with pytest.raises(Incomparable, match="no task in common"):
        compare([table("x", [attempt("m", "s/a")]), table("y", [attempt("m", "s/b")])])


@pytest.mark.parametrize(
    "verdict", [None, Verdict(outcome=Outcome.infra_error), Verdict(outcome=Outcome.unscored, max_points=3)]
)
def test_what_has_no_verdict_is_no_zero(verdict: Verdict | None) -> None:
    lost = attempt("m", "s/a", repeat=1, verdict=verdict, error="" if verdict else "503")
    found = compare([table("x", [attempt("m", "s/a"), attempt("m", "s/b"), attempt("m", "s/b", repeat=1), lost])])
    assert found.spread[0].values == (1.0, 1.0)
    assert found.spread[0].tasks == 1
    assert found.facts[0].attempts == 4
    assert found.facts[0].graded == 3
    with pytest.raises(Incomparable, match="no attempt of these runs has been graded"):
        compare([table("x", [lost])])


def test_runs_without_a_common_model_are_compared_and_it_is_said() -> None:
    found = compare([table("x", [attempt("a", "s/t")]), table("y", [attempt("b", "s/t", score=0)])])
    assert found.pairs[0].difference.value == 1.0
    assert sum("has no value in" in note for note in found.notes) == 2
    assert {row.values for row in found.spread} == {(1.0, None), (None, 0.0)}


def test_a_task_that_one_model_did_not_meet() -> None:
    rows = [attempt("a", "s/t"), attempt("a", "s/u"), attempt("b", "s/t", score=0)]
    found = compare([table("x", rows)])
    assert found.pairs[0].difference.n == 1
    assert any("Only some models have a value at 1 of the 2 tasks" in note for note in found.notes)
    wins = compare([table("x", rows)], "wins")
    assert {row.model: row.values for row in wins.spread} == {"a": (1.0,), "b": (0.0,)}
    assert any("1 win could not be decided" in note for note in wins.notes)


def test_shared_wins() -> None:
    scores = [{"a": [1, 1, 0], "b": [1, 0, 0], "c": [0, 0, 0]}]
    shared = compare(runs(scores), "wins")
    assert {row.model: row.values[0] for row in shared.spread} == {"a": 1.5, "b": 0.5, "c": 0.0}
    alone = compare(runs(scores), "wins", ties="none")
    assert {row.model: row.values[0] for row in alone.spread} == {"a": 1.0, "b": 0.0, "c": 0.0}


def mark(judge: str, model: str, task: str, *, rank: int, total: float = 5, mode: str = "listwise") -> Marked:
    names = ("accuracy", "completeness", "reasoning", "specificity", "conciseness")
    scores = dict.fromkeys(names, total) if mode == "listwise" else {}
    return Marked(
        judgment=f"{judge}{task}", purpose="compare", mode=mode, judge=judge, task=task, repeat=0, part="",  # type: ignore[arg-type]
        model=model, attempt=0, slot=0, of=2, characters=9, mark=Mark(label="A", rank=rank, scores=scores),
    )  # fmt: skip


def test_judges_decide_wins_where_they_marked() -> None:
    found = table("x", [attempt(m, t) for m in "ab" for t in ("s/t", "s/u")])
    assert grid([found], "wins").values[0].tolist() == [[0.5, 0.5], [0.5, 0.5]]
    # Two judges for b, one for a: the mean rank of b is better.
    ranks = {"j": (1, 2), "k": (2, 1), "l": (2, 1)}
    found.judge(mark(j, m, "s/t", rank=r) for j, pair in ranks.items() for m, r in zip("ab", pair, strict=True))
    assert grid([found], "wins").values[0].tolist() == [[0.0, 0.5], [1.0, 0.5]]


def test_marks_as_shares_of_their_scale() -> None:
    found = table("x", [attempt(m, "s/t") for m in "ab"])
    found.judge([mark("j", "a", "s/t", rank=1, total=10), mark("k", "a", "s/t", rank=1, total=1)])
    assert found.marks == {("a", "s/t", 0): pytest.approx(0.5)}
    bench = Bench()
    bench.pair("j", "s/t", "a", "b", ["tie", "tie"])
    found.judge(bench.marked)
    assert found.marks == {("a", "s/t", 0): 0.5, ("b", "s/t", 0): 0.5}
    with pytest.raises(Incomparable, match="no judge"):
        compare([table("x", [attempt("a", "s/t")])], "judge")


def test_order_of_models_tasks_and_attempts_changes_nothing() -> None:
    rng = np.random.default_rng(4)
    rows = [
        attempt(m, f"s/{t}", repeat=r, score=float(rng.integers(0, 3)) / 2)
        for m in "abc"
        for t in range(9)
        for r in range(3)
    ]
    one = compare([table("x", rows)], "score")
    shuffled = [rows[i] for i in rng.permutation(len(rows))]
    assert compare([table("x", shuffled)], "score") == one


def test_order_of_runs_changes_what_is_claimed_only() -> None:
    rng = np.random.default_rng(5)
    scores = [
        {m: (rng.random(12) < q).astype(float).tolist() for m, q in zip("abc", (0.9, 0.6, 0.2), strict=True)}
        for _ in range(3)
    ]
    forward, back = runs(scores), runs(scores)[::-1]
    one, two = compare(forward), compare(back)
    assert [row.model for row in one.spread] == [row.model for row in two.spread]
    assert [row.values for row in one.spread] == [row.values[::-1] for row in two.spread]
    for a, b in zip(one.pairs, two.pairs, strict=True):
        assert a.p == pytest.approx(b.p)
        assert a.difference.value == pytest.approx(b.difference.value)
    assert one.noise.prompts_sd == two.noise.prompts_sd


def test_the_same_name_twice() -> None:
    rows = [attempt("a", "s/t")]
    assert compare([table("x", rows), table("x", rows)]).runs == ("x", "x (2)")


def test_only_some_models() -> None:
    found = table("x", [attempt(m, "s/t", score=float(m != "c")) for m in "abc"])
    assert set(compare([found], models=["a", "c"]).models) == {"a", "c"}
    with pytest.raises(Incomparable, match="no graded attempt of z"):
        compare([found], models=["z"])
    with pytest.raises(Incomparable, match="no graded attempt of z"):
        compare([found], baseline="z")


def test_nothing_is_kept_of_an_empty_run() -> None:
    with pytest.raises(Incomparable):
        compare([RunTable("empty")])


def test_a_task_without_points_is_no_crash() -> None:
    nothing = Verdict(outcome=Outcome.wrong_answer)
    rows = [attempt(m, t, repeat=r, verdict=nothing) for m in "ab" for t in ("s/t", "s/u") for r in range(2)]
    for metric in ("pass", "score", "points", "wins"):
        found = compare([table("x", rows)], metric)
        assert not found.pairs[0].significant
        found.model_dump_json()


def test_ten_thousand_tasks() -> None:
    rng = np.random.default_rng(3)
    scores = {m: rng.integers(0, 2, 10_000).astype(float).tolist() for m in "ab"}
    found = compare(runs([scores], ["c"] * 10_000))
    assert found.pairs[0].difference.n == 10_000


def judged(bench: Bench, tasks: str = "t") -> RunTable:
    """Four models that all pass, and what judges said."""
    found = table("x", [attempt(m, task) for m in "abcd" for task in tasks])
    found.judge(bench.marked, bench.judgments, bench.labels)
    return found


def test_a_lost_verdict_is_no_tie() -> None:
    bench = Bench()
    bench.ask("j", "t", {m: {"rank": r + 1, "score": 5} for r, m in enumerate("abcd")})
    bench.ask("j", "u", {m: {} for m in "abcd"}, reason="truncated")
    bench.ask("j", "v", {m: {} for m in "abcd"}, error="503")
    found = compare([judged(bench, "tuvw")], "wins")
    # Only w, of which no judge was asked, is shared.
    assert {row.model: row.values[0] for row in found.spread} == {"a": 1.25, "b": 0.25, "c": 0.25, "d": 0.25}
    assert {row.tasks for row in found.spread} == {2}
    assert any("2 wins could not be decided" in note for note in found.notes)
    # Another judge that could be read decides.
    bench = Bench()
    bench.ask("j", "u", {m: {} for m in "abcd"}, reason="truncated")
    bench.ask("k", "u", {m: {"rank": r + 1, "score": 5} for r, m in enumerate("dcba")})
    assert grid([judged(bench, "u")], "wins").values[0, :, 0].tolist() == [0, 0, 0, 1]


def test_a_lost_rubric_says_nothing_of_who_is_better() -> None:
    bench = Bench()
    bench.ask("j", "t", {"a": {}}, mode="rubric", reason="truncated")
    assert grid([judged(bench)], "wins").values[0, :, 0].tolist() == [0.25] * 4


def test_a_pair_counts_in_both_orders_or_not_at_all() -> None:
    bench = Bench()
    bench.pair("j", "t", "a", "b", ["a", "a"])
    bench.pair("j", "t", "a", "c", ["c"])
    found = judged(bench)
    # Without the half that is missing a would have the mean of its easier rivals.
    assert found.marks == {("b", "t", 0): 0.0}
    # Of c nothing is known: it has not lost.
    assert np.isnan(grid([found], "wins").values).all()


def test_a_contradiction_of_orders_is_a_tie_and_a_tie_is_half() -> None:
    bench = Bench()
    bench.pair("j", "t", "a", "b", ["a", "b"])
    bench.pair("k", "t", "a", "b", ["a", "tie"])
    assert judged(bench).marks == {("a", "t", 0): 0.5, ("b", "t", 0): 0.5}
    bench = Bench()
    for other in "bc":
        bench.pair("j", "t", "a", other, ["a", "a"])
        bench.pair("j", "t", "d", other, ["tie", "tie"])
    bench.pair("j", "t", "a", "d", ["tie", "tie"])
    # d ties with everybody, a beats two.
    assert grid([judged(bench)], "wins").values[0, :, 0].tolist() == [1, 0, 0, 0]


def test_a_changed_task_that_only_judges_decide() -> None:
    made = []
    for name, hashed in (("x", "one"), ("y", "another")):
        nothing = Verdict(outcome=Outcome.unscored, max_points=1)
        rows = [attempt(m, t, verdict=nothing, task_hash=hashed if t == "t" else "same") for m in "ab" for t in "tu"]
        found, bench = table(name, rows), Bench()
        for t in "tu":
            bench.ask("j", t, {m: {"rank": r + 1, "score": 5} for r, m in enumerate("ab")})
        found.judge(bench.marked, bench.judgments, bench.labels)
        made.append(found)
    assert compare(made, "judge").tasks == ("u",)


def test_marks_of_two_modes_are_two_scales() -> None:
    rows = [attempt(m, f"t{t}", kind="conversation") for m in "ab" for t in range(9)]
    tables = []
    for name, mode, said in (
        ("one", "listwise", ({"score": 8, "rank": 1}, {"score": 5, "rank": 2})),
        ("two", "rubric", ({"rubric": 3}, {"rubric": 2})),
    ):
        bench, found = Bench(), table(name, rows)
        for t in range(9):
            if mode == "listwise":
                bench.ask("j", f"t{t}", dict(zip("ab", said, strict=True)))
            else:
                for m, one in zip("ab", said, strict=True):
                    bench.ask("j", f"t{t}", {m: one}, mode="rubric", part=m)
        found.judge(bench.marked, bench.judgments, bench.labels)
        tables.append(found)
    notes = compare(tables, "judge").notes
    assert any("different modes (one: listwise; two: rubric)" in note for note in notes)
    # Every answer of a conversation is judged.
    assert not any("what passed only" in note for note in notes)
    assert not any("different modes" in note for note in compare([tables[0], tables[0]], "judge").notes)
    assert not any("different modes" in note for note in compare(tables, "pass").notes)
    bench, code = Bench(), table("code", [attempt(m, "t0") for m in "ab"])
    bench.ask("j", "t0", {"a": {"score": 8, "rank": 1}, "b": {"score": 5, "rank": 2}})
    code.judge(bench.marked, bench.judgments, bench.labels)
    assert any("what passed only" in note for note in compare([code], "judge").notes)
