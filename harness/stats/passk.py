"""What k draws out of n would have given, without drawing: exact expectations over all subsets."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from math import comb
from operator import mul


@lru_cache(maxsize=65536)
def pass_at_k(n: int, c: int, k: int) -> float | None:
    """Probability that at least one of k attempts passes, from `c` passes in `n`: 1 - C(n-c,k)/C(n,k).

    The unbiased estimator of Chen et al. (2021). None when n < k: it cannot be told, and is never 1.
    Raises ValueError unless 0 <= c <= n and k >= 1.
    """
    _check(n, c, k)
    return None if n < k else 1 - comb(n - c, k) / comb(n, k)


@lru_cache(maxsize=65536)
def pass_hat_k(n: int, c: int, k: int) -> float | None:
    """Probability that all of k attempts pass (pass^k, reliability): C(c,k)/C(n,k).

    Yao et al. (2024, tau-bench). None when n < k. Raises ValueError unless 0 <= c <= n and k >= 1.
    """
    _check(n, c, k)
    return None if n < k else comb(c, k) / comb(n, k)


def rank_weights(keys: Sequence[float], k: int) -> list[float] | None:
    """Probability, for each item, of being picked from a random k-subset as the one with the greatest key.

    Shape (n,), sums to 1; equal keys share evenly, whatever their order. For distinct ascending keys item i has
    C(i-1,k-1)/C(n,k). None when n < k. Raises ValueError for k < 1.
    """
    n = len(keys)
    _check(n, 0, k)
    if n < k:
        return None
    total = comb(n, k)
    order = sorted(range(n), key=keys.__getitem__)
    weights = [0.0] * n
    start = 0
    while start < n:
        stop = start + 1
        while stop < n and keys[order[stop]] == keys[order[start]]:
            stop += 1
        share = (comb(stop, k) - comb(start, k)) / total / (stop - start)
        for place in range(start, stop):
            weights[order[place]] = share
        start = stop
    return weights


def best_of_k(scores: Sequence[float], k: int) -> float | None:
    """Expected greatest of k scores drawn without replacement: sum_i x_(i) C(i-1,k-1)/C(n,k), ascending.

    In the unit of `scores`. This is the oracle, which picks by the grader itself. None when n < k. Raises ValueError
    for NaN.
    """
    n = len(scores)
    if any(score != score for score in scores):
        raise ValueError("NaN is no score: leave out what is missing")
    _check(n, 0, k)
    # How equal scores share their weight makes no difference to the sum.
    return None if n < k else sum(map(mul, _order_weights(n, k), sorted(scores)))


@lru_cache(maxsize=4096)
def _order_weights(n: int, k: int) -> tuple[float, ...]:
    """Of the ascending i-th of n, that it is the greatest of k drawn: C(i-1,k-1)/C(n,k)."""
    return tuple(comb(i, k - 1) / comb(n, k) for i in range(n))


def _check(n: int, c: int, k: int) -> None:
    if k < 1 or not 0 <= c <= n:
        raise ValueError(f"need k >= 1 and 0 <= c <= n, got n={n}, c={c}, k={k}")
