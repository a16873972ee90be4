"""Paired comparisons: published numbers, brute force and scipy as oracles, error rates by simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest, t
from statsmodels.stats.multitest import multipletests

from harness.stats.paired import holm, mcnemar, paired_difference, sign_flip


def test_published_numbers() -> None:
    assert mcnemar(8, 2) == pytest.approx(0.109375)
    assert sign_flip([2, 1, 3, 0, 1, -1, 2, 1]) == pytest.approx(20 / 256)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_binomial_test_of_discordant_pairs(first: int, second: int) -> None:
    wanted = binomtest(first, first + second).pvalue if first + second else 1.0
    assert mcnemar(first, second) == pytest.approx(wanted)


def test_mcnemar_refuses_negative_counts() -> None:
    with pytest.raises(ValueError, match="negative"):
        mcnemar(-1, 2)


@given(st.lists(st.integers(-3, 3), max_size=9))
def test_all_sign_patterns_are_tried(differences: list[int]) -> None:
    seen = abs(sum(differences))
    patterns = list(itertools.product((1, -1), repeat=len(differences)))
    wanted = sum(abs(sum(s * d for s, d in zip(signs, differences, strict=True))) >= seen for signs in patterns)
    assert sign_flip(differences) == pytest.approx(wanted / len(patterns))


def test_fractions_do_not_miss_their_own_pattern() -> None:
    # The sum of these in another order differs in its last bit.
    assert sign_flip([0.1, 0.2, 0.3]) == pytest.approx(2 / 8)


def test_many_whole_differences_are_counted_exactly() -> None:
    data = np.random.default_rng(1).integers(-2, 4, size=24)
    sums = np.zeros(1)
    for value in data[data != 0]:
        sums = np.concatenate((sums + value, sums - value))
    exact = float(np.mean(np.abs(sums) >= abs(data.sum())))
    assert sign_flip(data) == pytest.approx(exact, rel=1e-9)
    assert sign_flip(data / 7) == pytest.approx(exact, rel=1e-9), "shares of seven attempts are whole numbers too"
    # Too many for any list of patterns; sums go in steps of two.
    many = np.random.default_rng(2).integers(-2, 3, size=3000)
    from scipy.stats import norm

    z = (abs(many.sum()) - 1) / np.sqrt((many**2).sum())
    assert sign_flip(many) == pytest.approx(2 * norm.sf(z), abs=0.003)


def test_many_other_differences_are_drawn_with_a_seed_and_agree_with_the_exact_test() -> None:
    data = np.random.default_rng(1).integers(-2, 4, size=24)
    # Of no denominator, and as good as the same.
    crooked = data * (1 + 1e-4 * np.random.default_rng(4).random(24))
    drawn = sign_flip(crooked, draws=40_000, seed=3)
    assert drawn == sign_flip(crooked, draws=40_000, seed=3)
    assert drawn != sign_flip(crooked, draws=40_000, seed=4)
    # What was a tie in whole numbers can fall on either side.
    above = sign_flip(np.append(data, 0)) - _tied(data)
    assert above - 0.01 <= drawn <= sign_flip(data) + 0.01


def _tied(data: np.ndarray) -> float:
    """Share of sign patterns with exactly the absolute sum that was seen."""
    sums = np.zeros(1)
    for value in data[data != 0]:
        sums = np.concatenate((sums + value, sums - value))
    return float(np.mean(np.abs(sums) == abs(data.sum())))


@settings(max_examples=40)
@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_agrees_with_statsmodels(p_values: list[float]) -> None:
    wanted = multipletests(p_values, method="holm")[1] if p_values else []
    assert holm(p_values) == pytest.approx(list(wanted))


def test_marks_have_students_interval_with_a_little_more_on_either_side() -> None:
    marks = np.array([0.52, 0.6, 0.48, 0.55, 0.61, 0.5, 0.58, 0.57])
    differences = np.array([-0.05, -0.07, -0.06, -0.06, -0.05, -0.07, -0.06, -0.06])
    found = paired_difference(marks + differences, marks, graded=True)
    # Sum of squares 4e-4 and 2/3 of .01 squared, over 26/3 tasks and 23/3 degrees; t of 7 degrees is 2.3646.
    half = 2.364624 * ((4e-4 + 2 / 3 * 1e-4) * 3 / 26 * 3 / 23) ** 0.5
    assert (found.value, found.low, found.high) == pytest.approx((-0.06, -0.06 - half, -0.06 + half), abs=1e-7)
    assert half == pytest.approx(t.ppf(0.975, 7) * differences.std(ddof=1) / 8**0.5, rel=0.02)
    assert sign_flip(differences) == 2 / 2**8, "every task is down, and the interval says so, too"


def test_marks_without_spread_have_an_interval_with_width() -> None:
    third = paired_difference([1 / 3] * 8, [0.0] * 8, graded=True)
    assert third.value == pytest.approx(1 / 3)
    half = 2.364624 * (2 / 3 * 3 / 26 * 3 / 23) ** 0.5
    assert (third.low, third.high) == pytest.approx((1 / 3 - half / 3, 1 / 3 + half / 3))
    assert paired_difference([0.5] * 8, [0.5] * 8, graded=True).high == pytest.approx(half)
    assert paired_difference([1.0] * 3, [0.0] * 3, graded=True).high == 1, "not beyond the scale"
    assert paired_difference([0.4], [0.3], graded=True).note.startswith("One task")


def test_no_tasks_in_common_is_no_difference() -> None:
    assert paired_difference([], []).value is None
    with pytest.raises(ValueError, match="every task"):
        paired_difference([1, 2], [1])


def test_shares_have_an_interval_even_where_two_models_never_differed() -> None:
    found = paired_difference([1, 0, 1, 1, 0, 1, 1, 1], [1, 0, 1, 1, 0, 1, 1, 1])
    assert found.value == 0
    assert found.low is not None
    assert found.high is not None
    assert found.high == -found.low
    # A third of a task each way: squares of 2/3, over 26/3 tasks, 23/3 degrees; times 1.96.
    assert found.high == pytest.approx(1.959964 * (2 / 3 * 3 / 26 * 3 / 23) ** 0.5)
    narrower = paired_difference([1, 0, 1, 1], [1, 0, 1, 1], attempts=4)
    assert narrower.high == pytest.approx((paired_difference([1, 0, 1, 1], [1, 0, 1, 1]).high or 0) / 2)
    everything = paired_difference([1.0] * 8, [0.0] * 8)
    assert (everything.value, everything.high) == (1, 1), "the difference stays inside, and on the scale"
    assert 0.5 < (everything.low or 0) < 1
    assert paired_difference([1.0], [0.0]).note.startswith("One task")
    with pytest.raises(ValueError, match="one value or more"):
        paired_difference([1], [0], attempts=0)


@pytest.mark.parametrize("tasks", [8, 30])
def test_intervals_of_differences_cover(tasks: int) -> None:
    rng = np.random.default_rng(tasks)
    hits = 0
    for _ in range(600):
        difficulty = rng.uniform(0, 1, tasks)
        first, second = rng.binomial(5, difficulty) / 5, rng.binomial(5, difficulty) / 5
        found = paired_difference(first, second, attempts=5)
        hits += found.low is None or (found.low <= 0 <= (found.high or 0))
    assert 0.93 <= hits / 600 <= 0.985


@pytest.mark.parametrize("tasks", [8, 30])
def test_intervals_of_differences_of_marks_cover_and_are_not_wider_than_that(tasks: int) -> None:
    rng = np.random.default_rng(tasks)
    moves = rng.normal(-0.06, 0.05, (600, tasks))
    found = [paired_difference(row, np.zeros(tasks), graded=True) for row in moves]
    hits = sum((one.low or 0) <= -0.06 <= (one.high or 0) for one in found)
    assert 0.93 <= hits / 600 <= 0.975


def test_rounding_is_no_difference_and_nan_no_value() -> None:
    rounding = 0.1 + 0.2 - 0.3
    assert sign_flip([rounding, 1, 1, 1, 1, 1]) == pytest.approx(2 / 2**5)
    assert sign_flip([rounding, 0.123456, 1.2, 1.3]) == pytest.approx(2 / 2**3)
    for asked in (
        lambda: sign_flip([float("nan"), 1.0]),
        lambda: holm([0.01, float("nan")]),
        lambda: paired_difference([float("nan"), 1], [0, 0]),
    ):
        with pytest.raises(ValueError, match="NaN"):
            asked()
