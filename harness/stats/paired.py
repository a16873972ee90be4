"""Two models on the same tasks: how different, how likely that is by chance, what is left after many comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.stats.intervals import t_interval
from harness.stats.score import LEVEL, Score

EXACT_UP_TO = 20
"""Differences that are not 0 of which all sign patterns are tried; of more, some are drawn."""
_ROUNDING = 1e-9


def paired_difference(first: ArrayLike, second: ArrayLike, *, level: float = LEVEL) -> Score:
    """Mean over tasks of first - second, both of shape (C,): a mean a task, in its unit; with Student's interval.

    Miller (2024), "Adding error bars to evals": pairing takes the difficulty of tasks out. C - 1 degrees of freedom.
    Raises ValueError for shapes that differ.
    """
    differences = _differences(first, second)
    if differences.size == 0:
        return Score.missing("No task that both models met.")
    interval = t_interval(differences.tolist(), level=level)
    note = interval.note.replace("runs", "tasks").replace("run", "task").replace("Wilson's for", "of")
    return Score.of(
        float(differences.mean()), interval._replace(method=f"paired-{interval.method}", note=note), differences.size
    )


def sign_flip(differences: ArrayLike, *, draws: int = 20_000, seed: int = 0) -> float:
    """Two-sided p of the sign-flip (permutation) test that differences, shape (C,), are as often up as down.

    Fisher (1935): share of sign patterns whose absolute sum is at least the one seen; all patterns up to
    `EXACT_UP_TO` differences that are not 0, beyond that `draws` of them with the one seen among them
    ((hits + 1) / (draws + 1), Phipson and Smyth 2010). 1.0 without any difference.
    """
    data = np.asarray(differences, dtype=float)
    data = data[data != 0]
    seen = abs(float(data.sum())) * (1 - _ROUNDING)
    if data.size == 0:
        return 1.0
    if data.size <= EXACT_UP_TO:
        sums: NDArray[np.float64] = np.zeros(1)
        for value in data:
            sums = np.concatenate((sums + value, sums - value))
        return float(np.mean(np.abs(sums) >= seen))
    rng = np.random.default_rng(seed)
    hits = 0
    for start in range(0, draws, 1000):
        signs = rng.integers(0, 2, size=(min(1000, draws - start), data.size)) * 2 - 1
        hits += int(np.count_nonzero(np.abs(signs @ data) >= seen))
    return float((hits + 1) / (draws + 1))


def mcnemar(only_first: int, only_second: int) -> float:
    """Two-sided exact p of McNemar's test: tasks that only the first, and only the second model passed.

    The binomial test of the discordant pairs at 1/2: min(1, 2 P(X <= min)). Raises ValueError for negative counts.
    """
    if only_first < 0 or only_second < 0:
        raise ValueError(f"counts are not negative: {only_first}, {only_second}")
    n, fewer = only_first + only_second, min(only_first, only_second)
    return min(1.0, float(2 * sum(comb(n, k) for k in range(fewer + 1)) / 2**n))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjusted p values, in the order given.

    Holm (1979): the k-th smallest of m times m - k + 1, never falling, at most 1.
    """
    order = sorted(range(len(p_values)), key=p_values.__getitem__)
    adjusted, worst = [0.0] * len(p_values), 0.0
    for place, index in enumerate(order):
        worst = max(worst, min(1.0, p_values[index] * (len(p_values) - place)))
        adjusted[index] = worst
    return adjusted


def _differences(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    one, two = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if one.shape != two.shape:
        raise ValueError(f"both models need a value for every task: {one.shape} and {two.shape}")
    return np.asarray(one - two)
