"""What a judge did not say moves nobody."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.judging.analysis.sheet import sheet
from harness.judging.analysis.standings import rankings
from harness.stats.compare import RunTable, compare
from harness.stats.pooling import placed, pooled
from harness.types import DIMENSIONS, Mark, Marked
from tests.judging.making import Bench
from tests.stats.compare.made import attempt, table


def test_by_hand() -> None:
    # Complete: plain means, whatever the numbers.
    assert pooled([0, 0, 1, 1], [0, 1, 0, 1], [0] * 4, [1, 2, 3, 3]).tolist() == [2, 2.5]
    # Judge 1 is harder by 2 and has nothing for unit 1: 5 there is 3 to it, 4 for both.
    assert pooled([0, 0, 1], [0, 1, 0], [0] * 3, [5, 5, 3]) == pytest.approx([4, 4])
    # Two judges without a unit in common cannot be aligned, and neither is the right one; in groups of their own they
    # need not be.
    assert pooled([0, 1], [0, 1], [0, 0], [1, 3]) == pytest.approx([np.nan] * 2, nan_ok=True)
    assert pooled([0, 1, 1], [0, 1, 2], [0, 0, 1], [1, 3, 2]) == pytest.approx([np.nan, 3, 2], nan_ok=True)
    assert pooled([0, 1], [0, 1], [0, 1], [1, 3]).tolist() == [1, 3]
    # Most of the group decides who counts; a third judge that knows both sides aligns them.
    assert pooled([0, 1, 1], [0, 1, 2], [0] * 3, [1, 3, 2]) == pytest.approx([np.nan, 3, 2], nan_ok=True)
    aligned = pooled([0, 1, 2, 2], [0, 1, 0, 1], [0] * 4, [1, 3, 2, 2])
    assert aligned[0] == pytest.approx(aligned[1])
    assert pooled([], [], [], []).tolist() == []
    # A judge with two voices weighs as one with one.
    assert pooled([0, 1, 2], [0, 0, 0], [0] * 3, [1, 1, 4], [0.5, 0.5, 1]).tolist() == [2.5]


@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.integers(2, 6), st.integers(1, 5))
def test_severities_are_found_exactly_where_the_model_holds(seed: int, judges: int, models: int, tasks: int) -> None:
    rng = np.random.default_rng(seed)
    unit, judge = np.meshgrid(np.arange(models * tasks), np.arange(judges))
    # The first judge marks everything, so that everybody is connected.
    kept = (rng.random(unit.shape) < 0.6) | (judge == 0)
    truth, severity = rng.normal(size=models * tasks), rng.normal(size=judges)
    u, j = unit[kept], judge[kept]
    found = pooled(j, u, u // models, truth[u] + severity[j])
    differences = found.reshape(tasks, models) - truth.reshape(tasks, models)
    assert np.ptp(differences, axis=1) == pytest.approx(0, abs=1e-6)


def test_severities_are_exact_however_little_two_judges_share() -> None:
    # Two judges with 300 units of their own, and two groups in which they meet at one unit: all are worth the same.
    judge, unit, group = [0] * 300 + [1] * 300, list(range(600)), list(range(600))
    for k in range(2):
        a, b, c = 600 + 3 * k, 601 + 3 * k, 602 + 3 * k
        judge, unit, group = [*judge, 0, 0, 1, 1], [*unit, a, b, b, c], [*group, *[600 + k] * 4]
    values = [2.0 if one == 0 else 1.0 for one in judge]
    found = pooled(judge, unit, group, values)[600:]
    assert found == pytest.approx([1.5] * 6, abs=1e-9)


def test_severities_are_those_of_a_regression_on_dummies() -> None:
    rng = np.random.default_rng(5)
    kept = rng.random((4, 30)) < 0.4
    kept[0, ::3] = True
    judge, unit = np.nonzero(kept)
    values, weights = rng.normal(size=judge.size), rng.choice([0.5, 1.0], size=judge.size)
    columns = np.zeros((judge.size, 34))
    columns[np.arange(judge.size), judge] = 1
    columns[np.arange(judge.size), 4 + unit] = 1
    root = np.sqrt(weights)[:, None]
    fitted = np.linalg.lstsq(columns * root, values * root[:, 0], rcond=None)[0]
    group = unit // 30  # all in one group: what is put back is the same for every unit
    found, there = pooled(judge, unit, group, values, weights), np.unique(unit)
    assert np.ptp(found[there] - fitted[4 + there]) == pytest.approx(0, abs=1e-9)


def test_the_mean_severity_of_a_task_s_judges_is_put_back() -> None:
    """Judge 1 is four points milder; a task that both marked in full keeps its plain means."""
    found = pooled([0, 0, 1, 0, 0], [0, 1, 0, 2, 3], [0, 0, 0, 1, 1], [4.0, 3, 8, 5, 4])
    assert found.tolist() == pytest.approx([6, 5, 5, 4])


def test_places_are_of_those_who_compared_most() -> None:
    # Judge 0 ranks four, judge 1 the last two of them: its first place is no first place of four.
    assert placed([0, 0, 0, 0, 1, 1], [0, 1, 2, 3, 2, 3], [0] * 6, [1, 2, 3, 4, 1, 2]).tolist() == [1, 2, 3, 4]
    # Of equals the mean; who was placed by nobody of them has none.
    found = placed([0, 0, 1, 1, 2], [0, 1, 0, 2, 3], [0] * 5, [1, 2, 2, 1, 1])
    assert found == pytest.approx([1.5, 2, 1, np.nan], nan_ok=True)
    assert placed([], [], [], []).tolist() == []


def test_a_judge_of_some_candidates_changes_no_place_of_the_panel() -> None:
    def ranked(judge: str, task: int, order: str) -> list[Marked]:
        return [
            Marked(
                judgment=f"{judge}{task}", judge=judge, mode="listwise", purpose="compare", task=f"t{task}", repeat=0,
                part="", model=model, attempt=0, slot=slot, of=len(order), characters=9,
                mark=Mark(label="ABCD"[slot], rank=slot + 1),
            )
            for slot, model in enumerate(order)
        ]  # fmt: skip

    said = [
        mark for t in range(12) for judge, order in (("j", "abcd"), ("k", "cd")) for mark in ranked(judge, t, order)
    ]
    (found,) = rankings(said, {}, {})
    assert [(row.model, row.rank.value, row.wins) for row in sorted(found.panel.models, key=lambda row: row.model)] == [
        ("a", 1, 12), ("b", 2, 0), ("c", 3, 0), ("d", 4, 0),
    ]  # fmt: skip
    run = RunTable("r")
    run.judge(said)
    assert run.ranks["t0", 0] == {"a": 1, "b": 2, "c": 3, "d": 4}
    # Who alternates, with one that ranks two only: nothing is out of its bounds.
    turns = [mark for t in range(4) for mark in ranked("j", t, ("abcd", "bacd")[t % 2]) + ranked("k", t, "cd")]
    assert {row.model: row.rank.value for row in rankings(turns, {}, {})[0].panel.models}["a"] == 1.5


def marks(gone: set[tuple[str, str]]) -> list[Marked]:
    """Rubric marks of two models at twelve tasks: 1 by the strict judge, 3 by the lenient; none of (judge, model)."""
    return [
        Marked(
            judgment=f"{judge}{t}{model}", judge=judge, mode="rubric", purpose="compare", task=f"t{t:02d}", repeat=0,
            part="", model=model, attempt=0, slot=0, of=1, characters=9, mark=Mark(label="A", rubric=score),
        )
        for judge, score in (("strict", 1), ("lenient", 3))
        for model in "ab" for t in range(12) if (judge, model) not in gone
    ]  # fmt: skip


@pytest.mark.parametrize("gone", [set(), {("lenient", "b")}, {("strict", "a")}])
def test_a_judge_that_could_not_be_read_for_one_model_tells_none_apart(gone: set[tuple[str, str]]) -> None:
    run = table("one", [attempt(m, f"t{t:02d}") for m in "ab" for t in range(12)])
    run.judge(marks(gone))
    found = compare([run], "judge")
    assert [row.mean for row in found.spread] == pytest.approx([2 / 3] * 2)
    assert not any(pair.significant for pair in found.pairs)
    both = sheet(marks(gone), "rubric")
    assert both is not None
    assert both.panel().column("rubric") == pytest.approx([2.0] * 24)


def test_two_ways_of_one_judge_are_two_scales() -> None:
    """Listwise it is generous, by the rubric hard; one model has been asked about in both ways, the other in one."""
    full = Mark(label="A", rank=1, scores=dict.fromkeys(DIMENSIONS, 10.0))
    listwise = [
        replace(one, mode="listwise", judgment=f"l{one.judgment}", of=2, mark=full)
        for one in marks({("lenient", "b"), ("lenient", "a"), ("strict", "b")})
    ]
    run = RunTable("one")
    for m in "ab":
        for t in range(12):
            run.add(attempt(m, f"t{t:02d}"))
    run.judge([*marks({("lenient", "a"), ("lenient", "b")}), *listwise])
    assert len({round(share, 9) for share in run.marks.values()}) == 1


def tournament(lost: str, rivals: str = "c") -> RunTable:
    """Twelve tasks, one judge: b beats a, both beat the rivals; of b and a `one` order is not read, or `both`."""
    bench = Bench()
    run = table("one", [attempt(m, f"t{t:02d}") for m in f"ab{rivals}" for t in range(12)])
    for t in range(12):
        for first in "ab":
            for rival in rivals:
                bench.pair("j", f"t{t:02d}", first, rival, [first, first])
        if lost == "both":
            for part in ("1", "2"):
                bench.ask("j", f"t{t:02d}", {"a": {}, "b": {}}, mode="pairwise", part=part, reason="truncated")
        else:
            bench.pair("j", f"t{t:02d}", "a", "b", ["b"] if lost == "one" else ["b", "b"])
    run.judge(bench.marked, bench.judgments, bench.labels)
    return run


def test_all_pairs_read() -> None:
    run = tournament("")
    assert {row.model: row.mean for row in compare([run], "wins").spread} == {"b": 12, "a": 0, "c": 0}
    assert run.loose == {}


@pytest.mark.parametrize("lost", ["one", "both"])
def test_a_pair_that_could_not_be_read_is_no_shared_win(lost: str) -> None:
    run = tournament(lost)
    found = compare([run], "wins")
    assert [row.mean for row in found.spread] == [None] * 3
    assert any("12 wins could not be decided" in note for note in found.notes)
    # Their mean over the pairs that are left would be one of easier rivals.
    assert {model for model, _, _ in run.marks} == {"c"}


def test_a_pair_that_could_not_be_read_and_decides_nothing_is_no_loss() -> None:
    bench = Bench()
    run = table("one", [attempt(m, f"t{t:02d}") for m in "abc" for t in range(12)])
    for t in range(12):
        bench.pair("j", f"t{t:02d}", "a", "b", ["a", "a"])
        bench.pair("j", f"t{t:02d}", "a", "c", ["a", "a"])
        bench.pair("j", f"t{t:02d}", "b", "c", ["b"])
    run.judge(bench.marked, bench.judgments, bench.labels)
    assert {row.model: row.mean for row in compare([run], "wins").spread} == {"a": 12, "b": 0, "c": 0}
    # Among the two it does.
    assert [row.mean for row in compare([run], "wins", models=["b", "c"]).spread] == [None] * 2


def test_another_judge_may_have_read_enough() -> None:
    """One is missing a pair that it cannot turn over: two others have it."""
    run = tournament("")
    bench = Bench()
    for t in range(12):
        for judge in ("j", "k", "l"):
            for one, other in (("b", "a"), ("b", "c"), ("a", "c")):
                order = [one] if (judge, one, other) == ("j", "b", "a") else [one, one]
                bench.pair(judge, f"t{t:02d}", one, other, order)
    run.judge(bench.marked, bench.judgments, bench.labels)
    assert {row.model: row.mean for row in compare([run], "wins").spread} == {"b": 12, "a": 0, "c": 0}
    assert set(run.marks) == {(m, f"t{t:02d}", 0) for m in "abc" for t in range(12)}


def test_equals_of_whom_one_has_not_met_the_strongest_are_not_told_apart() -> None:
    """a and b tie, beat w and lose to s; what the judge said of a and s could not be read."""
    bench = Bench()
    run = table("one", [attempt(m, f"t{t:02d}") for m in "abws" for t in range(12)])
    for t in range(12):
        bench.pair("j", f"t{t:02d}", "a", "b", ["tie", "tie"])
        for best, others in (("s", "bw"), ("a", "w"), ("b", "w")):
            for other in others:
                bench.pair("j", f"t{t:02d}", best, other, [best, best])
        bench.pair("j", f"t{t:02d}", "a", "s", ["s"])
    run.judge(bench.marked, bench.judgments, bench.labels)
    told = {frozenset((pair.first, pair.second)) for pair in compare([run], "judge").pairs if pair.significant}
    assert told == {frozenset("bw")}
