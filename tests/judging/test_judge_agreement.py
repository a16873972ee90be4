"""Agreement of judges on identical cells: the published figures, oracles, winners, chance."""

from __future__ import annotations

import itertools
import random

import numpy as np
import pytest
from scipy.stats import spearmanr

from harness.judging.analysis.agreement import group_agreements, pair_agreements
from harness.judging.analysis.whole import judged
from harness.types import DIMENSIONS
from tests.judging.making import Bench, simulated

J1 = [8, 7, 9, 6, 5, 8, 7, 3, 9, 6]
J2 = [7, 7, 8, 6, 7, 8, 5, 4, 9, 8]


def scored(dimension: str, score: float) -> dict[str, object]:
    return {"scores": {dimension: float(score)}}


def published() -> Bench:
    bench = Bench()
    for judge, scores in (("J1", J1), ("J2", J2)):
        for task, score in enumerate(scores):
            bench.ask(judge, f"s/{task}", {"m": {"scores": {"accuracy": float(score)}}})
    return bench


def test_published_numbers_on_ten_cells() -> None:
    (pair,) = pair_agreements(published().marked)
    found = pair.overall
    assert found is not None
    assert found.cells == 10
    assert found.disagreement == pytest.approx(0.3)
    assert found.kappa == pytest.approx(0.71483, abs=5e-6)
    assert found.alpha == pytest.approx(0.69223, abs=5e-6)
    chance = sum(abs(a - b) >= 2 for a, b in itertools.product(J1, J2)) / 100
    assert found.by_chance == pytest.approx(chance)
    assert found.difference.value == pytest.approx(np.mean(np.subtract(J1, J2)))
    assert "too few" in found.note
    assert group_agreements(published().marked)[0].alpha == pytest.approx(0.69223, abs=5e-6)


def test_oracles_agree() -> None:
    krippendorff = pytest.importorskip("krippendorff")
    metrics = pytest.importorskip("sklearn.metrics")
    bench = simulated(["j1", "j2"], ["a", "b", "c"], 30, lambda r, j, m, s, c: 2 * r.gauss(0, 1) + (m == "a"), seed=4)
    (pair,) = pair_agreements(bench.marked)
    found = next(cells for cells in pair.cells if cells.dimension == "reasoning")
    rows = {
        judge: {(m.task, m.model): m.mark.scores["reasoning"] for m in bench.marked if m.judge == judge}
        for judge in ("j1", "j2")
    }
    keys = sorted(rows["j1"])
    table = np.array([[rows[judge][key] for key in keys] for judge in ("j1", "j2")])
    assert found.alpha == pytest.approx(krippendorff.alpha(table, level_of_measurement="ordinal"))
    assert found.kappa == pytest.approx(
        metrics.cohen_kappa_score(table[0].astype(int), table[1].astype(int), weights="quadratic", labels=range(1, 11))
    )


def test_only_identical_cells_are_compared() -> None:
    bench = Bench()
    bench.ask("j1", "s/1", {"a": {"score": 8, "rank": 1}, "b": {"score": 3, "rank": 2}})
    bench.ask("j2", "s/1", {"a": {"score": 8, "rank": 1}})
    bench.ask("j1", "s/2", {"a": {"score": 1, "rank": 1}})
    bench.ask("j2", "s/2", {"a": {}}, reason="truncated")
    bench.ask("j2", "s/1", {"a": {"score": 1, "rank": 1}}, repeat=1)
    (pair,) = pair_agreements(bench.marked)
    assert pair.overall is not None
    assert pair.overall.cells == 5
    assert pair.overall.disagreement == 0
    assert pair.questions == 0, "not the same candidates"
    assert pair.same_winner.value is None


def test_constant_scores_have_no_kappa_and_say_why() -> None:
    bench = Bench()
    for judge in ("j1", "j2"):
        bench.ask(judge, "s/1", {"a": {"score": 5, "rank": 1}, "b": {"score": 5, "rank": 1}})
    (pair,) = pair_agreements(bench.marked)
    assert pair.overall is not None
    assert (pair.overall.kappa, pair.overall.alpha, pair.overall.icc) == (None, None, None)
    assert pair.overall.note == "Both gave one and the same score throughout."
    assert pair.rank_correlation.value is None, "all tied"
    assert pair.same_winner.value == 1


