"""Intervals: published numbers, scipy and statsmodels as oracles, properties, simulated coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.regression.linear_model import WLS
from statsmodels.stats.proportion import proportion_confint

from harness.stats import intervals
from harness.stats.intervals import (
    beta_uniform,
    clopper_pearson,
    clustered_mean,
    clustered_se,
    naive_se,
    over_tasks,
    rate,
    ratio_over_tasks,
    t_interval,
    wilson,
)

FOUR_TASKS = [[1, 1, 1], [0, 0, 0], [1, 1, 0], [1, 0, 1]]

counts = st.integers(1, 400).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
RATES = [wilson, clopper_pearson, beta_uniform, rate]


def test_published_numbers_of_rates() -> None:
    assert wilson(3, 3)[:2] == pytest.approx((0.4385, 1), abs=5e-5)
    assert clopper_pearson(3, 3)[:2] == pytest.approx((0.2924, 1), abs=5e-5)
    assert wilson(2, 5)[:2] == pytest.approx((0.1176, 0.7693), abs=5e-5)


@given(counts)
def test_rates_agree_with_statsmodels(pair: tuple[int, int]) -> None:
    hits, n = pair
    assert wilson(hits, n)[:2] == pytest.approx(proportion_confint(hits, n, method="wilson"), abs=1e-9)
    assert clopper_pearson(hits, n)[:2] == pytest.approx(proportion_confint(hits, n, method="beta"), abs=1e-9)


@pytest.mark.parametrize("method", RATES)
@given(pair=counts)
def test_rates_contain_the_estimate_and_never_have_zero_width(method, pair) -> None:  # type: ignore[no-untyped-def]
    hits, n = pair
    low, high, *_ = method(hits, n)
    assert 0 <= low <= hits / n <= high <= 1
    assert high - low > 0.001


@pytest.mark.parametrize("method", RATES)
@given(pair=counts)
def test_ten_times_the_trials_narrow_a_rate(method, pair) -> None:  # type: ignore[no-untyped-def]
    hits, n = pair
    low, high, *_ = method(hits, n)
    low_10, high_10, *_ = method(10 * hits, 10 * n)
    assert high_10 - low_10 < high - low


@pytest.mark.parametrize("method", RATES)
@given(pair=counts)
def test_more_hits_move_both_bounds_up(method, pair) -> None:  # type: ignore[no-untyped-def]
    hits, n = pair
    if hits < n:
        assert all(a <= b for a, b in zip(method(hits, n)[:2], method(hits + 1, n)[:2], strict=True))


@pytest.mark.parametrize("method", RATES)
def test_impossible_counts_are_errors(method) -> None:  # type: ignore[no-untyped-def]
    for hits, n in [(-1, 3), (4, 3)]:
        with pytest.raises(ValueError, match="0 <= hits <= n"):
            method(hits, n)
    assert method(0, 0)[:2] == (0.0, 1.0)


def test_three_runs() -> None:
    interval = t_interval([8, 6, 6])
    assert interval[:2] == pytest.approx((3.798, 9.535), abs=5e-4)
    assert interval.method == "t"


def test_equal_runs_are_not_certainty() -> None:
    bare = t_interval([4, 4, 4])
    assert (bare.low, bare.high) == (None, None)
    assert "63%" in bare.note
    bounded = t_interval([4, 4, 4], bounds=(0, 28))
    assert bounded.low is not None
    assert bounded.high is not None
    assert 0 <= bounded.low < 3
    assert bounded.high > 5
    assert "All 3 runs are equal" in bounded.note
    assert "One run" in t_interval([4]).note
    with pytest.raises(ValueError, match="at least one"):
        t_interval([])


def test_bounds_clip() -> None:
    assert t_interval([27, 28, 28], bounds=(0, 28)).high == 28


def test_clustered_errors_of_four_tasks() -> None:
    assert np.mean(FOUR_TASKS) == pytest.approx(0.58333, abs=5e-6)
    assert naive_se(FOUR_TASKS) == pytest.approx(0.14865, abs=5e-6)
    assert clustered_se(FOUR_TASKS, finite=False) == pytest.approx(0.18162, abs=5e-6)
    assert clustered_se(FOUR_TASKS) == pytest.approx(0.20972, abs=5e-6)
    low, high, *_ = clustered_mean(FOUR_TASKS)
    assert (low, high) == pytest.approx((0.58333 - 3.18245 * 0.20972, 0.58333 + 3.18245 * 0.20972), abs=1e-4)


def test_clustered_error_agrees_with_statsmodels_for_unequal_tasks() -> None:
    groups: list[list[float]] = [[1, 0, 1], [0.5], [1, 1], [0, 0, 0, 1]]
    rows = np.concatenate([np.asarray(g, float) for g in groups])
    ids = np.repeat(np.arange(4), [len(g) for g in groups])
    weights = np.repeat([1 / len(g) for g in groups], [len(g) for g in groups])
    fit = WLS(rows, np.ones(rows.size), weights=weights).fit(
        cov_type="cluster", cov_kwds={"groups": ids, "use_correction": False}
    )
    assert clustered_se(groups, finite=False) == pytest.approx(float(fit.bse[0]), rel=1e-9)


def test_errors_of_too_little_data_are_refused() -> None:
    with pytest.raises(ValueError, match="two rows"):
        naive_se([[1]])
    with pytest.raises(ValueError, match="two tasks"):
        clustered_se([[1, 0]])
    assert "All 2 tasks are equal" in clustered_mean([[1], [1]]).note


def test_over_tasks_says_when_there_is_no_spread() -> None:
    flat = over_tasks([1.0] * 24, [5] * 24)
    assert (flat.value, flat.high, flat.method) == (1, 1, "wilson-flat")
    assert flat.low == pytest.approx(0.862, abs=1e-3)
    assert "All 24 tasks" in flat.note
    one = over_tasks([0.4], [5])
    assert (one.low, one.high) == pytest.approx((0.1176, 0.7693), abs=5e-5)
    assert "not for other tasks" in one.note
    none = over_tasks([], [])
    assert (none.value, none.low, none.high, none.n) == (None, None, None, 0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=60))
def test_over_tasks_stays_in_the_scale_and_around_its_value(means: list[float]) -> None:
    score = over_tasks(means, [5] * len(means))
    assert score.value is not None
    assert score.low is not None
    assert score.high is not None
    assert 0 <= score.low <= score.value <= score.high <= 1
    assert score.high > score.low
    assert score.n == len(means)


@given(st.lists(st.sampled_from([0.0, 0.2, 0.4, 1.0]), min_size=3, max_size=20))
def test_four_times_the_tasks_narrow_it(means: list[float]) -> None:
    few, many = over_tasks(means, [5] * len(means)), over_tasks(means * 4, [5] * len(means) * 4)
    assert (many.high or 0) - (many.low or 0) < (few.high or 0) - (few.low or 0)


@pytest.mark.parametrize("tasks", [8, 12, 24, 50])
def test_over_tasks_covers_new_tasks(tasks: int) -> None:
    """Nominal 95%: 93% to 97.5% on average over populations of tasks, nowhere under 90%."""
    rng = np.random.default_rng(7)
    seen = []
    for a, b in [(0.3, 0.3), (1, 1), (5, 5), (0.2, 1.8), (1.8, 0.2), (2, 20), (50, 50), (0.05, 0.05)]:
        truth, inside, rounds = a / (a + b), 0, 400
        for _ in range(rounds):
            score = over_tasks(rng.binomial(5, rng.beta(a, b, tasks)) / 5, [5] * tasks)
            inside += (score.low or 0) <= truth <= (score.high or 0)
        seen.append(inside / rounds)
    assert min(seen) >= 0.90
    assert 0.93 <= float(np.mean(seen)) <= 0.985


@pytest.mark.parametrize("n", [3, 5, 10, 30, 100, 300])
def test_wilson_covers_exactly_computed(n: int) -> None:
    from scipy.stats import binom

    hits = np.arange(n + 1)
    bounds = np.array([wilson(int(k), n)[:2] for k in hits], dtype=float)
    rates = np.linspace(0.02, 0.98, 97)
    covered = [binom.pmf(hits, n, p)[(bounds[:, 0] <= p) & (p <= bounds[:, 1])].sum() for p in rates]
    assert 0.93 <= float(np.mean(covered)) <= 0.975
    exact = np.array([clopper_pearson(int(k), n)[:2] for k in hits], dtype=float)
    assert min(binom.pmf(hits, n, p)[(exact[:, 0] <= p) & (p <= exact[:, 1])].sum() for p in rates) >= 0.95


@pytest.mark.parametrize("n", [*range(3, 31), 50, 100, 300])
def test_what_rates_are_reported_with_covers_at_every_rate(n: int) -> None:
    from scipy.stats import binom

    hits = np.arange(n + 1)
    bounds = np.array([rate(int(k), n)[:2] for k in hits], dtype=float)
    grid = np.linspace(0.02, 0.98, 961)
    inside = (bounds[:, 0] <= grid[:, None] + 1e-12) & (grid[:, None] <= bounds[:, 1] + 1e-12)
    covered = (binom.pmf(hits, n, grid[:, None]) * inside).sum(axis=1)
    assert covered.min() >= 0.88
    assert 0.93 <= covered.mean() <= 0.975


def test_a_reported_rate_is_wilsons_but_at_the_edges() -> None:
    assert rate(2, 5) == wilson(2, 5)
    assert rate(3, 3) == wilson(3, 3)
    assert rate(1, 8)[:2] == pytest.approx((-np.log(0.95) / 8, wilson(1, 8).high))
    assert rate(7, 8).low == pytest.approx(1 - (rate(1, 8).high or 0))
    assert rate(7, 8).high == pytest.approx(1 + np.log(0.95) / 8)
    assert (rate(0, 4).high, rate(4, 4).low, rate(1, 8).method) == (0.5, 0.5, "wilson-modified")


def test_tasks_that_were_all_or_nothing_are_trials() -> None:
    assert over_tasks([1, 0, 1, 1, 0, 1, 0, 0, 1, 1], [5] * 10).low == wilson(6, 10).low
    assert over_tasks([1, 0, 1, 1, 0, 1, 0, 0, 1, 1], [5] * 10).method == "wilson"
    assert over_tasks([1, 0, 1, 1, 0, 1, 0, 0, 1, 0.8], [5] * 10).method == "wilson-clustered"


def test_almost_perfect_is_no_surer_than_perfect() -> None:
    for number in (2, 8, 24, 100):
        perfect = over_tasks([1.0] * number, [1] * number)
        for worst in (0.0, 0.5, 0.99, 1 - 1e-7):
            almost = over_tasks([1.0] * (number - 1) + [worst], [1] * number)
            assert almost.low is not None
            assert perfect.low is not None
            assert almost.low <= perfect.low
            mirrored = over_tasks([0.0] * (number - 1) + [1 - worst], [1] * number)
            assert mirrored.high == pytest.approx(1 - almost.low)
    # In the middle of the scale that says nothing.
    middle = over_tasks([0.5] * 50 + [0.6] * 50, [5] * 100)
    assert middle.low is not None
    assert middle.high is not None
    assert middle.high - middle.low < 0.03


def test_fieller_covers_and_knows_when_it_cannot_tell() -> None:
    rng = np.random.default_rng(3)
    inside = 0
    for _ in range(600):
        bottom = rng.gamma(4, 0.1, 20)
        low, high, *_ = ratio_over_tasks(0.6 * bottom + rng.normal(0, 0.1, 20), bottom)
        inside += low is not None and high is not None and low <= 0.6 <= high
    assert 0.92 <= inside / 600 <= 0.98
    assert ratio_over_tasks([0.1, -0.2, 0.1], [0.1, -0.1, 0.05]).low is None
    flat = ratio_over_tasks([0.2, 0.4, 0.0], [0.2, 0.4, 0.0])
    assert flat.high == 1
    assert flat.low is not None
    assert flat.low < 0.5
    assert ratio_over_tasks([0.2], [0.4]).note.startswith("One task")


def test_the_same_ratio_everywhere_is_no_interval_without_width() -> None:
    # A selector that takes the failing one of two at every task.
    found = ratio_over_tasks([-0.5] * 12, [0.5] * 12)
    assert (found.low, found.high) == (None, None)
    assert "no spread" in found.note
    assert ratio_over_tasks([-0.1, -0.3, -0.7], [0.2, 0.6, 1.4]).low is None


def test_quantiles() -> None:
    assert intervals.t_quantile(2) == pytest.approx(4.302653, abs=1e-6)
    assert intervals.z_quantile() == pytest.approx(1.959964, abs=1e-6)
    assert intervals.t_quantile(10**6) == pytest.approx(intervals.z_quantile(), abs=1e-4)
    assert math.isclose(intervals.z_quantile(0.5), 0.6744897501960817)


def test_over_tasks_refuses_what_is_no_share() -> None:
    for values in ([-0.1, 0.05, -0.05, 0.02], [0.5, 1.2]):
        with pytest.raises(ValueError, match=r"in 0\.\.1"):
            over_tasks(values, [1] * len(values))
    assert over_tasks([1 + 1e-12, 0.5], [1, 1]).value == pytest.approx(0.75)


def test_nan_is_no_zero() -> None:
    for asked in (lambda: over_tasks([float("nan"), 1.0], [1, 1]), lambda: t_interval([float("nan"), 1.0])):
        with pytest.raises(ValueError, match="NaN"):
            asked()


@pytest.mark.parametrize("values", [[-1, -1, -1], [-1, -2, -1], [3, 3, 3], [-1]])
def test_values_outside_of_their_bounds(values: list[float]) -> None:
    found = t_interval(values, bounds=(0, 2))
    assert found.low is not None
    assert found.high is not None
    assert found.low <= sum(values) / len(values) <= found.high
    assert found.low < found.high


def test_a_task_without_values_has_no_error() -> None:
    for groups in ([[1.0, 0.0], []], [[1.0, float("nan")], [0.0, 1.0]]):
        with pytest.raises(ValueError, match="NaN"):
            intervals.clustered_se(groups)
    with pytest.raises(ValueError, match="NaN"):
        intervals.naive_se([[1.0, float("nan")], [0.0]])
