"""Tiers: rank sets and letters from comparisons, and how often equal models are told apart."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from harness.stats.paired import sign_flip
from harness.stats.tiers import Pair, letters, rank_sets


def pairs_of(models: int, significant: set[tuple[int, int]]) -> list[Pair]:
    """Model i is better than j for i < j; significantly so for the given pairs."""
    found = itertools.combinations(range(models), 2)
    return [Pair(i, j, 1.0, 0.5, 0.01 if (i, j) in significant else 0.9) for i, j in found]


def test_ranks_are_sets() -> None:
    pairs = pairs_of(4, {(0, 2), (0, 3), (1, 3)})
    assert [tuple(item) for item in rank_sets(4, pairs)] == [(1, 2), (1, 3), (2, 4), (3, 4)]
    assert [tuple(item) for item in rank_sets(3, pairs_of(3, set()))] == [(1, 3)] * 3


def test_letters_overlap_where_models_do() -> None:
    assert letters([0, 1, 2, 3], pairs_of(4, {(0, 2), (0, 3), (1, 3)})) == {0: "a", 1: "ab", 2: "bc", 3: "c"}
    assert letters([0, 1, 2], pairs_of(3, set())) == {0: "a", 1: "a", 2: "a"}


def test_so_many_letters_that_nobody_would_read_them_are_none() -> None:
    """Pairs that differ, among models that do not: each doubles the sets of those who do not differ."""
    for couples, shown in ((5, True), (6, False), (150, False)):
        significant = {(2 * k, 2 * k + 1) for k in range(couples)}
        found = letters(range(2 * couples), pairs_of(2 * couples, significant))
        assert set(found) == set(range(2 * couples))
        assert (max(map(len, found.values())) == 2 ** (couples - 1)) == shown
        assert any(found.values()) == shown


@given(
    st.integers(2, 6).flatmap(
        lambda n: st.tuples(st.just(n), st.sets(st.sampled_from(sorted(itertools.combinations(range(n), 2)))))
    )
)
def test_models_share_a_letter_exactly_if_they_do_not_differ(case: tuple[int, set[tuple[int, int]]]) -> None:
    models, significant = case
    found = letters(range(models), pairs_of(models, significant))
    for i, j in itertools.combinations(range(models), 2):
        assert bool(set(found[i]) & set(found[j])) == ((i, j) not in significant)


def test_equal_models_are_seldom_told_apart() -> None:
    """In at most 5% of runs, by simulation, whatever the tasks are like."""
    rng = np.random.default_rng(4)
    told = 0
    for number in range(400):
        difficulty = rng.beta(0.5, 0.5, 28)
        values = rng.binomial(3, difficulty, size=(2, 28)) / 3
        p = sign_flip(values[0] - values[1], seed=number)
        ranks = rank_sets(2, [Pair(0, 1, float((values[0] - values[1]).mean()), p, p)])
        told += ranks[0] != ranks[1]
    assert told / 400 <= 0.07


def test_a_clear_winner_is_first() -> None:
    assert [tuple(item) for item in rank_sets(2, [Pair(0, 1, -1.0, 0.0005, 0.0005)])] == [(2, 2), (1, 1)]


def test_a_difference_of_rounding_separates_nobody() -> None:
    pairs = [Pair(0, 1, 1e-13, 0.001, 0.001)]
    assert rank_sets(2, pairs) == [(1, 2), (1, 2)]
    assert letters([0, 1], pairs) == {0: "a", 1: "a"}