def test_nothing_in_common() -> None:
    bench = Bench()
    bench.ask("j1", "s/1", {"a": {"score": 5, "rank": 1}})
    bench.ask("j2", "s/2", {"a": {"score": 5, "rank": 1}})
    (pair,) = pair_agreements(bench.marked)
    assert pair.overall is not None
    assert (pair.overall.cells, pair.overall.disagreement) == (0, None)
    assert pair.overall.note == "No cell that both scored."


def test_winners_and_ranks() -> None:
    bench = Bench()
    orders = [("abc", "abc"), ("abc", "acb"), ("abc", "cba"), ("bac", "bac")]
    for task, both in enumerate(orders):
        for judge, order in zip(("j1", "j2"), both, strict=True):
            shown = sorted(order, reverse=judge == "j2")
            bench.ask(judge, f"s/{task}", {m: {"score": 5, "rank": order.index(m) + 1} for m in shown})
    (pair,) = pair_agreements(bench.marked)
    assert pair.same_winner.value == pytest.approx(3 / 4)
    # j1: a a a b, j2: a a c b: 3/4 * 2/4 + 1/4 * 1/4
    assert pair.same_by_chance == pytest.approx(3 / 4 * 2 / 4 + 1 / 4 * 1 / 4)
    rho = [spearmanr([order.index(m) for m in "abc"], [other.index(m) for m in "abc"])[0] for order, other in orders]
    assert pair.rank_correlation.value == pytest.approx(np.mean(rho))


def test_tied_ranks_are_mid_ranks() -> None:
    bench = Bench()
    first, second = {"a": 1, "b": 1, "c": 3, "d": 4}, {"a": 2, "b": 1, "c": 2, "d": 4}
    for judge, ranks in (("j1", first), ("j2", second)):
        bench.ask(judge, "s/1", {m: {"score": 5, "rank": rank} for m, rank in ranks.items()})
    (pair,) = pair_agreements(bench.marked)
    assert pair.rank_correlation.value == pytest.approx(spearmanr(list(first.values()), list(second.values()))[0])


def test_pairs_of_pairwise_judges() -> None:
    bench = Bench()
    for judge, said in (("j1", ["aa", "ab", "bb"]), ("j2", ["aa", "bb", "bb"])):
        for task, winners in enumerate(said):
            bench.pair(judge, f"s/{task}", "a", "b", list(winners))
    (pair,) = pair_agreements(bench.marked)
    assert (pair.mode, pair.questions, pair.cells) == ("pairwise", 3, ())
    assert pair.same_winner.value == pytest.approx(2 / 3)
    assert pair.same_by_chance == pytest.approx(1 / 3 * 1 / 3 + 1 / 3 * 2 / 3)


def test_three_judges_and_gaps() -> None:
    bench = Bench()
    for judge, scores in (("j1", [1, 2, 3, 3]), ("j2", [1, 2, 3, None]), ("j3", [2, 2, None, 3])):
        for task, score in enumerate(scores):
            said = {"a": {"rubric": score}}
            bench.ask(judge, f"s/{task}", said, mode="rubric", part="a", reason="" if score is not None else "empty")
    assert len(pair_agreements(bench.marked)) == 3
    (found,) = group_agreements(bench.marked)
    assert (found.judges, found.cells) == (3, 4)
    krippendorff = pytest.importorskip("krippendorff")
    table = np.array([[1, 2, 3, 3], [1, 2, 3, np.nan], [2, 2, np.nan, 3]])
    assert found.alpha == pytest.approx(krippendorff.alpha(table, level_of_measurement="ordinal"))


def test_independent_judges_agree_by_chance() -> None:
    apart = []
    for seed in range(10):
        bench = simulated(["j1", "j2"], ["a", "b"], 40, lambda r, j, m, s, c: r.gauss(0, 2), seed=seed)
        found = pair_agreements(bench.marked)[0].overall
        assert found is not None
        assert found.disagreement is not None
        assert found.by_chance is not None
        apart.append(found.disagreement - found.by_chance)
    assert abs(float(np.mean(apart))) < 0.03


def test_a_hundred_thousand_cells() -> None:
    rng = random.Random(0)
    bench = Bench()
    models = [f"m{n}" for n in range(20)]
    for task in range(500):
        for judge in ("j1", "j2"):
            said = {m: {"scores": {d: float(rng.randint(1, 10)) for d in DIMENSIONS}, "rank": 1} for m in models}
            bench.ask(judge, f"s/{task}", said)
    found = judged(bench.judgments, bench.marked, labels=bench.labels)
    assert found is not None
    overall = found.agreement[0].overall
    assert overall is not None
    assert overall.cells == 50_000
    assert overall.kappa == pytest.approx(0, abs=0.02)
