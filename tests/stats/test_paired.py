"""Paired comparisons: published numbers, brute force and scipy as oracles, error rates by simulation."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest
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


def test_many_differences_are_drawn_with_a_seed_and_agree_with_the_exact_test() -> None:
    rng = np.random.default_rng(1)
    data = rng.integers(-2, 4, size=24)
    drawn = sign_flip(data, draws=40_000, seed=3)
    assert drawn == sign_flip(data, draws=40_000, seed=3)
    sums = np.zeros(1)
    for value in data[data != 0]:
        sums = np.concatenate((sums + value, sums - value))
    exact = float(np.mean(np.abs(sums) >= abs(data.sum())))
    assert drawn == pytest.approx(exact, abs=0.01)


@settings(max_examples=40)
@given(st.lists(st.floats(0, 1), max_size=12))
def test_holm_agrees_with_statsmodels(p_values: list[float]) -> None:
    wanted = multipletests(p_values, method="holm")[1] if p_values else []
    assert holm(p_values) == pytest.approx(list(wanted))


def test_a_difference_has_an_interval_over_tasks() -> None:
    found = paired_difference([1, 1, 0, 1], [0, 1, 0, 0])
    assert found.value == 0.5
    assert found.n == 4
    assert found.low is not None
    assert found.high is not None
    # Student's with three degrees: 3.1824 times 0.57735 / 2.
    assert (found.low, found.high) == pytest.approx((0.5 - 0.91869, 0.5 + 0.91869), abs=1e-4)


def test_no_tasks_in_common_is_no_difference() -> None:
    assert paired_difference([], []).value is None
    with pytest.raises(ValueError, match="every task"):
        paired_difference([1, 2], [1])


@pytest.mark.parametrize("tasks", [8, 30])
def test_intervals_of_differences_cover(tasks: int) -> None:
    rng = np.random.default_rng(tasks)
    hits = 0
    for _ in range(600):
        difficulty = rng.uniform(0, 1, tasks)
        first, second = rng.binomial(5, difficulty) / 5, rng.binomial(5, difficulty) / 5
        found = paired_difference(first, second)
        hits += found.low is None or (found.low <= 0 <= (found.high or 0))
    assert 0.93 <= hits / 600 <= 0.985
