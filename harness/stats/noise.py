"""How much wins move by themselves: from the draw of prompts, from running again, and among equal models."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, exp, lgamma, log, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike


def wins_sd(tests: int, models: int, *, scaled_to: int | None = None) -> float:
    """Standard deviation of one model's wins over `tests` prompts, each won by one of `models` equally good ones.

    Binomial: sqrt(T p (1-p)) with p = 1 / models. What the draw of prompts alone does, without any randomness of models
    or judges. `scaled_to` tells it in wins of that many tests. Raises ValueError for fewer than one test or model.
    """
    if tests < 1 or models < 1:
        raise ValueError(f"need tests >= 1 and models >= 1, got {tests} and {models}")
    p = 1 / models
    return sqrt(tests * p * (1 - p)) * (1 if scaled_to is None else scaled_to / tests)


def shared_wins_sd(won: ArrayLike, models: int) -> float:
    """`wins_sd` for tests of which some were won by nobody and some by several, in wins of as many tests.

    `won`, shape (models, T): each model's share of each win. A new test is taken to be like one of these, with the
    models dealt out anew: sqrt(T (s / K - (w / K)^2)), s and w the means over tests of the sum of squared shares and of
    the sum of shares, K = `models`. Where every test has one winner that is `wins_sd`. 0 where nothing can differ.
    Raises ValueError for no tests or models.
    """
    shares = np.asarray(won, dtype=float)
    if models < 1 or shares.shape[1] < 1:
        raise ValueError(f"need tests >= 1 and models >= 1, got {shares.shape[1]} and {models}")
    squares, sums = (float(np.nansum(shares**power)) / shares.shape[1] for power in (2, 1))
    return sqrt(max(0.0, shares.shape[1] * (squares / models - (sums / models) ** 2)))


def prompts_needed(half_width: float, models: int, *, scale: int, deviations: float = 1.0) -> int:
    """Tests needed so that `deviations` of `wins_sd`, told in wins of `scale` tests, are at most `half_width` wins.

    scale^2 p (1-p) / (half_width / deviations)^2, rounded up. Raises ValueError unless half_width > 0.
    """
    if half_width <= 0:
        raise ValueError(f"a half width is greater than 0: {half_width}")
    p = 1 / models
    return ceil(scale**2 * p * (1 - p) * (deviations / half_width) ** 2 - 1e-9)


def rerun_variance(passes: ArrayLike, repeats: int) -> float:
    """Variance of the number of tasks passed from one run of the same tasks to the next, in tasks squared.

    sum_t p_t (1 - p_t), each term estimated without bias from `passes`, shape (T,), of `repeats` >= 2 runs:
    n / (n-1) times its plug-in value. Another thing than `wins_sd`: that is about other prompts. Raises ValueError for
    fewer than two repeats.
    """
    if repeats < 2:
        raise ValueError("one run says nothing about the next: need two repeats or more")
    shares = np.asarray(passes, dtype=float) / repeats
    return float(np.sum(shares * (1 - shares)) * repeats / (repeats - 1))


def most_wins_at_least(least: int, tests: int, models: int) -> float:
    """Probability that of equally good models the luckiest has at least `least` of `tests` wins.

    1 - P(all below): T! / models^T times the coefficient of x^T in (sum_{j < least} x^j / j!)^models. Reckoned with
    x = T / models, so that the terms are Poisson probabilities and neither they nor T! leave the range of a float.
    """
    if least > tests:
        return 0.0
    if least <= 0 or tests == 0:
        return 1.0
    rate = tests / models
    terms = np.array([exp(j * log(rate) - rate - lgamma(j + 1)) for j in range(least)])
    power = np.ones(1)
    for _ in range(models):
        power = np.convolve(power, terms)[: tests + 1]
    below = float(power[tests]) if power.size > tests else 0.0
    total = exp(tests * log(tests) - tests - lgamma(tests + 1))
    return min(1.0, max(0.0, 1.0 - below / total))


class Homogeneity(NamedTuple):
    """Pearson's test that runs drew from one distribution of wins."""

    chi2: float
    df: int
    p: float
    models: int
    """With a win in any run; the others say nothing."""


def homogeneity(wins: Sequence[Sequence[int]]) -> Homogeneity | None:
    """The test for `wins`, shape (models, runs); None where fewer than two models or runs have wins.

    Pearson (1900): sum (observed - expected)^2 / expected, (models - 1)(runs - 1) degrees of freedom. A large p says
    that nothing speaks against one distribution, not that there is only one: with few wins it cannot tell.
    """
    from scipy.stats import chi2 as distribution

    table = np.asarray(wins, dtype=float)
    if table.ndim != 2:
        return None
    table = table[table.sum(axis=1) > 0]
    table = table[:, table.sum(axis=0) > 0] if table.size else table
    if min(table.shape) < 2:
        return None
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    chi2 = float(np.sum((table - expected) ** 2 / expected))
    df = (table.shape[0] - 1) * (table.shape[1] - 1)
    return Homogeneity(chi2, df, float(distribution.sf(chi2, df)), table.shape[0])
