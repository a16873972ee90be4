"""Published tables, to the digits given."""

from __future__ import annotations

from statistics import fmean, variance

import pytest
from statsmodels.stats.proportion import proportion_confint

from harness.stats.compare import RunTable, compare
from harness.stats.compare.noise import permuted_margins, small_counts
from harness.stats.compare.results import Comparison
from harness.stats.compare.spread import across
from harness.stats.intervals import wilson_bounds, z_quantile
from harness.stats.noise import homogeneity, most_wins_at_least
from harness.types import Outcome, Verdict
from tests.stats.compare.made import P2, WINS, attempt, table, wins_tables


@pytest.fixture(scope="module")
def p2() -> Comparison:
    return compare([RunTable.from_points("p2", {m: {"P2": v} for m, v in P2.items()}, max_points=22)], "points")


@pytest.mark.parametrize(
    ("model", "mean", "wide", "deviation"),
    [("gemma4", 22, 0, 0), ("qwen2.5-coder:14b", 20.6667, 2, 1.1547), ("qwen3.5:4b", 13, 15, 7.9373)],
)
def test_spread_of_points(p2: Comparison, model: str, mean: float, wide: float, deviation: float) -> None:
    row = next(row for row in p2.spread if row.model == model)
    assert row.mean == pytest.approx(mean, abs=5e-5)
    assert row.range == wide
    assert row.sd == pytest.approx(deviation, abs=5e-5)
    assert row.rerun.high is not None
    assert row.rerun.low is not None
    assert 0 <= row.rerun.low < row.rerun.high <= 22


def test_one_run_is_read_repeat_by_repeat(p2: Comparison) -> None:
    assert p2.of_repeats
    assert p2.runs == ("repeat 1", "repeat 2", "repeat 3")
    assert next(row for row in p2.spread if row.model == "qwen3.5:9b").values == (9, 9, 21)


def test_one_task_tells_nobody_apart(p2: Comparison) -> None:
    assert {(row.best_rank, row.worst_rank, row.letters) for row in p2.spread} == {(1, 6, "a")}
    assert any("One task" in note for note in p2.notes)


def test_stability_of_points(p2: Comparison) -> None:
    assert {row.model: row.kind for row in p2.stability} == {
        "gemma4": "stable",  # only hashes can tell that it is identical
        "qwen2.5-coder:14b": "stable",
        "qwen3:14b": "stable",
        "deepseek-coder-v2:16b": "stable",
        "qwen3.5:9b": "bimodal",
        "qwen3.5:4b": "wild",
    }


def test_intervals_of_wins() -> None:
    mean, wide, deviation, rerun = across([8, 6, 6], 28)
    assert [mean, wide, deviation] == pytest.approx([6.6667, 2, 1.1547], abs=5e-5)
    assert [rerun.low, rerun.high] == pytest.approx([3.798, 9.535], abs=5e-4)
    of_tasks = across([4, 4, 4], 28, 28)[3]
    elsewhere = [28 * bound for bound in proportion_confint(12, 84, method="wilson")]
    assert [of_tasks.low, of_tasks.high] == pytest.approx(elsewhere)
    assert elsewhere == pytest.approx([2.3422, 6.5324], abs=5e-5)
    _, wide, _, rerun = across([4, 4, 4], 28)
    assert wide == 0
    assert rerun.low is not None
    assert rerun.high is not None
    assert rerun.low < 4 < rerun.high


def test_wins_of_three_runs() -> None:
    found = compare(wins_tables(), "wins")
    assert {row.model: list(row.values) for row in found.spread} == WINS
    assert found.noise.prompts_sd == pytest.approx(1.5212, abs=5e-5)
    assert found.noise.observed_sd == pytest.approx(fmean(variance(row) for row in WINS.values()) ** 0.5)
    runs = found.noise.runs
    assert runs is not None
    assert runs.chi2 == pytest.approx(7.7714, abs=5e-5)
    assert runs.df == 14
    assert runs.p == pytest.approx(0.901, abs=5e-4)
    assert runs.models == 8
    assert runs.use == "permutation"
    assert runs.small == pytest.approx(small_counts([row for row in WINS.values() if sum(row)]))


def test_three_models_that_win_nothing_are_a_claim_of_their_own() -> None:
    nothing = [claim for claim in compare(wins_tables(), "wins").claims if claim.kind == "nothing"]
    assert {claim.models[0]: claim.survived for claim in nothing} == {
        "deepseek-r1:32b": False,
        "hermes3:8b": True,
        "qwen3.5-35b-a3b-opus-distilled": True,
        "qwen3.5-27b-opus-distilled": True,
    }


def test_permutation_agrees_with_chi_square_where_that_may_be_used() -> None:
    table = [[40, 30, 30], [30, 40, 30], [30, 30, 40]]
    chi2 = homogeneity(table)
    assert chi2 is not None
    assert permuted_margins(table, draws=2000) == pytest.approx(chi2.p, abs=0.03)
    assert permuted_margins([row for row in WINS.values() if sum(row)], draws=1000) > 0.8


def test_the_luckiest_of_equal_models() -> None:
    assert most_wins_at_least(5, 28, 11) == pytest.approx(0.8054, abs=5e-5)
    # No overflow for suites of any size.
    assert 0 < most_wins_at_least(60, 400, 11) < 0.01
    assert most_wins_at_least(0, 10, 3) == 1
    assert most_wins_at_least(11, 10, 3) == 0
    assert most_wins_at_least(1, 5, 1) == pytest.approx(1)


def test_equal_runs_of_tasks_of_unequal_weight_are_fewer_trials() -> None:
    """One task of 12 points and three of 4: as much as three equal ones, (12 + 3 * 4)^2 / (144 + 3 * 16)."""
    rows = [
        attempt("m", f"t{t}", repeat=r, verdict=Verdict(outcome=Outcome.wrong_answer, points=most / 2, max_points=most))
        for r in range(3)
        for t, most in enumerate((12, 4, 4, 4))
    ]
    (row,) = compare([table("one", rows)], "points").spread
    bounds = proportion_confint(4.5, 9, method="wilson")
    assert (row.rerun.low, row.rerun.high) == pytest.approx([24 * bound for bound in bounds])


def test_a_rerun_of_wins_is_of_the_tasks_that_were_decided() -> None:
    rows = [
        attempt(m, f"s/t{t:02d}", repeat=r, score=score)
        for r in range(3) for m, score, tasks in (("a", 1.0, 28), ("b", 0.0, 18)) for t in range(tasks)
    ]  # fmt: skip
    a, b = compare([table("one", rows)], "wins").spread
    assert (a.model, a.tasks, a.mean) == ("a", 18, 18)
    low, high = wilson_bounds(1.0, 54, z_quantile())
    assert [a.rerun.low, a.rerun.high] == pytest.approx([18 * low, 18 * high])
    assert b.rerun.high == pytest.approx(18 * (1 - low))
