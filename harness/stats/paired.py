"""Two models on the same tasks: how different, how likely that is by chance, what is left after many comparisons."""

from __future__ import annotations

from collections.abc import Sequence
from math import comb, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from harness.stats.intervals import known, t_quantile, z_quantile
from harness.stats.score import LEVEL, Interval, Score

EXACT_UP_TO = 16
"""Differences that are not 0, and not whole, of which all sign patterns are tried; of more, some are drawn."""
LARGEST_DENOMINATOR = 60
_LARGEST_SUM = 100_000
_ROUNDING = 1e-9
_PSEUDO = 1 / 3
"""Tasks added each way to an interval of differences; less covers too little at 12 tasks, more too much at 8."""


def paired_difference(
    first: ArrayLike,
    second: ArrayLike,
    *,
    attempts: float = 1,
    scale: float = 1.0,
    graded: bool = False,
    level: float = LEVEL,
) -> Score:
    """Mean over tasks of first - second, both of shape (C,): a mean a task, in its unit; its interval is for new tasks.

    Pairing takes the difficulty of tasks out (Miller 2024, "Adding error bars to evals"). Values on a scale of width
    `scale`, each a mean of `attempts` values, are mostly equal in both models, and Student's interval of few of them is
    too narrow or has no width: so `_PSEUDO` of a task each way is added, in the way of Agresti and Min (2005).

    - All or nothing (passed, won): tasks in which the first, and the second is better by scale / sqrt(attempts); normal
      quantile.
    - `graded`, anything between (points, marks): tasks as far from the mean as the farthest one is, since such
      differences can be small throughout; Student's quantile, C - 1 degrees of freedom. Where all differ by the same
      that is how far, and where none differs scale / sqrt(attempts).

    `benchmarks/coverage.py` has what both cover. Raises ValueError for shapes that differ, for NaN, and for fewer than
    one attempt.
    """
    differences = _differences(first, second)
    if attempts < 1:
        raise ValueError(f"a mean is of one value or more: {attempts}")
    if differences.size == 0:
        return Score.missing("No task that both models met.")
    size = scale / sqrt(attempts)
    if graded and differences.size > 1:
        low, high = _around_the_mean(differences, size, level)
    else:
        low, high = _with_pseudo_tasks(differences, size, level)
    low, high = max(low, -scale), min(high, scale)
    note = "One task: the interval says little." if differences.size == 1 else ""
    return Score.of(float(differences.mean()), Interval(low, high, "paired-adjusted", note), differences.size)


def _around_the_mean(differences: NDArray[np.float64], size: float, level: float) -> tuple[float, float]:
    """Bounds of the mean with `_PSEUDO` tasks on each side of it, as far as the farthest of the differences."""
    mean = float(differences.mean())
    deviations = differences - mean
    farthest = float(np.abs(deviations).max())
    nothing = _ROUNDING * size
    farthest = next((much for much in (farthest, abs(mean)) if much > nothing), size)
    number = differences.size + 2 * _PSEUDO
    variance = (float(np.sum(deviations**2)) + 2 * _PSEUDO * farthest**2) / number
    half = t_quantile(differences.size - 1, level) * sqrt(variance / (number - 1))
    return mean - half, mean + half


def _with_pseudo_tasks(differences: NDArray[np.float64], size: float, level: float) -> tuple[float, float]:
    """Bounds of the mean with `_PSEUDO` tasks each way added; widened, if need be, to hold the mean without them."""
    mean = float(differences.mean())
    number = differences.size + 2 * _PSEUDO
    centre = float(differences.sum()) / number
    squares = (float(np.sum(differences**2)) + 2 * _PSEUDO * size**2) / number
    error = sqrt(max(0.0, squares - centre**2) / max(number - 1, _PSEUDO))
    half = z_quantile(level) * error
    return min(mean, centre - half), max(mean, centre + half)


