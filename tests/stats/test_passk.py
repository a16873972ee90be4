"""pass@k and its relatives: published numbers and agreement with drawing every subset."""

from __future__ import annotations

from itertools import combinations
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.stats.passk import best_of_k, pass_at_k, pass_hat_k, rank_weights


def test_published_numbers() -> None:
    assert pass_at_k(200, 10, 10) == pytest.approx(0.408548, abs=5e-7)
    expected = [15.8, 19.3, 20.9, 21.8, 22]
    assert [best_of_k([22, 21, 14, 14, 8], k) for k in range(1, 6)] == pytest.approx(expected)


def test_too_few_attempts_are_not_certainty() -> None:
    assert pass_at_k(3, 3, 5) is None
    assert pass_hat_k(3, 3, 5) is None
    assert best_of_k([1.0], 2) is None
    assert rank_weights([], 1) is None


@pytest.mark.parametrize("n, c, k", [(3, 4, 1), (3, -1, 1), (3, 1, 0)])
def test_impossible_counts_are_errors(n: int, c: int, k: int) -> None:
    for estimate in (pass_at_k, pass_hat_k):
        with pytest.raises(ValueError, match="need k >= 1"):
            estimate(n, c, k)


@given(st.lists(st.booleans(), min_size=1, max_size=8), st.integers(1, 8))
def test_equal_to_every_subset(passed: list[bool], k: int) -> None:
    n, c = len(passed), sum(passed)
    if k > n:
        assert pass_at_k(n, c, k) is None
        return
    subsets = list(combinations(passed, k))
    assert pass_at_k(n, c, k) == pytest.approx(fmean(any(s) for s in subsets))
    assert pass_hat_k(n, c, k) == pytest.approx(fmean(all(s) for s in subsets))
    assert best_of_k(passed, k) == pytest.approx(pass_at_k(n, c, k))


@given(st.lists(st.integers(0, 22), min_size=1, max_size=8), st.integers(1, 8))
def test_best_of_k_is_the_mean_greatest(scores: list[int], k: int) -> None:
    found = best_of_k(scores, k)
    if k > len(scores):
        assert found is None
    else:
        assert found == pytest.approx(fmean(max(s) for s in combinations(scores, k)))


@given(st.lists(st.sampled_from([0.0, 0.5, 1.0]), min_size=1, max_size=30), st.integers(1, 30))
def test_weights_are_probabilities_and_ties_share(keys: list[float], k: int) -> None:
    weights = rank_weights(keys, k)
    if k > len(keys):
        assert weights is None
        return
    assert weights is not None
    assert sum(weights) == pytest.approx(1)
    assert all(len({w for w, key in zip(weights, keys, strict=True) if key == level}) <= 1 for level in (0, 0.5, 1))


def test_a_score_that_is_missing_is_no_score() -> None:
    with pytest.raises(ValueError, match="NaN"):
        best_of_k([1.0, float("nan"), 0.5], 2)