def sign_flip(differences: ArrayLike, *, draws: int = 20_000, seed: int = 0) -> float:
    """Two-sided p of the sign-flip (permutation) test that differences, shape (C,), are as often up as down.

    Fisher (1935): share of sign patterns whose absolute sum is at least the one seen. Over all patterns where the
    differences are whole multiples of 1/d for a d up to `LARGEST_DENOMINATOR`, as those of pass rates are, and for up
    to `EXACT_UP_TO` others that are not 0; beyond that over `draws` patterns, with the one seen among them
    ((hits + 1) / (draws + 1), Phipson and Smyth 2010). 1.0 without any difference. Differences that are only rounding,
    a billionth of the greatest or less, are none. Raises ValueError for NaN: a missing value is no difference of 0.
    """
    exact = exact_sign_flip(differences)
    if exact is not None:
        return exact
    data = _moved(differences)
    seen = abs(float(data.sum())) * (1 - _ROUNDING)
    rng = np.random.default_rng(seed)
    hits = 0
    for start in range(0, draws, 1000):
        signs = rng.integers(0, 2, size=(min(1000, draws - start), data.size)) * 2 - 1
        hits += int(np.count_nonzero(np.abs(signs @ data) >= seen))
    return float((hits + 1) / (draws + 1))


def exact_sign_flip(differences: ArrayLike) -> float | None:
    """`sign_flip` over all patterns; None where there are too many of them to try. Raises ValueError for NaN."""
    data = _moved(differences)
    if data.size == 0:
        return 1.0
    whole = _whole_numbers(data)
    if whole is not None:
        return _exact(whole)
    if data.size > EXACT_UP_TO:
        return None
    sums: NDArray[np.float64] = np.zeros(1)
    for value in data:
        sums = np.concatenate((sums + value, sums - value))
    return float(np.mean(np.abs(sums) >= abs(float(data.sum())) * (1 - _ROUNDING)))


def _moved(differences: ArrayLike) -> NDArray[np.float64]:
    """The differences that are more than rounding."""
    data = known(differences)
    return np.asarray(data[np.abs(data) > _ROUNDING * np.abs(data).max(initial=0.0)])


def _whole_numbers(data: NDArray[np.float64]) -> NDArray[np.int64] | None:
    """The data times the smallest d that makes them whole; None where there is none, or sums get too large."""
    for denominator in range(1, LARGEST_DENOMINATOR + 1):
        scaled = data * denominator
        whole = np.rint(scaled)
        if np.abs(scaled - whole).max() < 1e-7 and whole.all():
            return whole.astype(np.int64) if np.abs(whole).sum() <= _LARGEST_SUM else None
    return None


def _exact(whole: NDArray[np.int64]) -> float:
    """The p of whole differences: the distribution of the sum, one difference after the other."""
    total = int(np.abs(whole).sum())
    chances = np.zeros(2 * total + 1)
    chances[total] = 1.0
    for step in np.abs(whole):
        # The ends are empty: nothing is moved out.
        moved = np.zeros_like(chances)
        moved[step:] = chances[:-step]
        moved[:-step] += chances[step:]
        chances = moved / 2
    seen = abs(int(whole.sum()))
    sums = np.abs(np.arange(-total, total + 1))
    return float(min(1.0, chances[sums >= seen].sum()))


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

    Holm (1979): the k-th smallest of m times m - k + 1, never falling, at most 1. Raises ValueError for NaN.
    """
    order = sorted(range(len(known(p_values))), key=p_values.__getitem__)
    adjusted, worst = [0.0] * len(p_values), 0.0
    for place, index in enumerate(order):
        worst = max(worst, min(1.0, p_values[index] * (len(p_values) - place)))
        adjusted[index] = worst
    return adjusted


def _differences(first: ArrayLike, second: ArrayLike) -> NDArray[np.float64]:
    one, two = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if one.shape != two.shape:
        raise ValueError(f"both models need a value for every task: {one.shape} and {two.shape}")
    return known(one - two)
